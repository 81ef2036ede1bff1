/** The events that came, as many as there is room for. */

export const MOST_EVENTS = 50_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;
/** Characters of the data of one event; what is longer is cut. */
const LONGEST = 256 * 1024;
/** Events that have left before the array is cut. */
const SLACK = 4096;

/** Numbers its rows from 0 in the order of their arrival; the oldest ones make room for new ones. */
export class Store {
  #rows = [];
  #gone = 0;
  #characters = 0;
  #first = 0;

  /** The number of the oldest row that is still there. */
  get first() {
    return this.#first;
  }

  /** The number that the next row gets. */
  get next() {
    return this.#gone + this.#rows.length;
  }

  /** Takes an event, at a moment in Unix seconds, and returns its row. */
  add({ seq, timestamp, type, session_id: session, data }, arrived) {
    const whole = JSON.stringify(data);
    const text = whole.slice(0, LONGEST);
    const row = { seq, timestamp, type: type.slice(0, LONGEST), session: session ?? null, text, arrived };
    if (text.length < whole.length) row.cut = whole.length;
    this.#rows.push(row);
    this.#characters += sizeOf(row);
    while (this.next - this.#first > MOST_EVENTS || this.#characters > MOST_CHARACTERS) this.#drop();
    return row;
  }

  /** The row with a number, or undefined if it has made room. */
  at(number) {
    return number < this.#first ? undefined : this.#rows[number - this.#gone];
  }

  /** Forgets all rows; the numbers go on. */
  clear() {
    this.#gone = this.#first = this.next;
    this.#rows = [];
    this.#characters = 0;
  }

  #drop() {
    const index = this.#first - this.#gone;
    this.#characters -= sizeOf(this.#rows[index]);
    this.#rows[index] = undefined;
    this.#first += 1;
    if (index < SLACK) return;
    this.#rows.splice(0, index + 1);
    this.#gone = this.#first;
  }
}

function sizeOf({ type, text }) {
  return type.length + text.length;
}

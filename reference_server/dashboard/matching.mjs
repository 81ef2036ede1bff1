/** Which rows of a store are shown: those of a type that have all words of a search. */

const PART = /"([^"]*)"?|(\S+)/g;
/** Numbers of rows that have left before the array is cut. */
const SLACK = 4096;
/** Rows between two looks at the clock. */
const STRIDE = 64;

/** The words and "phrases" of a search, in lower case. */
export function wordsOf(query) {
  return [...query.toLowerCase().matchAll(PART)].map(([, phrase, word]) => phrase ?? word).filter(Boolean);
}

/** Looks through a store a piece at a time, oldest first. */
export class Matching {
  #store;
  #numbers = [];
  #head = 0;
  #done = 0;
  #words = [];
  #type = "";

  constructor(store) {
    this.#store = store;
  }

  /** Begins anew with another search and type; "" is every type. */
  begin(query, type) {
    this.#words = wordsOf(query);
    this.#type = type;
    this.#numbers = [];
    this.#head = 0;
    this.#done = this.#store.first;
  }

  /** Whether nothing is left out. */
  get isWhole() {
    return this.#words.length === 0 && this.#type === "";
  }

  /** How many rows match, of those that are still there. */
  get count() {
    return this.#numbers.length - this.#head;
  }

  /** The number of the newest row that matches (0), or of an older one. */
  number(index) {
    return this.#numbers[this.#numbers.length - 1 - index];
  }

  /** How far from the newest the row with a number is; -1 if it does not match. */
  indexOf(number) {
    let [low, high] = [this.#head, this.#numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle] < number) low = middle + 1;
      else high = middle;
    }
    return this.#numbers[low] === number ? this.#numbers.length - 1 - low : -1;
  }

  /** Looks at rows up to `until`, while `hasTime()`; returns how many were found. */
  work(until, hasTime) {
    this.#forget();
    const before = this.#numbers.length;
    for (let looked = 1; this.#done < until; looked += 1) {
      if (this.#matches(this.#store.at(this.#done))) this.#numbers.push(this.#done);
      this.#done += 1;
      if (looked % STRIDE === 0 && !hasTime()) break;
    }
    return this.#numbers.length - before;
  }

  /** Whether there are rows up to `until` to look at. */
  isBehind(until) {
    return this.#done < until;
  }

  #matches(row) {
    if (this.#type !== "" && row.type !== this.#type) return false;
    if (this.#words.length === 0) return true;
    const text = `${row.type} ${row.text}`.toLowerCase();
    return this.#words.every((word) => text.includes(word));
  }

  /** Rows that have made room are shown no more. */
  #forget() {
    const { first } = this.#store;
    this.#done = Math.max(this.#done, first);
    while (this.#head < this.#numbers.length && this.#numbers[this.#head] < first) this.#head += 1;
    if (this.#head < SLACK) return;
    this.#numbers.splice(0, this.#head);
    this.#head = 0;
  }
}

/** The events as they come: a list that can be searched, filtered and paused. */
import { showDetail } from "./details.mjs";
import { counted, find, make, say, timeOf, visible } from "./elements.mjs";
import { List } from "./list.mjs";
import { Matching } from "./matching.mjs";

/** Milliseconds of a frame for the search. */
const BUDGET = 6;
/** Characters of the data in a row. */
const PREVIEW = 240;
const MOST_TYPES = 200;
const LONGEST_TYPE = 128;

/** Shows a store; `again()` is called when there is more to do in another frame. */
export class Events {
  #store;
  #again;
  #matching;
  #list;
  #chosen = -1;
  #pausedAt = null;
  #types = new Map();
  #total = 0;
  #searching = false;

  constructor(store, again) {
    this.#store = store;
    this.#again = again;
    this.#matching = new Matching(store);
    this.#list = new List(find("events-list"), {
      draw: (element, index) => this.#draw(element, this.#matching.number(index)),
      choose: (index) => this.#choose(this.#matching.number(index)),
      parts: ["seq", "time", "type", "preview"],
    });
    find("search").addEventListener("input", () => this.#search());
    find("type").addEventListener("change", () => this.#search());
    find("pause").addEventListener("click", () => this.#pause());
    find("clear").addEventListener("click", () => this.#clear());
    showDetail(find("detail"), undefined);
  }

  /** Notes the type of a row that was added to the store. */
  added({ type }) {
    this.#total += 1;
    if (this.#types.has(type) || this.#types.size >= MOST_TYPES || type.length > LONGEST_TYPE) return;
    const option = make("option", { value: type }, visible(type));
    const after = [...this.#types.keys()].filter((each) => each > type).toSorted()[0];
    find("type").insertBefore(option, this.#types.get(after) ?? null);
    this.#types.set(type, option);
  }

  /** Brings the list up to date. */
  refresh() {
    const until = this.#pausedAt ?? this.#store.next;
    const end = performance.now() + BUDGET;
    const found = this.#matching.work(until, () => performance.now() < end);
    const chosen = this.#matching.indexOf(this.#chosen);
    this.#list.update(this.#matching.count, this.#searching ? 0 : found, chosen);
    this.#sayCounts();
    if (this.#matching.isBehind(until)) return this.#again();
    if (this.#searching) say(find("matches"), this.#matching.isWhole ? "" : this.#sayMatches());
    this.#searching = false;
  }

  #draw(element, number) {
    const row = this.#store.at(number);
    if (row === undefined) return;
    const [seq, time, type, preview] = element.children;
    element.classList.toggle("is-error", row.type.endsWith("_error"));
    say(seq, String(row.seq));
    say(time, timeOf(row.timestamp));
    say(type, row.type.slice(0, LONGEST_TYPE));
    say(preview, row.text.slice(0, PREVIEW));
  }

  #choose(number) {
    this.#chosen = number;
    showDetail(find("detail"), this.#store.at(number));
  }

  #search() {
    this.#matching.begin(find("search").value, find("type").value);
    this.#searching = true;
    find("events-list").scrollTop = 0;
    this.#again();
  }

  #pause() {
    this.#pausedAt = this.#pausedAt === null ? this.#store.next : null;
    find("pause").setAttribute("aria-pressed", this.#pausedAt !== null);
    this.#again();
  }

  #clear() {
    this.#store.clear();
    if (this.#pausedAt !== null) this.#pausedAt = this.#store.next;
    this.#choose(-1);
    this.#search();
  }

  #sayMatches() {
    const { count } = this.#matching;
    return count === 1 ? "1 event matches." : `${counted(count)} events match.`;
  }

  #sayCounts() {
    const kept = this.#store.next - this.#store.first;
    const waiting = this.#pausedAt === null ? 0 : this.#store.next - this.#pausedAt;
    const parts = [`${counted(this.#total)} came`];
    if (kept < this.#total) parts.push(`the last ${counted(kept)} are kept`);
    if (this.#pausedAt !== null) parts.push(`paused, ${counted(waiting)} new`);
    say(find("counts"), parts.join("; "));
  }
}

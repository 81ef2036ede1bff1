/** What went wrong: duplicates, errors, gaps and lost connections, the newest first. */
import { find, make, timeOf, visible } from "./elements.mjs";

const MOST = 200;
/** Characters of one text. */
const LONGEST = 400;

export class Problems {
  #new = [];
  #totals = { duplicate: 0, error: 0, gap: 0, connection: 0 };

  /** Notes a problem of a kind, at a moment in Unix seconds. */
  add(kind, text, moment) {
    this.#totals[kind] += 1;
    this.#new.push({ kind, text: text.slice(0, LONGEST), moment });
    if (this.#new.length > MOST) this.#new.shift();
  }

  /** Shows what is new. */
  refresh() {
    if (this.#new.length === 0) return;
    const box = find("problems-list");
    for (const { kind, text, moment } of this.#new.splice(0)) {
      const label = make("b", { class: kind }, kind);
      const time = make("span", { class: "time" }, timeOf(moment));
      box.prepend(make("li", {}, time, label, make("span", { dir: "auto" }, visible(text))));
    }
    while (box.children.length > MOST) box.lastChild.remove();
    find("no-problems").hidden = true;
    for (const [kind, total] of Object.entries(this.#totals)) find(`total-${kind}`).textContent = total;
  }
}

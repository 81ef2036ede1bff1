/** A list of any length, of which only the rows in sight are elements. */
import { make } from "./elements.mjs";

/** Rows that are drawn beyond each end of what is in sight. */
const MARGIN = 6;

/**
 * `box` scrolls, and is a listbox. `draw(element, index)` fills a row, and `choose(index)` is called
 * when the user has chosen one.
 */
export class List {
  #box;
  #draw;
  #choose;
  #rows = make("div", { class: "rows", role: "presentation" });
  #pool = [];
  #count = 0;
  #chosen = -1;
  #height = 0;

  constructor(box, { draw, choose, parts }) {
    this.#box = box;
    this.#draw = draw;
    this.#choose = choose;
    this.parts = parts;
    box.append(this.#rows);
    box.addEventListener("scroll", () => this.#show(), { passive: true });
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.#pick(Number(row.dataset.index));
    });
    new ResizeObserver(() => this.#measure()).observe(box);
  }

  /** Shows so many rows, of which some are new at the top; `chosen` is the index of the chosen one. */
  update(count, added, chosen) {
    this.#count = count;
    this.#chosen = chosen;
    this.#rows.style.height = `${count * this.#height}px`;
    // What the user is reading stays where it is.
    if (added > 0 && this.#box.scrollTop > 0) this.#box.scrollTop += added * this.#height;
    this.#show();
  }

  #measure() {
    this.#height = Number.parseFloat(getComputedStyle(this.#rows).getPropertyValue("--row"));
    this.#rows.style.height = `${this.#count * this.#height}px`;
    this.#show();
  }

  #show() {
    if (this.#height === 0) return;
    const { scrollTop, clientHeight } = this.#box;
    const from = Math.max(0, Math.floor(scrollTop / this.#height) - MARGIN);
    const to = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / this.#height) + MARGIN);
    while (this.#pool.length < to - from) this.#add();
    this.#pool.forEach((element, slot) => {
      element.hidden = from + slot >= to;
      if (!element.hidden) this.#fill(element, from + slot);
    });
    const active = this.#chosen >= from && this.#chosen < to ? this.#pool[this.#chosen - from] : null;
    if (active) this.#box.setAttribute("aria-activedescendant", active.id);
    else this.#box.removeAttribute("aria-activedescendant");
  }

  #add() {
    const element = make("div", { role: "option", id: `row-${this.#pool.length}` });
    element.append(...this.parts.map((name) => make("span", { class: name })));
    this.#pool.push(element);
    this.#rows.append(element);
  }

  #fill(element, index) {
    element.dataset.index = index;
    element.style.transform = `translateY(${index * this.#height}px)`;
    element.setAttribute("aria-setsize", this.#count);
    element.setAttribute("aria-posinset", index + 1);
    element.setAttribute("aria-selected", index === this.#chosen);
    this.#draw(element, index);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / this.#height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey || this.#count === 0) return;
    event.preventDefault();
    const index = Math.min(this.#count - 1, Math.max(0, this.#chosen + step));
    this.#reveal(index);
    this.#pick(index);
  }

  #reveal(index) {
    const top = index * this.#height;
    const { scrollTop, clientHeight } = this.#box;
    if (top < scrollTop) this.#box.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) this.#box.scrollTop = top + this.#height - clientHeight;
  }

  #pick(index) {
    this.#chosen = index;
    this.#choose(index);
    this.#show();
  }
}

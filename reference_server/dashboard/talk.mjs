/** The conversation, as it is said. */
import { find, make, say } from "./elements.mjs";

/** Shows the turns of a Talk; an element stays with its turn. */
export class TalkView {
  #talk;
  #elements = new Map();

  constructor(talk) {
    this.#talk = talk;
  }

  /** Brings the turns up to date, and stays at the end if the end is in sight. */
  refresh() {
    const box = find("turns");
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    const { turns, activity } = this.#talk;
    const kept = new Set(turns);
    for (const [turn, element] of this.#elements) {
      if (kept.has(turn)) continue;
      element.remove();
      this.#elements.delete(turn);
    }
    for (const turn of turns) this.#show(turn, box);
    say(find("activity"), activity);
    find("no-turns").hidden = turns.length > 0;
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }

  #show(turn, box) {
    let element = this.#elements.get(turn);
    if (element === undefined) {
      element = make("li", {}, make("b"), make("p", { dir: "auto" }));
      this.#elements.set(turn, element);
      box.append(element);
    }
    element.classList.toggle("open", turn.open);
    say(element.firstChild, turn.role.slice(0, 40));
    say(element.lastChild, turn.text);
  }
}

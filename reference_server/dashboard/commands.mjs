/** The four commands, and what became of those that were sent. */
import { find, make, timeOf, visible } from "./elements.mjs";

const MOST = 50;

/** The data of the command that a form is for. */
const DATA = {
  text_input: (form) => ({ text: form.elements.text.value }),
  push_to_talk: (form) => {
    const { duration, continuous } = form.elements;
    const seconds = duration.value === "" ? null : Number(duration.value);
    return { duration: seconds, continuous: continuous.checked };
  },
  stop_listening: () => ({}),
  stop_speaking: () => ({}),
};

/** `send(type, data, options)` is that of the client, and `took(milliseconds)` hears of each answer. */
export class Commands {
  #send;
  #took;

  constructor(send, took) {
    this.#send = send;
    this.#took = took;
    for (const form of document.querySelectorAll("form[data-command]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#begin(form.dataset.command, DATA[form.dataset.command](form));
        form.reset();
      });
    }
  }

  #begin(type, data, id) {
    const outcome = make("span", { class: "outcome" }, "on its way");
    const again = make("button", { type: "button", hidden: true }, "Send again");
    const line = make("li", {}, make("span", { class: "time" }, timeOf(Date.now() / 1000)), make("code", {}, type));
    if (data.text) line.append(make("span", { class: "text", dir: "auto" }, visible(data.text.slice(0, 200))));
    line.append(outcome, again);
    find("sent").prepend(line);
    while (find("sent").children.length > MOST) find("sent").lastChild.remove();
    find("no-commands").hidden = true;
    this.#follow(type, data, id, { outcome, again });
  }

  async #follow(type, data, id, { outcome, again }) {
    const began = performance.now();
    const told = await this.#outcomeOf(type, data, id);
    const took = performance.now() - began;
    outcome.textContent = told.text;
    outcome.classList.add(told.names);
    if (told.names === "accepted") {
      outcome.textContent += `, ${took.toFixed(0)} ms`;
      this.#took(took);
    }
    if (!told.id) return;
    again.hidden = false;
    again.title = "Under the same id: the server has to find the duplicate";
    again.addEventListener("click", () => this.#begin(type, data, told.id));
  }

  async #outcomeOf(type, data, id) {
    try {
      const { outcome, id: named } = await this.#send(type, data, { id });
      return { names: outcome, text: outcome, id: named };
    } catch (error) {
      const why = visible(String(error.code ?? error.fault ?? ""));
      if (error.outcome === "gave_up") return { names: "gave-up", text: "given up: its fate is unknown", id: error.id };
      return { names: "refused", text: why ? `refused: ${why}` : "refused", id: error.id };
    }
  }
}

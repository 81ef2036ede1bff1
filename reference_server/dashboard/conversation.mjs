/** What was said, put together from events: turns, and what is being said at the moment. */

const MOST_TURNS = 200;
/** Characters of one turn. */
const LONGEST = 65_536;

const ACTIVITIES = {
  stt_start: "listening", stt_end: "", stt_result: "", stt_error: "",
  llm_start: "thinking", llm_result: "", llm_error: "",
  tts_start: "speaking", tts_result: "", tts_stop: "", tts_error: "",
};

/** `turns` are `{role, text, open}`, oldest first; the text of an open one still changes. */
export class Talk {
  turns = [];
  activity = "";

  /** Takes an event; those of other types, and those without their texts, change nothing. */
  take({ type, data }) {
    if (Object.hasOwn(ACTIVITIES, type)) this.activity = ACTIVITIES[type];
    if (Object.hasOwn(this.#texts, type)) this.#texts[type](data);
  }

  #texts = {
    client_message: ({ message_type: type, message_data: data }) => {
      if (type === "text_input") this.#whole("user", data?.text);
    },
    stt_interim: ({ text }) => this.#open("user", text),
    stt_result: ({ text }) => this.#whole("user", text),
    llm_token: ({ token, token_index: index }) => this.#grow("assistant", token, index === 0),
    llm_result: ({ text }) => this.#whole("assistant", text),
    conversation_turn: ({ role, content }) => this.#whole(role, content),
  };

  /** A turn is said; one that was told in another way before is the same. */
  #whole(role, text) {
    if (typeof text !== "string" || typeof role !== "string") return;
    const said = text.slice(0, LONGEST);
    const last = this.#last(role);
    if (last?.open) Object.assign(last, { text: said, open: false });
    else if (last?.text !== said || last !== this.turns.at(-1)) this.#add({ role, text: said, open: false });
  }

  #open(role, text) {
    if (typeof text !== "string") return;
    const last = this.#last(role);
    if (last?.open) last.text = text.slice(0, LONGEST);
    else this.#add({ role, text: text.slice(0, LONGEST), open: true });
  }

  #grow(role, token, isFirst) {
    if (typeof token !== "string") return;
    const last = this.#last(role);
    if (last?.open && !isFirst) last.text = (last.text + token).slice(0, LONGEST);
    else this.#open(role, token);
  }

  #last(role) {
    return this.turns.findLast((turn) => turn.role === role);
  }

  #add(turn) {
    this.turns.push(turn);
    if (this.turns.length > MOST_TURNS) this.turns.shift();
  }
}

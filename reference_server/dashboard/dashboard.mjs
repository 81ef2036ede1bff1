/** The dashboard: what its parts are, and what each of them hears. */
import { Charts } from "./charts.mjs";
import { Commands } from "./commands.mjs";
import { Talk } from "./conversation.mjs";
import { counted, find, say } from "./elements.mjs";
import { Events } from "./events.mjs";
import { Problems } from "./problems.mjs";
import { sentenceOf, SignIn } from "./sign_in.mjs";
import { Store } from "./store.mjs";
import { TalkView } from "./talk.mjs";
import { watched } from "./watched.mjs";

/** Milliseconds between two drawings of the charts. */
const EACH = 1000;

class Dashboard {
  #store = new Store();
  #talk = new Talk();
  #charts = new Charts();
  #problems = new Problems();
  #hear;
  #isDue = false;
  #isReplay = false;

  constructor({ hear, ...options }) {
    this.#hear = hear;
    this.events = new Events(this.#store, () => this.#again());
    this.view = new TalkView(this.#talk);
    this.signIn = new SignIn({
      ...options, WebSocket: watched((message) => this.#control(message)), tell: (notice) => this.#notice(notice),
    });
    this.commands = new Commands(
      (...words) => this.signIn.service.sendClientMessage(...words),
      (took) => this.#charts.meter.trip(Math.floor(Date.now() / 1000), took),
    );
    setInterval(() => document.hidden || this.#charts.draw(Date.now() / 1000), EACH);
    this.#charts.draw(Date.now() / 1000);
    this.signIn.resume();
  }

  /** A message of the server's, if it is one of those that the page shows; the client reads it next. */
  #control(message) {
    this.#isReplay = message?.type === "replay";
    if (message !== null) this.#controls[message.type]?.(message.data ?? {});
  }

  #controls = {
    auth_result: ({ success, client_id: name }) => {
      if (success === true) say(find("identity"), String(name).slice(0, 128));
    },
    error: ({ code, message }) => this.#problem("error", `${code}: ${message}`),
    duplicate_message: ({ original_type: type, count }) => {
      this.#problem("duplicate", `the server has had a ${type} before, ${count} times by now`);
    },
  };

  #notice(notice) {
    this.#notices[notice.notice]?.(notice);
    this.#hear?.(notice);
    this.#again();
  }

  #notices = {
    event: ({ event }) => this.#event(event),
    gap: () => this.#problem("gap", "events were missed, or may have been"),
    gave_up: ({ id }) => this.#problem("error", `the message ${id} was given up: what became of it is unknown`),
    acknowledged: ({ id, outcome, fault }) => {
      if (outcome === "refused" && fault) this.#problem("error", `the message ${id} was not sent: ${fault}`);
    },
    state: ({ state, reason }) => {
      if (["reconnecting", "failed"].includes(state)) this.#problem("connection", sentenceOf(state, reason));
    },
  };

  #event(event) {
    const now = Date.now() / 1000;
    this.events.added(this.#store.add(event, now));
    this.#talk.take(event);
    this.#charts.take(event, now, this.#isReplay ? null : (now - event.timestamp) * 1000);
    if (event.type.endsWith("_error")) this.#problem("error", `${event.type}: ${event.data.message}`);
    say(find("newest"), counted(event.seq));
  }

  #problem(kind, text) {
    this.#problems.add(kind, text, Date.now() / 1000);
    this.#again();
  }

  /** Everything is shown in the next frame. */
  #again() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.events.refresh();
      this.view.refresh();
      this.#problems.refresh();
    });
  }
}

/**
 * Starts the dashboard of the server at an `address`, or of the one that the page is from.
 * `backoffScale` multiplies the waits of its client, and `hear(notice)` is told all that it tells.
 */
export function start(options = {}) {
  return new Dashboard(options);
}

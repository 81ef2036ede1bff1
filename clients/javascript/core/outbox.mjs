/** The messages of a user, from when they are taken on until it is known what became of them. */

const MOST_MESSAGES = 1000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Unacknowledged messages at a time, where the server would remember more. */
const MOST_FLYING = 256;
/** Seconds before the end of id_window after which nothing is repeated. */
const CAREFUL = 2;
const FIRST_WAIT = 1;
const LONGEST_WAIT = 30;
/** Errors without a time to wait, after which a message counts as refused. */
const MOST_TRIES = 12;

/**
 * One message. `first` and `last` are when it was sent, `flying` is whether an answer may still come
 * on this connection, and `unknown` whether a connection ended before an answer.
 */
class Message {
  first = null;
  last = null;
  flying = false;
  unknown = false;
  held = false;
  tries = 0;
  notBefore = 0;

  constructor({ id, text, bytes, once }) {
    Object.assign(this, { id, text, bytes, once });
  }
}

/** A bounded queue; times are in seconds, and each outcome is told through `settle(message, outcome)`. */
export class Outbox {
  #messages = [];
  #scale;
  #settle;
  #gate = 0;
  #capacity = MOST_FLYING;
  #window = 300;
  #longest = Infinity;

  constructor({ scale, settle }) {
    this.#scale = scale;
    this.#settle = settle;
  }

  /** Takes a message on; false if there is no room for it. */
  add(fields) {
    const held = this.#messages.reduce((sum, { bytes }) => sum + bytes, fields.bytes);
    if (this.#messages.length >= MOST_MESSAGES || held > MOST_BYTES) return false;
    this.#messages.push(new Message(fields));
    return true;
  }

  /** A session begins, with what it promises. */
  begin({ dedup_capacity: capacity, id_window: window, max_message_bytes: longest }) {
    this.#capacity = Math.min(capacity, MOST_FLYING); // CLIENT-53
    this.#window = window;
    this.#longest = longest;
    for (const message of this.#messages) message.held = false;
  }

  /** The message to send now, or null. CLIENT-52: the order is that of the first sending. */
  next(now) {
    if (now < this.#gate) return null; // CLIENT-55
    const sent = this.#messages.filter(({ first }) => first !== null);
    if (sent.filter(({ flying }) => flying).length >= this.#capacity) return null; // CLIENT-53
    for (const message of [...this.#messages]) {
      if (message.flying || message.held || message.notBefore > now) continue;
      if (message.first === null && sent.length >= this.#capacity) return null;
      if (message.bytes <= this.#longest) return message;
      const fault = `the message is longer than ${this.#longest} bytes`;
      this.#done(message, { outcome: "refused", fault }); // CLIENT-43
    }
    return null;
  }

  /** A message was sent. */
  sent(message, now) {
    message.first ??= { at: now, window: this.#window };
    message.last = now;
    message.flying = true;
  }

  /** CLIENT-47, CLIENT-59: gives up what may not be repeated any more. */
  expire(now) {
    for (const message of this.#messages.filter((each) => now >= this.#until(each))) {
      this.#done(message, { outcome: "gave_up" });
    }
  }

  /** The moment at which a message is given up. */
  #until({ first, last, flying, unknown }) {
    if (first === null) return Infinity;
    if (flying) return last + first.window;
    return unknown ? first.at + first.window - Math.min(CAREFUL, first.window / 4) : Infinity;
  }

  /** When there is something to do next, `now` or later; Infinity if never. */
  wake(now) {
    const moments = this.#messages.map((message) => {
      const until = this.#until(message);
      if (message.flying || message.held) return until;
      return Math.min(until, Math.max(this.#gate, message.notBefore));
    });
    return Math.min(Infinity, ...moments.filter((moment) => moment > now));
  }

  /** The client's own event has come: CLIENT-06, CLIENT-50. */
  accepted(id) {
    const message = this.#messages.find((each) => each.id === id && each.first !== null);
    if (message) this.#done(message, { outcome: "accepted" });
  }

  /** A duplicate_message has come: CLIENT-06. */
  duplicate(id) {
    const message = this.#flying(id);
    if (message) this.#done(message, { outcome: "duplicate" });
  }

  /** An error has come. */
  error(id, { code, retry_after: pause }, now) {
    // CLIENT-55: all messages wait, whatever the error answered.
    if (code === "rate_limited" && pause !== undefined) this.#gate = Math.max(this.#gate, now + pause);
    const message = this.#flying(id);
    if (!message) return;
    message.flying = false;
    const again = ["rate_limited", "internal_error", "unauthenticated"].includes(code);
    if (!again || message.once) return this.#refuse(message, code); // CLIENT-48, CLIENT-57
    if (code === "unauthenticated") message.held = true;
    else if (code === "internal_error" || pause === undefined) this.#later(message, code, now);
  }

  /** CLIENT-56: twice as long after each further error. */
  #later(message, code, now) {
    message.tries += 1;
    if (message.tries >= MOST_TRIES) return this.#refuse(message, code);
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (message.tries - 1));
    message.notBefore = now + wait * this.#scale;
    if (code === "rate_limited") this.#gate = Math.max(this.#gate, message.notBefore);
  }

  /** The connection has ended: the fate of what is under way is unknown. */
  lost({ tooLong = false } = {}) {
    if (tooLong) this.#dropLongest();
    for (const message of this.#messages.filter(({ flying }) => flying)) {
      message.flying = false;
      message.unknown = true;
      if (message.once) this.#done(message, { outcome: "gave_up" }); // CLIENT-48, CLIENT-59
    }
  }

  /** CLIENT-60: after 1009, the longest message is not repeated. */
  #dropLongest() {
    const sent = this.#messages.filter(({ first }) => first !== null);
    const longest = sent.reduce((most, each) => (each.bytes > (most?.bytes ?? 0) ? each : most), null);
    if (longest) this.#done(longest, { outcome: "gave_up" });
  }

  /** CLIENT-59: trying again makes no sense; only what may have been accepted is kept, for its window. */
  stop() {
    for (const message of this.#messages.filter(({ unknown }) => !unknown)) {
      this.#done(message, { outcome: "gave_up" });
    }
  }

  /** CLIENT-59: the user has ended the connection. */
  giveUp() {
    for (const message of [...this.#messages]) this.#done(message, { outcome: "gave_up" });
  }

  #flying(id) {
    return this.#messages.find((message) => message.id === id && message.flying);
  }

  #refuse(message, code) {
    this.#done(message, { outcome: "refused", code }); // CLIENT-58
  }

  #done(message, outcome) {
    this.#messages.splice(this.#messages.indexOf(message), 1);
    this.#settle(message, outcome);
  }
}

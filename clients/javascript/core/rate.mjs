/** How many messages a client sends within a time, over all its connections. */

/** Numbers of messages that are remembered; a higher promise is not used up. */
const MOST = 1000;
/** Room that is left for a ping, a refresh and a revocation. */
const SPARE = 3;

/** Keeps CLIENT-54: times are in seconds, and `limit` is null while a session promises nothing. */
export class Rate {
  #sent = [];
  #limit = null;
  #factor = 1;

  /** What the session states as its rate_limit; undefined for a session without the feature. */
  begin(limit) {
    this.#limit = limit ?? null;
  }

  /** After 4429, a client sends less than before. */
  slower() {
    this.#factor = Math.max(this.#factor / 2, 1 / 64);
  }

  /** A message of any type was sent. */
  note(now) {
    this.#sent.push(now);
    if (this.#sent.length > MOST) this.#sent.shift();
  }

  /** The moment from which there is room for a client_message: `now`, or a later one. */
  room(now) {
    if (this.#limit === null) return now;
    const messages = Math.min(this.#limit.messages, MOST) * this.#factor - SPARE;
    const most = Math.max(1, Math.floor(messages));
    const oldest = this.#sent.at(-most);
    return oldest === undefined ? now : Math.max(now, oldest + this.#limit.per_seconds);
  }
}

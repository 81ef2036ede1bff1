/** How long a client waits between attempts to connect. */

const GROWTH = 2;
const LONGEST = 30;
/** Seconds after which a session resets the count. */
const SETTLED = 10;

/** Counts failures in a row; `random` gives numbers from 0 to 1, `scale` multiplies each wait. */
export class BackOff {
  #random;
  #scale;
  #failures = 0;
  #onces = 0;

  constructor({ random, scale }) {
    this.#random = random;
    this.#scale = scale;
  }

  /** Failures in a row. */
  get count() {
    return this.#failures;
  }

  /**
   * What follows an end: the seconds to wait, and whether to connect again at all.
   * `length` is that of the session in seconds, null if there was none.
   */
  after(end, length) {
    const settled = length !== null && length >= SETTLED * this.#scale;
    if (settled) this.#onces = 0;
    // CLIENT-63, CLIENT-64: a session of 10 seconds resets the count, except after 1013 and 4429.
    if (settled && !end.keepsCount) this.#failures = 0;
    this.#failures += 1;
    return { wait: this.#wait(end) * this.#scale, again: this.#again(end) };
  }

  /** CLIENT-07, CLIENT-61, CLIENT-62: between b and 1.5 × b, where b doubles up to 30. */
  #wait(end) {
    const base = Math.min(LONGEST, GROWTH ** Math.min(this.#failures - 1, 10));
    return Math.max(base, end.atLeast ?? 0) * (1 + this.#random() / 2); // CLIENT-65
  }

  #again(end) {
    if (end.again === "once") {
      this.#onces += 1;
      return this.#onces <= 1; // CLIENT-67
    }
    return end.again === "again"; // CLIENT-66, CLIENT-68
  }
}

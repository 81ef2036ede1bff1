/** Signs of life of a server. */

/** Seconds without any before a client asks, and seconds that it waits then. */
const SILENCE = 30;
const PATIENCE = 10;

/** Asks after silence; times are in seconds, and `scale` multiplies both waits. */
export class Pulse {
  #scale;
  #heard = Infinity;
  #asked = null;

  constructor({ scale }) {
    this.#scale = scale;
  }

  /** CLIENT-85: every frame is a sign of life. */
  heard(now) {
    this.#heard = now;
    this.#asked = null;
  }

  /** The connection has ended. */
  end() {
    this.#heard = Infinity;
    this.#asked = null;
  }

  /** CLIENT-83: whether to ask now. */
  asks(now) {
    return this.#asked === null && now >= this.wake();
  }

  /** The question was sent. */
  asked(now) {
    this.#asked = now;
  }

  /** CLIENT-84: whether the answer is overdue. */
  dead(now) {
    return this.#asked !== null && now >= this.wake();
  }

  /** The next moment at which something is to be done. */
  wake() {
    if (this.#asked === null) return this.#heard + SILENCE * this.#scale;
    return this.#asked + PATIENCE * this.#scale;
  }
}

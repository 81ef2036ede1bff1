/** The one clock by which everything in the server is measured; it can be advanced by a hook. */

const LONGEST_TIMEOUT = 2 ** 31 - 1;

export class Clock {
  #ahead = 0;
  #timers = new Set();
  #next = Infinity;
  #wake;

  /** Seconds of a monotonic clock. */
  now() {
    return performance.now() / 1000 + this.#ahead;
  }

  /** Unix time in seconds. */
  unix() {
    return Date.now() / 1000 + this.#ahead;
  }

  /** Calls `action` once the clock shows `moment` in seconds; returns a function that calls it off. */
  at(moment, action) {
    const timer = { moment, action };
    this.#timers.add(timer);
    if (moment < this.#next) this.#arm();
    return () => this.#timers.delete(timer);
  }

  /** Lets `seconds` pass at once, with all that becomes due. */
  advance(seconds) {
    this.#ahead += seconds;
    this.fire();
  }

  /** Does what is due, the earliest first. */
  fire() {
    const now = this.now();
    if (now < this.#next) return;
    const due = [...this.#timers].filter((timer) => timer.moment <= now);
    for (const timer of due.sort((one, other) => one.moment - other.moment)) {
      if (this.#timers.delete(timer)) timer.action();
    }
    this.#arm();
  }

  #arm() {
    clearTimeout(this.#wake);
    this.#next = Math.min(Infinity, ...[...this.#timers].map((timer) => timer.moment));
    if (this.#next === Infinity) return;
    const milliseconds = Math.max(0, Math.ceil((this.#next - this.now()) * 1000));
    this.#wake = setTimeout(() => this.fire(), Math.min(milliseconds, LONGEST_TIMEOUT));
  }
}

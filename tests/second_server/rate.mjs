/** How many messages an identity may send. */
import { Refusal } from "./refusal.mjs";

const MOST_IDENTITIES = 50_000;
const SLACK = 1.25;
const ROUNDING = 0.001;

export class Rate {
  #clock;
  #capacity;
  #perSecond;
  #buckets = new Map();

  /** A bucket for each identity that fills again at the rate of `rateMessages` in `rateSeconds`. */
  constructor(clock, { rateMessages, rateSeconds }) {
    this.#clock = clock;
    // LIMIT-02: evenly sent messages may arrive closer together, so some more are admitted.
    this.#capacity = rateMessages * SLACK;
    this.#perSecond = rateMessages / rateSeconds;
  }

  /** Admits a message of an identity, or throws `rate_limited`. */
  admit(clientId) {
    const content = this.#content(this.#buckets.get(clientId));
    if (content < 1) {
      // LIMIT-04: the same message is accepted when it is sent again after retry_after.
      const retryAfter = (1 - content) / this.#perSecond + ROUNDING;
      throw new Refusal("rate_limited", { retryAfter, forRate: true });
    }
    this.#buckets.set(clientId, { content: content - 1, at: this.#clock.now() });
  }

  /** Whether there is room for one more identity; forgets those whose bucket is full. */
  hasRoom() {
    if (this.#buckets.size < MOST_IDENTITIES) return true;
    for (const [clientId, bucket] of this.#buckets) {
      if (this.#content(bucket) === this.#capacity) this.#buckets.delete(clientId);
    }
    return this.#buckets.size < MOST_IDENTITIES;
  }

  #content(bucket) {
    if (!bucket) return this.#capacity;
    const elapsed = this.#clock.now() - bucket.at;
    return Math.min(this.#capacity, bucket.content + elapsed * this.#perSecond);
  }
}

/** The secrets by which an identity is kept. */
import { createHash, randomBytes } from "node:crypto";

const MOST_SECRETS = 50_000;

export class Resume {
  #clock;
  #window;
  #identities = new Map();

  /** `resumeWindow` is in seconds. */
  constructor(clock, { resumeWindow }) {
    this.#clock = clock;
    this.#window = resumeWindow;
  }

  /** A fresh secret for an identity, good until it is released and the window has passed. */
  issue(clientId) {
    const secret = randomBytes(24).toString("base64url");
    this.#identities.set(hashed(secret), { clientId, until: Infinity });
    return secret;
  }

  /** Uses a secret up; returns its identity, or undefined if it is unknown or was used. */
  use(secret) {
    const key = hashed(secret);
    const known = this.#identities.get(key);
    this.#identities.delete(key);
    return known && this.#clock.now() < known.until ? known.clientId : undefined;
  }

  /** Starts the window of a secret, because its connection ended. */
  release(secret) {
    const known = this.#identities.get(hashed(secret));
    // RESUME-05: good for resume_window seconds after its connection ended.
    if (known) known.until = this.#clock.now() + this.#window;
  }

  /** Whether there is room for one more secret; forgets those whose window has passed. */
  hasRoom() {
    if (this.#identities.size < MOST_SECRETS) return true;
    for (const [key, { until }] of this.#identities) {
      if (this.#clock.now() >= until) this.#identities.delete(key);
    }
    return this.#identities.size < MOST_SECRETS;
  }
}

function hashed(secret) {
  return createHash("sha256").update(secret).digest("base64");
}

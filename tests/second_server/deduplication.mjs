/** Which message is a repetition. */
import { createHash } from "node:crypto";

import { canonical } from "./json.mjs";
import { Refusal } from "./refusal.mjs";

const MOST_REMEMBERED = 500_000;

export class Deduplication {
  #clock;
  #windows;
  #capacity;
  #memories = new Map();
  #remembered = 0;

  /** Windows in seconds; `dedupCapacity` messages of each kind are remembered for each identity. */
  constructor(clock, { dedupWindow, idWindow, dedupCapacity }) {
    this.#clock = clock;
    this.#windows = { content: dedupWindow, id: idWindow };
    this.#capacity = dedupCapacity;
  }

  /** How often a valid message was seen in its window, this time included; 1 means accepted. */
  count(clientId, { id, messageType, messageData }) {
    const form = canonical({ data: messageData, type: messageType });
    // DEDUP-13: the hash over the canonical form is collision-resistant.
    const content = createHash("sha256").update(form).digest("base64");
    // DEDUP-09: a message with an id is recognised by that id alone.
    const kind = id === undefined ? "content" : "id";
    const owner = `${kind} of ${clientId}`;
    const key = id ?? content;
    const seen = this.#fresh(owner)?.get(key);
    if (!seen) return this.#accept(owner, key, content, this.#windows[kind]);
    // DEDUP-10: the id of a remembered message with other content changes nothing.
    if (seen.content !== content) throw new Refusal("id_conflict");
    seen.count += 1;
    return seen.count;
  }

  #accept(owner, key, content, window) {
    if (this.#remembered >= MOST_REMEMBERED) this.#makeRoom();
    const memory = this.#memories.get(owner) ?? new Map();
    this.#memories.set(owner, memory);
    // DEDUP-12: at least the last dedup_capacity messages are remembered, each kind apart.
    if (memory.size >= this.#capacity) this.#forget(memory, memory.keys().next().value);
    memory.set(key, { content, count: 1, until: this.#clock.now() + window });
    this.#remembered += 1;
    return 1;
  }

  /** The messages of an owner that are within their window, the oldest first. */
  #fresh(owner) {
    const memory = this.#memories.get(owner);
    for (const [key, { until }] of memory ?? []) {
      // DEDUP-08: a message is accepted anew when its window has passed since the acceptance.
      if (this.#clock.now() < until) return memory;
      this.#forget(memory, key);
    }
    this.#memories.delete(owner);
    return undefined;
  }

  #forget(memory, key) {
    memory.delete(key);
    this.#remembered -= 1;
  }

  #makeRoom() {
    const fresh = [...this.#memories.keys()].map((owner) => this.#fresh(owner)).filter(Boolean);
    if (this.#remembered < MOST_REMEMBERED) return;
    const oldest = fresh.map((memory) => memory.values().next().value.until);
    const next = oldest.reduce((one, other) => Math.min(one, other));
    throw new Refusal("rate_limited", { retryAfter: next - this.#clock.now() });
  }
}

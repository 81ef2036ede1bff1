/** The numbering of events, and what is kept of them for a replay. */
import { randomBytes } from "node:crypto";

const HIGH_PRIORITY = new Set([
  "conversation_start", "conversation_end", "tts_stop", "memory_store",
  "system_info", "system_error", "system_status",
]);
const MOST_HIGH = 50;
const WRAPPING = 4096;
const REPLAY_TAIL = ',"events":[]}';

export class Events {
  /** REPLAY-10: a server that starts anew begins a new epoch. */
  epoch = randomBytes(12).toString("hex");
  seq = 0;
  /** The authenticated sessions, each of which gets every event. */
  sessions = new Set();
  #clock;
  #mostBytes;
  #limit;
  #timestamp = 0;
  #retained = [];
  #high = [];

  /** `replayLimit` is the number of events, `maxMessageBytes` the length of a replay at most. */
  constructor(clock, { replayLimit, maxMessageBytes }) {
    this.#clock = clock;
    this.#limit = replayLimit;
    this.#mostBytes = maxMessageBytes;
  }

  /** Sends an event to every session; `data` is the JSON text. Returns whether it happened. */
  emit(type, data, isHigh = false) {
    const seq = this.seq + 1;
    // EVENT-07: timestamp does not go back from one event to the next.
    const timestamp = Math.max(this.#timestamp, this.#clock.unix());
    const head = JSON.stringify({ version: "1.0", seq, timestamp, type });
    const text = `${head.slice(0, -1)},"data":${data}}`;
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#mostBytes + WRAPPING) return false;
    [this.seq, this.#timestamp] = [seq, timestamp];
    this.#retain({ seq, text, bytes }, isHigh || HIGH_PRIORITY.has(type));
    // MSG-01: one event to every authenticated connection, the sender's included.
    for (const session of this.sessions) session.sendText(text);
    return true;
  }

  /** The replay of the events after `lastSeq`, as text. */
  missed(lastSeq, lastEpoch) {
    // REPLAY-07: a last_seq of another epoch, or after the last event, is treated as 0.
    const isKnown = lastEpoch === this.epoch && lastSeq <= this.seq;
    const after = isKnown ? lastSeq : 0;
    const candidates = this.#retained.filter((event) => event.seq > after);
    const dataOf = (events) => ({
      from_seq: events[0]?.seq,
      to_seq: events[0] && this.seq,
      // REPLAY-05: truncated when an event after last_seq is not in the replay.
      truncated: !isKnown || after + events.length < this.seq,
    });
    return this.#replay(candidates, this.#limit, dataOf);
  }

  /** The replay of high-priority events for a client that sent no last_seq, or null. */
  highlights() {
    const limit = Math.min(MOST_HIGH, this.#limit);
    const text = this.#replay(this.#high, limit, () => undefined);
    // EVENT-08: none that is empty to a client that sent no last_seq.
    return text.endsWith("[]}") ? null : text;
  }

  #retain(event, isHigh) {
    this.#retained = [...this.#retained, event].slice(-this.#limit);
    if (isHigh) this.#high = [...this.#high, event].slice(-Math.min(MOST_HIGH, this.#limit));
  }

  /** REPLAY-06: the newest events where not all fit. */
  #replay(candidates, limit, dataOf) {
    const headOf = (events) => JSON.stringify({ type: "replay", data: dataOf(events) }).slice(0, -1);
    let events = [];
    let bytes = REPLAY_TAIL.length;
    for (const event of candidates.slice(-limit).reverse()) {
      const longer = [event, ...events];
      bytes += event.bytes + 1;
      if (headOf(longer).length + bytes > this.#mostBytes + 1) break;
      events = longer;
    }
    return `${headOf(events)},"events":[${events.map((event) => event.text).join()}]}`;
  }
}

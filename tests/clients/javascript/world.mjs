/** The core of the client in a world of the test's own: its clock, its server, its random numbers. */
import { createHmac } from "node:crypto";

import { Core } from "../../../clients/javascript/core/core.mjs";

export const TOKEN = "kitchen-1.kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI";
export const NONCE = "Zk3vQ0bX9sJm2TtYpL7w_A";
export const EPOCH = "5c1e07d29ab34f68";
export const URL = "ws://127.0.0.1:8765/";

export const hmac = (key, text) => createHmac("sha256", key).update(text).digest("hex");

export const event = (seq, type = "stt_end", data = {}) => ({ version: "1.0", seq, timestamp: 1, type, data });

export const own = (seq, id, client = "client-1") =>
  event(seq, "client_message", { client_id: client, message_type: "note", message_data: {}, id });

/** A client, the server that it meets, and all that passes between them. */
export class World {
  now = 1000;
  sent = [];
  notices = [];
  done = [];
  #from = 0;

  constructor({ random = () => 0.5, ...options } = {}) {
    this.core = new Core({ url: URL, prefix: "p", random, ...options });
  }

  /** Tells the core something, and does what it says. */
  tell(action) {
    action(this.core);
    while (this.core.out.length > 0) {
      const said = this.core.out.shift();
      if (said.notice) this.notices.push(said);
      else this.done.push({ ...said, at: this.now });
      if (said.do === "send") this.sent.push(JSON.parse(said.text));
      if (said.do === "sign" && !this.slow) this.sign(said);
    }
    return this;
  }

  sign({ key, text, tag }) {
    return this.tell((core) => core.signed(this.now, tag, hmac(key, text)));
  }

  /** Lets time pass, and wakes the core whenever it wants to be woken. */
  pass(seconds) {
    const end = this.now + seconds;
    for (let next = this.core.next(this.now); next <= end; next = this.core.next(this.now)) {
      if (next < this.now) next = this.now;
      this.now = next;
      this.tell((core) => core.wake(this.now));
      if (this.core.next(this.now) <= this.now) throw new Error("woken for nothing");
    }
    this.now = end;
    return this.tell((core) => core.wake(this.now));
  }

  connect(url) {
    return this.tell((core) => core.connect(this.now, url));
  }

  say(...messages) {
    for (const message of messages) this.tell((core) => core.text(this.now, JSON.stringify(message)));
    return this;
  }

  challenge(data = {}) {
    const usual = { methods: ["challenge_token", "hmac_sha256"], nonce: NONCE, token: "t", protocol_version: "1.0" };
    this.tell((core) => core.opened(this.now));
    return this.say({ type: "auth_challenge", data: { ...usual, max_message_bytes: 65_536, ...data } });
  }

  welcome(session = {}, clientId = "client-1") {
    const usual = { seq: 41, epoch: EPOCH, features: ["replay", "resume", "tokens", "heartbeat"] };
    const data = { success: true, client_id: clientId, session: { ...usual, ...session } };
    return this.say({ type: "auth_result", data });
  }

  /** Lets time pass until the next attempt to connect. */
  reopen() {
    const before = this.times("open");
    const end = this.now + 100;
    while (this.times("open") === before && this.now < end) this.pass(0.25);
    return this;
  }

  /** A session, from the attempt that is due. */
  join(session, clientId) {
    return this.challenge().welcome(session, clientId);
  }

  ended(code = 1006, more = {}) {
    return this.tell((core) => core.ended(this.now, { code, ...more }));
  }

  send(fields = {}) {
    let id;
    this.tell((core) => (id = core.send(this.now, { type: "note", data: {}, ...fields })));
    return id;
  }

  error(id, code, more = {}) {
    return this.say({ type: "error", ...(id ? { request_id: id } : {}), data: { code, message: "no", ...more } });
  }

  /** What was sent since this was asked last. */
  news() {
    const found = this.sent.slice(this.#from);
    this.#from = this.sent.length;
    return found;
  }

  /** The ids of the client_messages among what is new. */
  ids() {
    return this.news().filter(({ type }) => type === "client_message").map(({ id }) => id);
  }

  /** The notices of a kind, as texts that are short to compare. */
  told(kind) {
    const short = {
      state: ({ state, reason }) => (reason ? `${state} ${reason}` : state),
      event: ({ event: { seq } }) => seq,
      acknowledged: ({ id, outcome, code }) => [id, outcome, ...(code ? [code] : [])].join(" "),
      gave_up: ({ id }) => id,
      gap: () => "gap",
      sent: ({ id }) => id,
      token: ({ action, success, token_id: id }) => [action, success, ...(id ? [id] : [])].join(" "),
    };
    return this.notices.filter(({ notice }) => notice === kind).map(short[kind]);
  }

  /** How often the core did something. */
  times(what) {
    return this.done.filter((action) => action.do === what).length;
  }

  get last() {
    return this.sent.at(-1);
  }
}

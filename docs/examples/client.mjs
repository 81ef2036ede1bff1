/**
 * A client to copy: it authenticates, sends, listens, and comes back after a break.
 * Left out: access tokens, heartbeats, and sending again what a break left unanswered.
 */
/** @typedef {import("./coda_messages.d.ts").ServerToClient} ServerToClient of schemas/types */
const VAIN = [1002, 1003, 1007, 1009, 4400, 4401, 4403]; // close codes after which not to try again

export class Client {
  #known = {}; // what an auth_response says of the session before
  #handlers = new Map();
  #unanswered = new Map();
  #prefix = crypto.getRandomValues(new Uint32Array(4)).join("-");
  #count = 0;
  #wait = 1000;

  /** Connects to `url`; awaiting `joined` gives the session, or says why there is none. */
  constructor(url, { WebSocket = globalThis.WebSocket } = {}) {
    this.url = url;
    this.WebSocket = WebSocket;
    this.joined = new Promise((...settle) => this.#connect(...settle));
  }

  /**
   * Calls `handler` with each event of a type.
   * @template {string} T
   * @param {T} type
   * @param {(event: Extract<ServerToClient, { type: T }>) => void} handler
   */
  on(type, handler) {
    this.#handlers.set(type, handler);
  }

  /**
   * Gives the answer to a message; a break is an error: the message may have arrived.
   * @returns {Promise<ServerToClient>}
   */
  async send(type, data, { id = `${this.#prefix}-${++this.#count}`, ...members } = {}) {
    if (!this.session) throw new Error("not connected");
    this.socket.send(JSON.stringify({ type, id, data, ...members }));
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
      AbortSignal.timeout(30_000).onabort = () => reject(new Error("no answer"));
    }).finally(() => this.#unanswered.delete(id));
  }

  /** Closes with 1000, and does not come back. */
  close() {
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket.close(1000);
  }

  #connect(joined = () => {}, failed = () => {}) {
    const socket = (this.socket = new this.WebSocket(this.url, ["coda.v1"]));
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data), joined);
    // When a handshake fails, some have "error" only and some "close" after it: the first counts.
    socket.onerror = socket.onclose = ({ code }) => {
      socket.onmessage = socket.onerror = socket.onclose = () => {};
      this.session = null;
      const error = new Error(`the connection ended (${code})`);
      for (const { reject } of this.#unanswered.values()) reject(error);
      failed(error);
      if (this.isOver || VAIN.includes(code) || !this.client_id) return;
      this.timer = setTimeout(() => this.#connect(), this.#wait * (1 + Math.random() / 2));
      this.#wait = Math.min(2 * this.#wait, 30_000);
    };
  }

  #receive(message, joined) {
    const { type, seq, data, request_id, events = [] } = message;
    let name = request_id;
    if (type === "auth_challenge") {
      const answer = { method: "challenge_token", token: data.token, ...this.#known };
      this.socket.send(JSON.stringify({ type: "auth_response", data: answer }));
    } else if (type === "auth_result") {
      if (!data.success) return this.socket.close();
      const session = (this.session = data.session ?? {});
      this.client_id = data.client_id;
      this.#known.resume = session.resume;
      if (this.#known.last_epoch !== session.epoch) {
        Object.assign(this.#known, { last_epoch: session.epoch, last_seq: session.seq });
      }
      this.#wait = 1000;
      joined(session);
    } else if (seq !== undefined) {
      this.#known.last_seq = Math.max(seq, this.#known.last_seq ?? 0);
      if (type === "client_message" && data.client_id === this.client_id) name = data.id;
      this.#handlers.get(type)?.(message);
    } else if (type === "replay") {
      for (const event of events) this.#receive(event);
    }
    this.#unanswered.get(name)?.resolve(message);
  }
}

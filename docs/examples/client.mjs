/**
 * A client for one session: it joins, sends, and hands over the events that come, in their order.
 *
 * It does not come back after the end, and looks for no gaps. clients/javascript does, and keeps
 * all else of spec/clients.md, too, such as CLIENT-83 to CLIENT-85, signs of life.
 */
/** @typedef {import("./coda_messages.d.ts").ServerToClient} ServerToClient of schemas/types */

const isEvent = ({ seq, data }) => Number.isInteger(seq) && data?.constructor === Object;

export class Client {
  client_id = "";
  #handlers = new Map();
  #waiting = new Map(); // what settles a promise, by the id of the message that is to be answered

  /**
   * Joins; `joined` becomes the session, `ended` the close code, or 1006 where there is none.
   * Node.js 20 has no WebSocket of its own: give it that of the package `ws`.
   */
  constructor(url, { WebSocket = globalThis.WebSocket } = {}) {
    this.ws = new WebSocket(url, ["coda.v1"]);
    this.ws.onmessage = ({ data }) => this.#receive(data).catch(() => {}); // is of no use
    const end = new Promise((resolve) => (this.ws.onclose = this.ws.onerror = resolve));
    this.ended = end.then(({ code = 1006 }) => code);
    (this.joined = this.#answer("joined")).catch(() => {});
    AbortSignal.timeout(10_000).onabort = () => this.client_id || this.close();
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
   * Gives what the server answers to a message: the client's own event, or an error.
   * @returns {Promise<ServerToClient>}
   */
  async send(type, data, members = {}) {
    await this.joined;
    const message = { type, id: crypto.randomUUID(), data, ...members };
    this.ws.send(JSON.stringify(message));
    return this.#answer(message.id);
  }

  close = () => this.ws.close(1000);

  #answer(name) {
    const answer = new Promise((resolve) => this.#waiting.set(name, resolve));
    const fail = (code) => Promise.reject(new Error(`the connection ended (${code})`));
    return Promise.race([answer, this.ended.then(fail)]).finally(() => this.#waiting.delete(name));
  }

  async #receive(text) {
    const message = JSON.parse(text.trim()); // which only a text has
    const { type, data, events, request_id } = message;
    if (type === "auth_challenge" && !this.answer && data.methods.every((name) => name.trim)) {
      const { methods, token, protocol_version: version = "1.0" } = data;
      if (!methods.includes("challenge_token") || !/^1\./.test(version)) return this.close();
      this.answer = { method: "challenge_token", token };
      this.ws.send(JSON.stringify({ type: "auth_response", data: this.answer }));
    } else if (type === "auth_result" && !this.client_id) {
      if (data.success === false) this.close();
      if (data.success !== true || !data.client_id.trim) return;
      Object.assign(this, { client_id: data.client_id, session: data.session ?? {} });
      this.#waiting.get("joined")(this.session);
    } else if (this.client_id) {
      const rows = (type === "replay" ? events : [message]).filter(isEvent);
      for (const event of rows) queueMicrotask(() => this.#handlers.get(event.type)?.(event));
      this.#waiting.get(data?.client_id === this.client_id ? data.id : request_id)?.(message);
    }
  }
}

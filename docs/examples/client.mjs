/**
 * A client for one session: it authenticates, listens and sends, and does not come back.
 * clients/javascript does all else: resume, replay, gaps, repeating, tokens, heartbeat.
 */
/** @typedef {import("./coda_messages.d.ts").ServerToClient} ServerToClient of schemas/types */
export class Client {
  client_id = "";
  #handlers = new Map();
  #unanswered = new Map();

  /** `joined` gives the session; `ended` gives an error with the `code`, once it has ended. */
  constructor(url, { WebSocket = globalThis.WebSocket } = {}) {
    const socket = (this.socket = new WebSocket(url, ["coda.v1"]));
    this.ended = new Promise((resolve) => (socket.onclose = socket.onerror = resolve)).then(
      ({ code = 1006 }) => Object.assign(new Error(`the connection ended (${code})`), { code }),
    );
    this.joined = new Promise((resolve, reject) => {
      this.ended.then(reject);
      socket.onmessage = ({ data }) => this.#receive(parsed(data), resolve);
    });
    this.joined.catch(() => {});
  }

  /**
   * Calls `handler` with each message of a type, or of all types for `*`.
   * @template {string} T
   * @param {T} type
   * @param {(message: Extract<ServerToClient, { type: T }>) => void} handler
   */
  on(type, handler) {
    this.#handlers.set(type, handler);
  }

  /** @returns {Promise<ServerToClient>} its own event, a duplicate or an error */
  async send(message_type, message_data, members) {
    await this.joined;
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const row = { type: "client_message", id, data: { message_type, message_data }, ...members };
    return new Promise((resolve, reject) => {
      this.#unanswered.set(row.id, resolve);
      this.ended.then(reject);
      this.socket.send(JSON.stringify(row));
    });
  }

  close() {
    this.socket.close(1000);
  }

  #receive({ type, data, ...row }, resolve) {
    if (this.client_id) {
      const own = data.client_id === this.client_id ? data.id : row.request_id;
      this.#unanswered.get(own)?.({ type, data, ...row });
      for (const name of [type, "*"]) this.#handlers.get(name)?.({ type, data, ...row });
    } else if (type === "auth_challenge" && !this.token && Array.isArray(data.methods)) {
      const isKnown = /^1\./.test(data.protocol_version ?? "1.0");
      if (!isKnown || !data.methods.includes("challenge_token")) return this.close();
      if (typeof data.token === "string") this.token = data.token;
      const answer = { method: "challenge_token", token: this.token };
      if (this.token) this.socket.send(JSON.stringify({ type: "auth_response", data: answer }));
    } else if (type === "auth_result" && this.token && data.success === false) {
      this.close();
    } else if (type === "auth_result" && this.token && typeof data.client_id === "string") {
      this.client_id = data.client_id;
      resolve(data.session ?? {});
    }
  }
}

/** Returns the message in a text; one without a type if it is of no use, and to be ignored. */
function parsed(text) {
  try {
    const { type, data = {}, ...row } = JSON.parse(text);
    if (typeof type === "string" && data?.constructor === Object) return { type, data, ...row };
  } catch {}
  return { data: {} };
}

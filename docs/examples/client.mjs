/**
 * A client to copy: it authenticates, sends, listens, and comes back after a break.
 *
 * Left out: access tokens, CLIENT-03, CLIENT-16 to CLIENT-23 and CLIENT-72 to CLIENT-79; sending
 * again what a break left unanswered, CLIENT-06 and CLIENT-51 to CLIENT-56, so that `send` fails at
 * a break; a check of what you send, CLIENT-41, CLIENT-42 and CLIENT-44: give `send` what JSON can
 * hold; the status of a refused handshake, CLIENT-68, and ping frames, CLIENT-85, which browsers do
 * not show.
 * clients/javascript leaves out nothing.
 */
/** @typedef {import("./coda_messages.d.ts").ServerToClient} ServerToClient of schemas/types */
const ONCE = [1002, 1003, 1007, 4400]; // close codes after which to come back once only
const NEVER = [1008, 4401, 4403, 4410]; // close codes after which not to come back
const UNUSABLE = 4410; // the end where the server offers no method or version that this client has
const RESULTS = { auth_timeout: 4408, token_expired: 4410, token_revoked: 4403 }; // to like codes

export class Client {
  /** Milliseconds in a second of the waits that spec/clients.md asks for; tests shorten it. */
  static second = 1000;

  url = "";
  client_id = "";
  session = null;
  #resume;
  #place = {}; // the last_epoch and last_seq up to which no event is missing
  #before; // the number before the next live event
  #passed = 0; // the greatest number passed on in this epoch
  #isDue = false; // whether a replay of what was missed is still to come
  #failures = 0;
  #once = 0;
  #handlers = new Map();
  #unanswered = new Map();
  #prefix = crypto.getRandomValues(new Uint32Array(4)).join("-");
  #count = 0;

  /**
   * Connects to `url`, and goes on trying until `close` where that makes sense. Awaiting `joined`
   * gives the session, or says why the first attempt gave none. `onGap` is called when events are
   * missing, or may be: fetch anew what you built from them.
   */
  constructor(url, { WebSocket = globalThis.WebSocket, onGap } = {}) {
    this.url = url;
    this.WebSocket = WebSocket;
    this.onGap = onGap ?? (() => console.warn("events are missing"));
    this.joined = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.joined.catch(() => {});
    this.#connect();
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
    const text = JSON.stringify({ type, id, data, ...members });
    if (new TextEncoder().encode(text).length > this.longest) throw new Error("too long");
    this.socket.send(text);
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
      AbortSignal.timeout(30_000).onabort = () => reject(new Error("no answer"));
    }).finally(() => this.#unanswered.delete(id));
  }

  /** Closes with 1000, and does not come back. */
  close() {
    this.isOver = true;
    this.#end(1000);
  }

  #after(seconds, act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, seconds * Client.second);
  }

  #connect() {
    const socket = (this.socket = new this.WebSocket(this.url, ["coda.v1"]));
    this.stated = null;
    this.#after(30, () => this.#end(1006));
    socket.onmessage = ({ data }) => {
      if (this.session) this.#listen();
      const message = usable(data);
      if (message && !this.session) this.#join(message);
      else if (message) this.#receive(message);
    };
    // When a handshake fails, some have "error" only and some "close" after it: the first counts.
    socket.onerror = socket.onclose = ({ code }) => this.#end(code ?? 1006);
  }

  /** Asks after 30 seconds of silence, and lets go after 15 more. */
  #listen() {
    this.#after(30, () => {
      this.socket.send(JSON.stringify({ type: "ping", data: {} }));
      this.#after(15, () => this.#end(1006));
    });
  }

  #end(code) {
    const { socket, session } = this;
    socket.onmessage = socket.onclose = () => {};
    socket.onerror = () => {};
    clearTimeout(this.timer);
    socket.close(1000);
    this.session = null;
    const error = new Error(`the connection ended (${code})`);
    for (const { reject } of this.#unanswered.values()) reject(error);
    this.reject(error);
    const isLong = session && performance.now() - this.since >= 10 * Client.second;
    this.#once = (isLong ? 0 : this.#once) + ONCE.includes(code);
    this.#failures = isLong && code !== 1013 && code !== 4429 ? 1 : this.#failures + 1;
    const isFinal = NEVER.includes(code) || (ONCE.includes(code) && this.#once > 1);
    if (this.isOver || isFinal) return;
    const least = Math.max(Math.min(2 ** (this.#failures - 1), 30), code === 4429 ? 10 : 0);
    this.#after(least * (1 + Math.random() / 2), () => this.#connect());
  }

  #join({ type, data }) {
    if (type === "auth_challenge" && !this.stated && isChallenge(data)) {
      const { methods, token, protocol_version = "1.0", max_message_bytes = 2 ** 20 } = data;
      const isKnown = methods.includes("challenge_token") && /^1\./.test(protocol_version);
      if (!isKnown) return this.#end(UNUSABLE);
      this.longest = max_message_bytes;
      this.stated = { resume: this.#resume, ...this.#place };
      const answer = { method: "challenge_token", token, ...this.stated };
      this.socket.send(JSON.stringify({ type: "auth_response", data: answer }));
    } else if (type === "auth_result" && this.stated && isResult(data)) {
      if (data.success) this.#begin(data, data.session ?? {});
      else this.#fail(RESULTS[data.code] ?? 4400);
    }
  }

  /** Closes after a failed auth_result; a close code of the server's says more. */
  #fail(code) {
    const { socket } = this;
    socket.onmessage = () => {};
    socket.onclose = (event) => this.#end(NEVER.includes(event.code) ? event.code : code);
    this.#after(10, () => this.#end(code));
    socket.close(1000);
  }

  #begin({ client_id }, session) {
    const { seq, epoch, features = [] } = session;
    const isAgain = this.client_id !== "";
    const isOther = epoch !== this.epoch;
    this.#isDue = this.stated.last_seq !== undefined && features.includes("replay");
    Object.assign(this, { client_id, session, epoch, since: performance.now() });
    this.longest = session.max_message_bytes ?? this.longest;
    this.#resume = session.resume;
    this.#before = seq;
    if (isOther || epoch === undefined) this.#passed = 0;
    const isPast = seq > this.#place.last_seq && !this.#isDue;
    if (isAgain && (isOther || isPast)) this.onGap();
    if (!this.#isDue) this.#settle();
    this.#listen();
    this.resolve(session);
  }

  /** What was missed is here, or will not come: goes on from where the session began. */
  #settle() {
    this.#isDue = false;
    this.#setPlace(this.#before);
    this.#passed = Math.min(this.#passed, this.#before ?? this.#passed);
  }

  #setPlace(seq) {
    const { epoch } = this;
    this.#place = epoch && seq !== undefined ? { last_epoch: epoch, last_seq: seq } : {};
  }

  #receive(message) {
    const { type, seq, data, events, request_id } = message;
    if (type === "replay") {
      const last = this.#before ?? Infinity;
      for (const event of events) {
        if (event.seq > this.#passed && event.seq <= last) this.#passOn(event);
      }
      if (!this.#isDue || !data) return;
      if (data.truncated) this.onGap();
      this.#settle();
    } else if (seq === undefined) {
      this.#unanswered.get(request_id)?.resolve(message);
    } else if (seq !== this.#before) {
      const isNext = this.#before === undefined || seq === this.#before + 1;
      if (this.#isDue || !isNext) {
        this.onGap();
        // The replay of the next session brings what is missing.
        if (this.session.features?.includes("replay")) return this.#end(1006);
      }
      this.#before = seq;
      if (seq <= this.#passed) return;
      this.#setPlace(seq);
      this.#passOn(message);
    }
  }

  #passOn(event) {
    const { type, seq, data } = event;
    this.#passed = seq;
    if (type === "client_message" && data.client_id === this.client_id) {
      this.#unanswered.get(data.id)?.resolve(event);
    }
    this.#handlers.get(type)?.(event);
  }
}

const isObject = (value) => value?.constructor === Object;
const isText = (value) => typeof value === "string" && value.isWellFormed();

/** Returns the message in a text; undefined if a client cannot use it, and has to ignore it. */
function usable(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(message) || !isText(message.type)) return undefined;
  const { type, seq, events, data = { truncated: false } } = message;
  if (type === "replay") {
    const isRight = isObject(data) && typeof data.truncated === "boolean";
    return isRight && Array.isArray(events) && events.every(isEvent) ? message : undefined;
  }
  return seq === undefined || isEvent(message) ? message : undefined;
}

function isEvent(value) {
  if (!isObject(value)) return false;
  const { type, version, seq, timestamp, data } = value;
  const isNumbered = Number.isInteger(seq) && seq > 0 && Number.isFinite(timestamp);
  return isNumbered && isText(type) && isText(version) && isObject(data);
}

function isChallenge(data) {
  if (!isObject(data) || !Array.isArray(data.methods) || !data.methods.every(isText)) return false;
  return (isText(data.token) && data.token !== "") || !data.methods.includes("challenge_token");
}

function isResult(data) {
  if (!isObject(data)) return false;
  const { success, client_id, session = {} } = data;
  if (!success) return success === false;
  if (!isText(client_id) || !isObject(session)) return false;
  const { seq = 0, epoch = "", resume = "", features = [] } = session;
  return Number.isInteger(seq) && isText(epoch) && isText(resume) && Array.isArray(features);
}

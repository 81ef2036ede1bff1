/** `websocketService`: a client for the Coda protocol, in browsers and in Node. */
import { Core } from "./core/core.mjs";
import { Socket } from "./socket.mjs";

const LONGEST_TIMER = 2 ** 31 - 1;
const ASCII = new TextEncoder();

/** Why a connection or a message came to nothing; `reason`, or `outcome` and `code`, say it to programs. */
export class CodaError extends Error {
  name = "CodaError";

  constructor(message, members) {
    super(message);
    Object.assign(this, members);
  }
}

/** HMAC-SHA256 of a text as lower-case hexadecimal; CLIENT-21. */
async function hmac(crypto, key, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", ASCII.encode(key), algorithm, false, ["sign"]);
  return hexadecimal(await crypto.subtle.sign("HMAC", imported, ASCII.encode(text)));
}

function hexadecimal(buffer) {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function addressOf(url) {
  const address = new URL(url);
  const known = ["ws:", "wss:"].includes(address.protocol);
  if (!known) throw new TypeError("the address is not ws:// or wss://");
  address.hash = "";
  return address.href;
}

/** A client of one server; see client.d.mts for its methods. */
class WebsocketService {
  #core;
  #options;
  #socket = null;
  #timer = null;
  #draining = false;
  #waiting = [];
  #messages = new Map();
  #refreshes = [];
  #revocations = [];
  #closed = [];
  #eventListeners = new Map();
  #stateListeners = new Set();
  #noticeListeners = new Set();

  constructor(url, options = {}) {
    const { token, backoffScale: scale = 1, random = Math.random, onToken } = options;
    const { WebSocket = globalThis.WebSocket, crypto = globalThis.crypto } = options;
    if (WebSocket === undefined) throw new TypeError("there is no WebSocket: pass one as an option");
    this.#options = { WebSocket, crypto, onToken };
    const canSign = crypto.subtle !== undefined;
    const prefix = crypto.randomUUID?.() ?? randomPrefix(crypto);
    this.#core = new Core({ url: addressOf(url), random, prefix, scale, canSign });
    if (token !== undefined) this.#core.useToken(token);
  }

  /** The state of the connection. */
  get state() {
    return this.#core.state;
  }

  /** Connects and keeps it up; resolves at the first session, rejects when trying makes no sense. */
  connect(url) {
    return new Promise((resolve, reject) => {
      const address = url === undefined ? undefined : addressOf(url);
      this.#do((now) => {
        this.#core.connect(now, address);
        this.#waiting.push({ resolve, reject });
      });
      if (this.state === "connected") this.#joined();
    });
  }

  /** Ends the connection; resolves when it is closed. */
  disconnect() {
    this.#do((now) => this.#core.disconnect(now));
    if (this.#socket === null) return Promise.resolve();
    return new Promise((resolve) => this.#closed.push(resolve));
  }

  /** Uses an access token from the next connection on. */
  setToken(token) {
    this.#core.useToken(token);
  }

  /** Sends a client_message; resolves when it is acknowledged, rejects with why it is not. */
  sendClientMessage(type, data = {}, { id, priority, once } = {}) {
    return new Promise((resolve, reject) => {
      this.#do((now) => {
        const named = this.#core.send(now, { type, data, id, priority, once });
        this.#messages.set(named, [...(this.#messages.get(named) ?? []), { resolve, reject }]);
      });
    });
  }

  /** Refreshes the access token; resolves with the new token_id. */
  refreshToken() {
    return new Promise((resolve, reject) => {
      this.#refreshes.push({ resolve, reject });
      this.#do((now) => this.#core.refresh(now));
    });
  }

  /** Revokes the line of the access token, or of the one that is named. */
  revokeToken(tokenId) {
    return new Promise((resolve, reject) => {
      this.#revocations.push({ resolve, reject });
      this.#do((now) => this.#core.revoke(now, tokenId));
    });
  }

  /** Listens to the events of a type, or of every type with "*". */
  addEventListener(type, listener) {
    const listeners = this.#eventListeners.get(type) ?? new Set();
    this.#eventListeners.set(type, listeners.add(listener));
  }

  removeEventListener(type, listener) {
    this.#eventListeners.get(type)?.delete(listener);
  }

  /** Listens to the state of the connection: `{state, reason, detail}`. */
  addStateListener(listener) {
    this.#stateListeners.add(listener);
  }

  removeStateListener(listener) {
    this.#stateListeners.delete(listener);
  }

  /** Listens to every notice: states, events, messages, gaps and tokens. */
  addNoticeListener(listener) {
    this.#noticeListeners.add(listener);
  }

  removeNoticeListener(listener) {
    this.#noticeListeners.delete(listener);
  }

  /** Tells the core something, does what it says, and sets the timer. */
  #do(tell) {
    tell(performance.now() / 1000);
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#core.out.length > 0) this.#perform(this.#core.out.shift());
    } finally {
      this.#draining = false;
      this.#setTimer();
    }
  }

  #setTimer() {
    clearTimeout(this.#timer);
    const now = performance.now() / 1000;
    const next = this.#core.next(now);
    if (next === Infinity) return;
    const wait = Math.min(Math.max(Math.ceil((next - now) * 1000), 0), LONGEST_TIMER);
    this.#timer = setTimeout(() => this.#do((then) => this.#core.wake(then)), wait);
  }

  #perform(action) {
    if (action.notice) this.#tell(action);
    else this.#actions[action.do](action);
  }

  /** What the core says is to be done. */
  #actions = {
    open: ({ url }) => this.#open(url),
    send: ({ text }) => this.#socket?.send(text),
    close: () => this.#socket?.close(),
    drop: () => {
      this.#socket?.drop();
      this.#gone();
    },
    sign: ({ key, text, tag }) => {
      const tell = (hex) => this.#do((now) => this.#core.signed(now, tag, hex));
      hmac(this.#options.crypto, key, text).then(tell);
    },
  };

  #joined() {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #open(url) {
    const told = {
      opened: () => this.#do((now) => this.#core.opened(now)),
      text: (text) => this.#do((now) => this.#core.text(now, text)),
      heard: () => this.#do((now) => this.#core.heard(now)),
      ended: (how) => {
        this.#gone();
        this.#do((now) => this.#core.ended(now, how));
      },
    };
    this.#socket = new Socket(this.#options.WebSocket, url, told);
  }

  #gone() {
    this.#socket = null;
    for (const resolve of this.#closed.splice(0)) resolve();
  }

  #tell({ value, ...notice }) {
    if (value !== undefined) call(this.#options.onToken, value); // CLIENT-18: told to nobody else
    this.#handlers[notice.notice]?.(notice);
    for (const listener of [...this.#noticeListeners]) call(listener, notice);
  }

  /** Who is told what, besides those who listen to every notice. */
  #handlers = {
    state: (notice) => this.#stateIs(notice),
    event: ({ event }) => {
      for (const type of [event.type, "*"]) {
        for (const listener of [...(this.#eventListeners.get(type) ?? [])]) call(listener, event);
      }
    },
    acknowledged: ({ id, outcome, code, fault }) => {
      const told = outcome === "refused" ? code ?? fault : undefined;
      this.#settle(id, { outcome, code, fault }, told && `the message was refused: ${told}`);
    },
    gave_up: ({ id }) => {
      this.#settle(id, { outcome: "gave_up" }, "what became of the message is unknown");
    },
    token: ({ action, success, code, token_id: tokenId }) => {
      const waiting = action === "refresh" ? this.#refreshes.splice(0) : this.#revocations.splice(0, 1);
      const error = new CodaError(`the ${action} has failed`, { code });
      for (const { resolve, reject } of waiting) success ? resolve(tokenId) : reject(error);
    },
  };

  #stateIs({ state, reason, detail }) {
    for (const listener of [...this.#stateListeners]) call(listener, { state, reason, detail });
    if (state === "connected") this.#joined();
    else if (state === "failed" || state === "disconnected") {
      const error = new CodaError(`the connection has ended: ${reason}`, { reason, detail });
      for (const waiting of [this.#waiting, this.#refreshes, this.#revocations]) {
        for (const { reject } of waiting.splice(0)) reject(error);
      }
    }
  }

  /** Ends the promise of the oldest message with an id; `failure` is what to say if it was not accepted. */
  #settle(id, members, failure) {
    const [first, ...others] = this.#messages.get(id) ?? [];
    if (others.length > 0) this.#messages.set(id, others);
    else this.#messages.delete(id);
    if (failure === undefined) first?.resolve({ id, outcome: members.outcome });
    else first?.reject(new CodaError(failure, { id, ...members }));
  }
}

/** A fault of a listener is its own, and not the client's. */
function call(listener, value) {
  try {
    listener?.(value);
  } catch (error) {
    if (typeof globalThis.reportError === "function") globalThis.reportError(error);
    else console.error(error);
  }
}

/** `randomUUID` is missing on pages that are not served over https. */
function randomPrefix(crypto) {
  return hexadecimal(crypto.getRandomValues(new Uint8Array(16)));
}

/** A client of the server at an address; it does nothing until `connect` is called. */
export function websocketService(url, options) {
  return new WebsocketService(url, options);
}

/** The access token of a client: its line of refreshed tokens, and the refresh that is under way. */

const FORM = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]+)$/;
/** Tokens of a line that are remembered, newest last. */
const MOST_KNOWN = 16;
/** Seconds between two refreshes, whatever the scale. */
const APART = 1;
/** Seconds for which a token is used while a refresh has no answer. */
const UNSURE = 50;
const RETRY = 10;

/** The text that is signed to authenticate; HMAC-02. */
export function proofText(nonce, tokenId, audience) {
  return ["coda.v1 auth", nonce, tokenId, audience].join("\n");
}

/** The text that is signed to compute the next secret; TOKEN-02. */
export function refreshText(nonce) {
  return `coda.v1 refresh\n${nonce}`;
}

/** CLIENT-20: the audience is the origin of the URL that the client was given. */
export function audienceOf(url) {
  return new URL(url).origin;
}

/** A token and its line; times are in seconds. */
export class Access {
  /** The newest token, `{id, secret}`; null if the client was given none. */
  token = null;
  /** Whether the token may not be used any more, because a refresh of it was lost. */
  lost = false;
  #known = new Map();
  #line = 0;
  #session = null;
  #pending = null;
  #oldest = Infinity;
  #last = -Infinity;
  #next = Infinity;
  #asked = false;
  #scale;

  constructor({ scale }) {
    this.#scale = scale;
  }

  /** Uses a token from now on; throws a TypeError that does not repeat it. */
  use(text) {
    const match = FORM.exec(text);
    if (match === null) throw new TypeError("an access token is <token_id>.<secret>");
    const [, id, secret] = match;
    if (this.token?.id === id && this.token.secret === secret) return;
    this.#line += 1;
    this.#known.clear();
    this.#pending = null;
    this.#oldest = this.#next = Infinity;
    this.#asked = this.lost = false;
    this.#learn({ id, secret });
  }

  #learn(token) {
    this.#known.set(token.id, token.secret);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value);
    this.token = token;
  }

  /** A session begins; `withToken` is whether it was opened with the token. */
  begin(now, { features, token_expires_in: validFor }, withToken) {
    const tokens = withToken && features.has("tokens");
    this.#session = { line: withToken ? this.#line : null, tokens, able: tokens };
    const half = validFor === undefined ? Infinity : now + validFor / 2; // CLIENT-72
    this.#next = tokens ? (this.#oldest < Infinity ? now : half) : Infinity;
  }

  /**
   * The session has ended; a refresh without an answer leaves the token unsure.
   * Returns whether the user has asked for one that was not sent.
   */
  end() {
    if (this.#pending !== null && !this.#pending.answered) this.#oldest = this.#unsure;
    this.#session = this.#pending = null;
    this.#next = Infinity;
    const asked = this.#asked;
    this.#asked = false;
    return asked;
  }

  /** Whether a refresh can be asked for in this session. */
  get able() {
    return this.#session?.able === true && this.#session.line === this.#line && !this.lost;
  }

  /** Whether this is a session of an access token, on a server that renews and revokes them. */
  get open() {
    return this.#session !== null && this.#session.tokens;
  }

  /** The user asks for a refresh. CLIENT-73: while one is under way, its outcome is that of both. */
  ask() {
    if (this.#pending === null) this.#asked = true;
  }

  /** Whether a token_refresh is to be sent now. */
  due(now) {
    if (!this.able || this.#pending !== null) return false; // CLIENT-73
    return now >= this.#last + APART && (this.#asked || now >= this.#next); // CLIENT-74
  }

  /** A token_refresh was sent. */
  sent(id, now) {
    this.#pending = { id, line: this.#line, until: now + UNSURE * this.#scale, answered: false };
    this.#asked = false;
    this.#last = now;
    this.#next = Infinity;
  }

  /** Whether an answer is that to the refresh under way. */
  answers(id) {
    return this.#pending !== null && (id === undefined || id === this.#pending.id);
  }

  /**
   * A token_result with success true: what to sign for the next secret, or null if the client does
   * not know the token that the server started from (CLIENT-76).
   */
  refreshed({ token_id: id, nonce, expires_in: validFor, previous }, now) {
    // CLIENT-75: the token that previous names, or the newest.
    const secret = previous === undefined ? this.token.secret : this.#known.get(previous);
    if (secret === undefined) {
      this.lost = true;
      this.#pending = null;
      this.#oldest = this.#next = Infinity;
      return null;
    }
    this.#pending.answered = true;
    this.#oldest = Infinity;
    const { line } = this.#pending;
    return { key: secret, text: refreshText(nonce), id, line, next: now + validFor / 2 };
  }

  /** The next secret is computed: CLIENT-77, the new token takes the place of the old one. */
  derived({ id, line, next }, secret) {
    if (line !== this.#line) return null;
    this.#pending = null;
    this.lost = false;
    this.#next = this.able ? next : Infinity;
    this.#learn({ id, secret });
    return this.token;
  }

  /** CLIENT-79: the token and the session are kept, and the refresh may be repeated. */
  refused({ code, retry_after: pause }, now) {
    this.#pending = null;
    if (code === "not_supported") this.#session.able = false;
    else this.#next = now + (pause ?? RETRY * this.#scale);
  }

  /** CLIENT-78: whether the token has just become lost, because no answer has come in time. */
  expire(now) {
    if (now < this.#unsure || this.lost) return false;
    this.lost = true;
    return true;
  }

  /** The moment from which the token is not used, unless an answer comes. */
  get #unsure() {
    const open = this.#pending !== null && !this.#pending.answered;
    return Math.min(this.#oldest, open ? this.#pending.until : Infinity);
  }

  /** When there is something to do next; Infinity if never. */
  wake() {
    const unsure = this.lost ? Infinity : this.#unsure;
    if (!this.able || this.#pending !== null) return unsure;
    const next = this.#asked ? -Infinity : this.#next;
    return Math.min(unsure, next === Infinity ? Infinity : Math.max(next, this.#last + APART));
  }
}

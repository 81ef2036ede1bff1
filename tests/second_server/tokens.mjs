/** Access tokens, their lines, and what became of them. */
import { createHmac, randomBytes } from "node:crypto";

import { Refusal } from "./refusal.mjs";

const MOST_LINES = 20_000;
const MOST_IN_LINE = 100;
const REPLACED_SECONDS = 60;
const REMEMBERED_SECONDS = 300;

export class Tokens {
  #clock;
  #ttl;
  #byId = new Map();
  #lines = new Set();

  /** `tokenTtl` is the usual time to live in seconds. */
  constructor(clock, { tokenTtl }) {
    this.#clock = clock;
    this.#ttl = tokenTtl;
  }

  /** Issues a token that begins a line of its own; returns its text. */
  issue(identity, ttl = this.#ttl) {
    if (this.#lines.size >= MOST_LINES) this.#lines.forEach((line) => this.#prune(line));
    if (this.#lines.size >= MOST_LINES) throw new Error("no room for another line of tokens");
    const line = { identity, tokens: [], issued: 0, used: -1, revoked: false, sessions: new Set() };
    this.#lines.add(line);
    // HMAC-10: a secret has 43 or more characters of base64url.
    const secret = randomBytes(32).toString("base64url");
    return `${this.#add(line, secret, this.#clock.now() + ttl).id}.${secret}`;
  }

  /** The token of that id, or undefined; `identity` narrows it to the tokens of one. */
  find(id, identity) {
    const token = this.#byId.get(id);
    return identity === undefined || token?.line.identity === identity ? token : undefined;
  }

  /** Why a token is refused to the holder of its secret, or undefined if it is good. */
  fault(token) {
    const { line } = token;
    const replaced = this.#clock.now() >= token.replacedAt + REPLACED_SECONDS;
    // TOKEN-04: good until its successor is used or 60 seconds have passed.
    if (line.revoked || token.index < line.used || replaced) return "token_revoked";
    return this.#clock.now() >= token.expiresAt ? "token_expired" : undefined;
  }

  /** Notes that an auth_response with the token succeeded. */
  use(token) {
    token.line.used = Math.max(token.line.used, token.index);
  }

  /** Replaces the newest token of a line; returns the answer to the client. */
  refresh(line) {
    this.#prune(line);
    const old = newest(line);
    if (line.tokens.length >= MOST_IN_LINE) {
      const [{ expiresAt }] = line.tokens;
      throw new Refusal("rate_limited", { retryAfter: this.#memoryEnds(expiresAt) - this.#clock.now() });
    }
    const nonce = randomBytes(16).toString("base64url");
    // TOKEN-02: both sides derive the new secret from the old one and the nonce.
    const secret = hmac(old.secret, ["coda.v1 refresh", nonce]).toString("hex");
    const token = this.#add(line, secret, Math.max(old.expiresAt, this.#clock.now() + this.#ttl));
    old.replacedAt = this.#clock.now();
    return { token_id: token.id, nonce, expires_in: this.remaining(line), previous: old.id };
  }

  /** Revokes a line and closes all its connections. */
  revoke(line) {
    line.revoked = true;
    // TOKEN-07: close every connection of the revoked line with 4403.
    for (const session of [...line.sessions]) session.endWith("token_revoked", 4403);
  }

  /** Seconds that the newest token of a line is still valid. */
  remaining(line) {
    return Math.max(0, newest(line).expiresAt - this.#clock.now());
  }

  #add(line, secret, expiresAt) {
    const id = `t-${randomBytes(12).toString("base64url")}`;
    const token = { id, secret, line, index: line.issued, expiresAt, replacedAt: Infinity };
    line.issued += 1;
    line.tokens.push(token);
    this.#byId.set(id, token);
    return token;
  }

  /** Forgets the tokens of a line that expired long ago, and the line with the last of them. */
  #prune(line) {
    // TOKEN-09: a revocation is forgotten only when every token of the line has expired.
    while (line.tokens.length > 0 && this.#memoryEnds(line.tokens[0].expiresAt) <= this.#clock.now()) {
      this.#byId.delete(line.tokens.shift().id);
    }
    if (line.tokens.length === 0) this.#lines.delete(line);
  }

  #memoryEnds(expiresAt) {
    return expiresAt + REMEMBERED_SECONDS;
  }
}

/** The token that is the newest of its line. */
export function newest(line) {
  return line.tokens[line.tokens.length - 1];
}

/** HMAC-SHA256 over lines of text, keyed with a secret as text. */
export function hmac(secret, lines) {
  return createHmac("sha256", secret).update(lines.join("\n")).digest();
}

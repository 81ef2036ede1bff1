/** The table of ends: whether a client connects again on its own, and the reason that it tells. */

const AGAIN = "again";
const ONCE = "once";
const NO = "no";

const end = (again, reason, more = {}) => Object.freeze({ again, reason, ...more });

/** Ends that no close code or status stands for. */
export const UNREACHABLE = end(AGAIN, "unreachable");
export const LOST = end(AGAIN, "lost");
export const GAP = end(AGAIN, "gap");
export const NO_METHOD = end(NO, "no_method");
export const VERSION = end(NO, "version");
export const TOKEN_EXPIRED = end(NO, "token_expired");
export const TOKEN_REVOKED = end(NO, "token_revoked");
export const TOKEN_LOST = end(NO, "token_lost");
export const USER = end(NO, "user");

const CLOSED = end(AGAIN, "closed");
const FAULT_ONCE = end(ONCE, "fault");
const TIMEOUT = end(AGAIN, "timeout");

/** Seconds that a client waits at least after 4429. */
const AFTER_TOO_MANY = 10;

const CLOSES = new Map([
  [1000, CLOSED],
  [1001, end(AGAIN, "shutdown")],
  [1002, FAULT_ONCE],
  [1003, FAULT_ONCE],
  [1006, LOST],
  [1007, FAULT_ONCE],
  [1008, end(NO, "refused")],
  [1009, end(AGAIN, "fault", { tooLong: true })],
  [1011, CLOSED],
  [1012, CLOSED],
  // CLIENT-63: a session that ends like this does not reset the count.
  [1013, end(AGAIN, "busy", { keepsCount: true })],
  [1014, CLOSED],
  [4400, FAULT_ONCE],
  // CLIENT-07: after these, whatever else has happened, no client connects again on its own.
  [4401, end(NO, "auth_failed", { final: true })],
  [4403, end(NO, "token_revoked", { final: true })],
  [4408, TIMEOUT],
  [4410, TOKEN_EXPIRED],
  // CLIENT-65: wait at least 10 seconds.
  [4429, end(AGAIN, "rate_limited", { keepsCount: true, atLeast: AFTER_TOO_MANY })],
]);

/** The end that a close code stands for; 1005 is a close frame without one. */
export function endOfClose(code) {
  return CLOSES.get(code) ?? CLOSED;
}

/** The end that the HTTP status of a refused handshake stands for. */
export function endOfStatus(status) {
  if (status === 429 || status >= 500) return end(AGAIN, "busy");
  return status >= 300 ? end(NO, "refused") : UNREACHABLE; // CLIENT-10: no redirect is followed.
}

/** The end that an error stands for which answers no message; undefined for any other error. */
export function endOfError(code) {
  return { token_expired: TOKEN_EXPIRED, token_revoked: TOKEN_REVOKED }[code];
}

/** The end that the code of a failed auth_result stands for. */
export function endOfResult(code, withToken) {
  if (code === "auth_timeout") return TIMEOUT;
  if (withToken && endOfError(code)) return endOfError(code); // CLIENT-23
  return end(withToken ? NO : ONCE, "auth_failed");
}

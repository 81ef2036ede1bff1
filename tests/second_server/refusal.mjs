/** Why a message is refused, and what counts as a violation. */

const TEXTS = {
  invalid_json: "The text is not JSON of this protocol",
  invalid_message: "A value of the message is missing or wrong",
  unknown_type: "The server does not know this type",
  unauthenticated: "The connection is not authenticated",
  already_authenticated: "The connection is authenticated already",
  id_conflict: "Another message has this id",
  rate_limited: "The server has no room for this message now",
  internal_error: "The server failed to process the message",
  token_expired: "The access token has expired",
  token_revoked: "The access token was revoked",
};
const NO_VIOLATIONS = new Set(["unknown_type", "id_conflict", "rate_limited"]);

export class Refusal extends Error {
  /** `code` of the table of error codes; `pointer` names the faulty value, `retryAfter` is in seconds. */
  constructor(code, { pointer, retryAfter, forRate = false } = {}) {
    super(TEXTS[code]);
    this.code = code;
    this.pointer = pointer;
    this.retryAfter = retryAfter;
    this.forRate = forRate;
  }

  /** Whether the refusal counts as a violation (LIMIT-07). */
  get isViolation() {
    return !NO_VIOLATIONS.has(this.code);
  }

  /** The message that tells the client. */
  toMessage(requestId) {
    const details = this.pointer === undefined ? undefined : { pointer: this.pointer };
    const data = { code: this.code, message: this.message, details, retry_after: this.retryAfter };
    return { type: "error", request_id: requestId, data };
  }
}

/** Throws `invalid_message` for the value at `pointer` unless `holds`. */
export function demand(holds, pointer) {
  // ERROR-05: say in details.pointer which value is at fault.
  if (!holds) throw new Refusal("invalid_message", { pointer });
}

/** What a server says: which messages a client can use, and which it ignores. */
import { isName, isObject } from "./json_text.mjs";

const NONCE = /^[A-Za-z0-9_-]{22,}$/;
const SECRET = /^[A-Za-z0-9_-]{22,1024}$/;
const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MOST_WITHOUT_DATA = 50;

const isString = (value) => typeof value === "string";
const isText = (value) => typeof value === "string" && value !== "";
const isNumber = (least, above) => (value) =>
  Number.isFinite(value) && (above ? value > least : value >= least);
const isInteger = (least) => (value) => Number.isSafeInteger(value) && value >= least;
const matches = (pattern) => (value) => typeof value === "string" && pattern.test(value);
const isListOf = (check) => (value) => Array.isArray(value) && value.every(check);
const isAny = (...values) => (value) => values.includes(value);

/** Whether an object has every needed member, and no member of a wrong shape. */
function hasShape(value, needed, optional = {}) {
  return (
    isObject(value) &&
    Object.entries(needed).every(([name, check]) => Object.hasOwn(value, name) && check(value[name])) &&
    Object.entries(optional).every(([name, check]) => !Object.hasOwn(value, name) || check(value[name]))
  );
}

const RATE = { messages: isInteger(50), per_seconds: isNumber(0, true) };
const SESSION = {
  features: isListOf(isText),
  seq: isInteger(0),
  epoch: (value) => isName(value) && value.length >= 8 && value.length <= 64,
  dedup_window: isNumber(0, true),
  dedup_capacity: isInteger(16),
  id_window: isNumber(0, true),
  replay_limit: isInteger(0),
  max_message_bytes: isInteger(1),
  rate_limit: (value) => hasShape(value, RATE, { max_refusals: isInteger(2) }),
  violation_limit: isInteger(20),
  token_expires_in: isNumber(0),
  resume: matches(SECRET),
  resume_window: isNumber(0, true),
};

const CHALLENGE = [
  { methods: (value) => isListOf(isString)(value) && value.length > 0 },
  { nonce: matches(NONCE), protocol_version: isText, max_message_bytes: isInteger(1), token: isText },
];

function isResult(data) {
  if (!hasShape(data, { success: (value) => typeof value === "boolean" })) return false;
  return data.success
    ? hasShape(data, { client_id: isName }, { session: (value) => hasShape(value, {}, SESSION) })
    : hasShape(data, { code: isText, message: isText });
}

function isTokenResult(data) {
  if (!hasShape(data, { action: isAny("refresh", "revoke"), success: isAny(true, false) })) return false;
  if (!data.success) return hasShape(data, { code: isText });
  const named = matches(TOKEN_ID);
  if (data.action === "revoke") return hasShape(data, {}, { token_id: named });
  const needed = { token_id: named, nonce: matches(NONCE), expires_in: isNumber(0, true) };
  return hasShape(data, needed, { previous: named });
}

function isReplay({ data, events }) {
  if (!isListOf(isEvent)(events)) return false;
  if (data === undefined) return events.length >= 1 && events.length <= MOST_WITHOUT_DATA;
  const ends = ["from_seq", "to_seq"];
  return (
    hasShape(data, { truncated: isAny(true, false) }) &&
    ends.every((name) => (events.length > 0 ? isInteger(1)(data[name]) : !Object.hasOwn(data, name)))
  );
}

/** What makes a control message one that a client can use, by its type. */
const CONTROL = {
  auth_challenge: ({ data }) => hasShape(data, ...CHALLENGE),
  auth_result: ({ data }) => isResult(data),
  replay: isReplay,
  error: ({ data }) => hasShape(data, { code: isText, message: isText }, { retry_after: isNumber(0) }),
  duplicate_message: ({ data }) =>
    hasShape(data, { count: isInteger(2) }, { original_type: isAny("client_message") }),
  token_result: ({ data }) => isTokenResult(data),
  pong: ({ data }) => isObject(data),
};

function isEvent(value) {
  return hasShape(
    value,
    {
      version: isAny("1.0"),
      seq: isInteger(1),
      timestamp: isNumber(0),
      type: (type) => isText(type) && !Object.hasOwn(CONTROL, type),
      data: isObject,
    },
    { session_id: (id) => id === null || typeof id === "string" },
  );
}

/** Whether the data of a client_message have their shape; those of other types are the user's. */
export function isUsable(event) {
  if (event.type !== "client_message") return true;
  const needed = { client_id: isName, message_type: isName, message_data: isObject };
  return hasShape(event.data, needed, { id: (id) => id === null || isName(id) });
}

/** Half a surrogate pair, as JSON spells it: after an even number of backslashes. */
const HALF = /(?<!\\)(?:\\\\)*\\ud[89a-f]/i;

/** Whether a value has half a surrogate pair, which no answer of a client may repeat. */
function isHalf(value, text) {
  return HALF.test(text) && HALF.test(JSON.stringify(value));
}

/**
 * A text as `{event, usable}` or `{control}`, or null for one that a client cannot use.
 * CLIENT-02, CLIENT-26: unknown types, members, methods and features are ignored.
 */
export function read(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // CLIENT-30
  }
  if (!isObject(value) || typeof value.type !== "string") return null;
  if (Object.hasOwn(value, "version") && Object.hasOwn(value, "seq")) {
    return isEvent(value) ? { event: value, usable: isUsable(value) && !isHalf(value, text) } : null;
  }
  if (!Object.hasOwn(CONTROL, value.type) || !CONTROL[value.type](value)) return null;
  if (Object.hasOwn(value, "request_id") && !isName(value.request_id)) return null;
  return isHalf(value, text) ? null : { control: value };
}

/** What a client may send as JSON, and how long texts are. */

/** Nesting of a whole message, its outermost object counted as 1. */
export const DEEPEST = 64;

const encoder = new TextEncoder();

/** The length of a text as UTF-8, in bytes. */
export function bytesOf(text) {
  return encoder.encode(text).length;
}

/** Whether a value is a string of 1 to 128 code points. */
export function isName(value) {
  if (typeof value !== "string" || value.length > 256) return false;
  const length = [...value].length;
  return length >= 1 && length <= 128;
}

/** Whether a value is an object, and neither null nor an array. */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where a value leaves the JSON domain, as a JSON pointer with what was expected; null if nowhere. */
export function faultIn(value, depth = 1, pointer = "") {
  if (value === null || typeof value === "boolean") return null;
  if (typeof value === "number") {
    return Number.isFinite(value) ? null : `${pointer}: a number must be finite`;
  }
  if (typeof value === "string") return surrogateIn(value, pointer);
  if (typeof value !== "object") return `${pointer}: a ${typeof value} is no JSON value`;
  if (depth > DEEPEST) return `${pointer}: nested deeper than ${DEEPEST}`;
  return Array.isArray(value)
    ? firstFault([...value].map((item, index) => [String(index), item]), depth, pointer)
    : faultInObject(value, depth, pointer);
}

/** A Date, or anything else that would be sent as another value than it is, is a fault. */
function faultInObject(value, depth, pointer) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return `${pointer}: only plain objects are JSON values`;
  }
  if (typeof value.toJSON === "function") return `${pointer}: toJSON would change the value`;
  const keys = Object.keys(value);
  const half = keys.find((key) => !key.isWellFormed());
  if (half !== undefined) return `${pointer}: a key has half a surrogate pair`;
  return firstFault(keys.map((key) => [key, value[key]]), depth, pointer);
}

function firstFault(members, depth, pointer) {
  for (const [name, item] of members) {
    const step = name.replaceAll("~", "~0").replaceAll("/", "~1");
    const fault = faultIn(item, depth + 1, `${pointer}/${step}`);
    if (fault !== null) return fault;
  }
  return null;
}

function surrogateIn(value, pointer) {
  return value.isWellFormed() ? null : `${pointer}: half a surrogate pair`;
}

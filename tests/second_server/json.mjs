/** JSON in the domain of the protocol, its raw spelling, and its canonical form. */

const DEEPEST = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reads a text; returns its value and the spelling of `data` and `data.message_data`, or null. */
export function read(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const spelling = scan(text);
  // TRANSPORT-12: refuse a message that leaves the JSON domain.
  return spelling !== null && inDomain(value) ? { value, ...spelling } : null;
}

/** The RFC 8785 form of a JSON value (DEDUP-04). */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  // Without an argument, sort() goes by UTF-16 code units, as RFC 8785 asks for.
  const members = Object.keys(value).sort().map((key) => `${canonical(key)}:${canonical(value[key])}`);
  return `{${members.join()}}`;
}

/** Whether a value is a JSON object. */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Whether a value is a string of at most `most` and at least `least` code points. */
export function isText(value, most, least = 1) {
  if (typeof value !== "string" || value.length > 2 * most) return false;
  const length = [...value].length;
  return least <= length && length <= most;
}

function inDomain(value) {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return !LONE_SURROGATE.test(value);
  if (value === null || typeof value !== "object") return true;
  return Object.entries(value).every(([key, member]) => inDomain(key) && inDomain(member));
}

/** Walks through a valid JSON text; null if it is too deep or an object has a key twice. */
function scan(text) {
  const spelling = {};
  const stack = [];
  for (let at = 0; at < text.length; at += 1) {
    const top = stack[stack.length - 1];
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (top?.expectsKey && !takeKey(top, text.slice(at, end))) return null;
      at = end - 1;
    } else if (character === "{" || character === "[") {
      // TRANSPORT-13: a message that is nested 64 deep is accepted.
      if (stack.length === DEEPEST) return null;
      const keys = character === "{" ? new Set() : null;
      stack.push({ keys, expectsKey: keys !== null, start: at, name: nameOf(stack) });
    } else if (character === "}" || character === "]") {
      stack.pop();
      if (top.name) spelling[top.name] = text.slice(top.start, at + 1);
    } else if (character === ",") {
      top.expectsKey = top.keys !== null;
    }
  }
  return spelling;
}

function takeKey(object, literal) {
  const key = JSON.parse(literal);
  // TRANSPORT-14: refuse a message in which an object has the same key twice.
  if (object.keys.has(key)) return false;
  object.keys.add(key);
  object.key = key;
  object.expectsKey = false;
  return true;
}

function nameOf(stack) {
  const parent = stack[stack.length - 1];
  if (stack.length === 1 && parent.key === "data") return "data";
  return parent?.name === "data" && parent.key === "message_data" ? "messageData" : undefined;
}

function endOfString(text, start) {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

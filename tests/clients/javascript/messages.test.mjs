/** What becomes of the messages of a user. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesOf, faultIn } from "../../../clients/javascript/core/json_text.mjs";
import { World, event, own } from "./world.mjs";

const PLAIN = { features: [], seq: undefined, epoch: undefined };
const joined = (session = {}) => new World().connect().join({ ...PLAIN, ...session });
const rejoined = (world, session = {}, clientId) => {
  world.ended().reopen();
  world.news();
  return world.join({ ...PLAIN, ...session }, clientId);
};
const duplicate = (id) => ({
  type: "duplicate_message", request_id: id, data: { original_type: "client_message", count: 2 },
});

test("the message is what the user gave", () => {
  const world = joined();
  const data = { text: " e\u0301 ", empty: {}, none: null, list: [1.5, -0, "1"], __proto__: null };
  world.send({ type: "note", data, id: "m-1", priority: "high" });
  const content = { message_type: "note", message_data: { text: " e\u0301 ", empty: {}, none: null, list: [1.5, 0, "1"] } };
  assert.deepEqual(world.last, { type: "client_message", id: "m-1", priority: "high", data: content });
});

test("each message has an id that nothing else of the client has", () => {
  const world = new World().tell((core) => core.useToken(`a.${"s".repeat(43)}`)).connect();
  world.challenge().welcome({ features: ["tokens", "heartbeat"], token_expires_in: 2 });
  world.send();
  world.pass(31);
  world.send();
  const ids = world.sent.map(({ id }) => id).filter(Boolean);
  assert.deepEqual(world.sent.map(({ type }) => type).filter((type) => type !== "auth_response").sort(),
    ["client_message", "client_message", "ping", "token_refresh"]);
  assert.equal(new Set(ids).size, 4);
});

test("its own event, a duplicate or an error say what became of it, each once", () => {
  const world = joined();
  for (const id of ["a", "b", "c"]) world.send({ id });
  world.say(own(1, "a"), own(2, "a"), duplicate("b"), duplicate("b")).error("c", "id_conflict");
  assert.deepEqual(world.told("acknowledged"), ["a accepted", "b duplicate", "c refused id_conflict"]);
  rejoined(world);
  assert.deepEqual(world.ids(), []);
});

test("an event of somebody else acknowledges nothing, and one of an earlier identity does", () => {
  const world = joined();
  world.send({ id: "a" });
  world.say(own(1, "a", "client-9"));
  assert.deepEqual(world.told("acknowledged"), []);
  rejoined(world, {}, "client-2").say(own(7, "a", "client-1"));
  assert.deepEqual(world.told("acknowledged"), ["a accepted"]);
});

test("what is unacknowledged is repeated as it was, in order, before what is new", () => {
  const world = joined();
  for (const id of ["a", "b", "c"]) world.send({ id });
  const [first] = world.news().filter(({ id }) => id === "a");
  world.say(own(1, "b")).ended();
  world.send({ id: "d" });
  world.pass(2);
  world.join(PLAIN);
  const repeated = world.news().filter(({ type }) => type === "client_message");
  assert.deepEqual(repeated.map(({ id }) => id), ["a", "c", "d"]);
  assert.deepEqual(repeated[0], first);
});

test("repetitions wait for the replay, which may hold the acknowledgement", () => {
  const world = new World().connect().join();
  world.send({ id: "a" });
  world.send({ id: "b" });
  world.ended().pass(2).join({ seq: 42 });
  world.news();
  world.say({ type: "replay", data: { from_seq: 42, to_seq: 42, truncated: false }, events: [own(42, "a")] });
  assert.deepEqual(world.told("acknowledged"), ["a accepted"]);
  assert.deepEqual(world.ids(), ["b"]);
});

test("one that is not to be repeated is given up with its connection, and never repeated after an error", () => {
  const world = joined();
  world.send({ id: "a", once: true });
  world.send({ id: "b", once: true });
  world.error("b", "rate_limited", { retry_after: 1 }).ended();
  assert.deepEqual([world.told("gave_up"), world.told("acknowledged")], [["a"], ["b refused rate_limited"]]);
  assert.deepEqual(rejoined(world).ids(), []);
});

test("what is unknown is not repeated after id_window, of the session in which it was first sent", () => {
  const world = joined({ id_window: 20 });
  world.send({ id: "a" });
  world.ended().pass(17.9);
  assert.deepEqual(world.told("gave_up"), []);
  world.pass(0.2);
  assert.deepEqual(world.told("gave_up"), ["a"]);
  world.news();
  assert.deepEqual(world.join(PLAIN).ids(), []);
});

test("a message that was only ever refused for now is sent after id_window, too", () => {
  const world = joined({ id_window: 4 });
  world.send({ id: "a" });
  world.error("a", "rate_limited", { retry_after: 9 }).pass(9.1);
  assert.deepEqual(world.ids(), ["a", "a"]);
  assert.deepEqual(world.told("gave_up"), []);
});

test("an answer that never comes is not waited for for ever", () => {
  const world = joined({ id_window: 8 });
  world.send({ id: "a" });
  world.pass(8.1);
  assert.deepEqual(world.told("gave_up"), ["a"]);
});

test("after rate_limited all messages wait for retry_after, over connections", () => {
  const world = joined();
  world.send({ id: "a" });
  world.error("a", "rate_limited", { retry_after: 5 });
  world.send({ id: "b" });
  world.news();
  rejoined(world);
  assert.deepEqual(world.ids(), []);
  world.pass(3.7);
  assert.deepEqual(world.ids(), []);
  world.pass(0.1);
  assert.deepEqual(world.ids(), ["a", "b"]);
});

for (const code of ["internal_error", "rate_limited"]) {
  test(`after ${code} without a time it waits 1 second, and twice as long each time`, () => {
    const world = joined();
    world.send({ id: "a" });
    world.news();
    const waits = [];
    for (let i = 0; i < 7; i++) {
      const asked = world.now;
      world.error("a", code);
      while (world.ids().length === 0) world.pass(0.5);
      waits.push(world.now - asked);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30]);
    for (let i = 0; i < 5; i++) world.error("a", code).pass(31);
    assert.deepEqual(world.told("acknowledged"), [`a refused ${code}`]);
  });
}

test("after unauthenticated it is sent again in the next session", () => {
  const world = joined();
  world.send({ id: "a" });
  world.error("a", "unauthenticated").pass(20);
  assert.deepEqual(world.ids(), ["a"]);
  assert.deepEqual(rejoined(world).ids(), ["a"]);
});

test("a code that it does not know is a refusal", () => {
  const world = joined();
  world.send({ id: "a" });
  assert.deepEqual(world.error("a", "a_new_code").told("acknowledged"), ["a refused a_new_code"]);
});

test("no more are under way than the server remembers, old and new together", () => {
  const world = joined({ dedup_capacity: 16 });
  for (let i = 0; i < 20; i++) world.send({ id: `m${i}` });
  assert.equal(world.ids().length, 16);
  rejoined(world, { dedup_capacity: 16 });
  assert.equal(world.ids().length, 16);
  world.say(own(1, "m0"), own(2, "m1"));
  assert.deepEqual(world.ids(), ["m16", "m17"]);
  assert.equal(rejoined(world, { dedup_capacity: 1000 }).ids().length, 18);
});

test("a session of fewer than are under way gets them in portions", () => {
  const world = joined();
  for (let i = 0; i < 20; i++) world.send({ id: `m${i}` });
  rejoined(world, { dedup_capacity: 16 });
  assert.equal(world.ids().length, 16);
  world.say(...[...Array(16).keys()].map((i) => own(i + 1, `m${i}`)));
  assert.equal(world.ids().length, 4);
});

test("no more are sent than the rate that the session promises, over connections", () => {
  const limit = { features: ["limits"], rate_limit: { messages: 50, per_seconds: 10, max_refusals: 20 } };
  const world = joined(limit);
  for (let i = 0; i < 120; i++) world.send({ id: `m${i}` });
  const sent = () => {
    const ids = world.ids();
    world.say(...ids.map((id, i) => own(world.sent.length + i, id)));
    return ids.length;
  };
  const first = sent();
  assert.ok(first <= 50 && first >= 40, first);
  rejoined(world, limit);
  assert.equal(sent(), 0);
  world.pass(8.7);
  assert.equal(sent(), 0);
  world.pass(0.1);
  assert.equal(world.news().filter(({ type }) => type === "client_message").length, first);
});

test("after 4429 it sends less than before", () => {
  const limit = { features: ["limits"], rate_limit: { messages: 50, per_seconds: 1, max_refusals: 20 } };
  const world = joined(limit);
  for (let i = 0; i < 60; i++) world.send({ id: `m${i}` });
  const before = world.ids().length;
  world.ended(4429).pass(16);
  world.news();
  world.join({ ...PLAIN, ...limit });
  const after = world.ids().length;
  assert.ok(after <= before / 2 && after > 0, after);
});

test("a message that is too long for the session is refused, to the byte", () => {
  const world = joined({ max_message_bytes: 65_536 });
  world.send({ id: "a", data: { text: "" } });
  const envelope = bytesOf(JSON.stringify(world.last));
  world.send({ id: "b", data: { text: "é".repeat((65_536 - envelope) / 2) } });
  world.send({ id: "c", data: { text: `${"é".repeat((65_536 - envelope) / 2)}x` } });
  assert.equal(bytesOf(JSON.stringify(world.last)), 65_536 - ((65_536 - envelope) % 2));
  assert.deepEqual(world.told("acknowledged"), ["c refused"]);
});

test("the limit of the challenge holds where the session states none", () => {
  const world = new World().connect().challenge({ max_message_bytes: 100 }).welcome();
  world.send({ id: "a", data: { text: "x".repeat(100) } });
  assert.deepEqual(world.told("acknowledged"), ["a refused"]);
});

test("after 1009 the longest is given up", () => {
  const world = joined();
  world.send({ id: "a" });
  world.send({ id: "b", data: { text: "xxxx" } });
  world.ended(1009);
  assert.deepEqual(world.told("gave_up"), ["b"]);
});

test("a client that stops keeps what may have been accepted for its window, and gives up the rest", () => {
  const world = joined({ id_window: 20 });
  world.send({ id: "a" });
  world.send({ id: "b" });
  world.error("b", "internal_error").ended(1008);
  assert.deepEqual(world.told("gave_up"), ["b"]);
  world.send({ id: "c" });
  assert.deepEqual(world.told("gave_up"), ["b", "c"]);
  world.pass(17);
  assert.deepEqual(world.told("gave_up"), ["b", "c"]);
  world.pass(2);
  assert.deepEqual(world.told("gave_up"), ["b", "c", "a"]);
  const unsent = new World().connect();
  unsent.send({ id: "d" });
  assert.deepEqual(unsent.ended(undefined, { status: 404 }).told("gave_up"), ["d"]);
});

test("the user's end gives everything up, and nothing is taken on after it", () => {
  const world = joined();
  world.send({ id: "a" });
  world.tell((core) => core.disconnect(world.now));
  world.send({ id: "b" });
  assert.deepEqual(world.told("gave_up"), ["a", "b"]);
});

test("two messages with one id are answered in their order", () => {
  const world = joined();
  world.send({ id: "a", data: { n: 1 } });
  world.send({ id: "a", data: { n: 2 } });
  world.say(own(1, "a")).error("a", "id_conflict");
  assert.deepEqual(world.told("acknowledged"), ["a accepted", "a refused id_conflict"]);
});

test("the queue is bounded", () => {
  const world = new World().connect();
  for (let i = 0; i < 1001; i++) world.send({ id: `m${i}` });
  assert.deepEqual(world.told("acknowledged"), ["m1000 refused"]);
  const large = new World().connect();
  for (let i = 0; i < 5; i++) large.send({ id: `m${i}`, data: { text: "x".repeat(4_000_000) } });
  assert.deepEqual(large.told("acknowledged"), ["m4 refused"]);
});

const nested = (depth) => (depth === 0 ? 1 : [nested(depth - 1)]);
const looped = {};
looped.self = looped;
for (const [what, fields] of Object.entries({
  "an infinite number": { data: { a: [Infinity] } }, "no number": { data: { a: NaN } },
  "half a surrogate pair": { data: { a: "\ud800" } }, "half a pair in a key": { data: { "\udc00": 1 } },
  "half a pair in its type": { type: "\ud800" }, "half a pair in its priority": { priority: "\ud800" },
  "what JSON would drop": { data: { a: undefined } }, "a function": { data: { a: () => 1 } }, "a bigint": { data: { a: 1n } },
  "a Date": { data: { a: new Date(0) } }, "a Map": { data: { a: new Map() } }, "a hole": { data: { a: [, 1] } },
  "what JSON would change": { data: { toJSON: () => ({}) } }, "a loop": { data: looped },
  "too much nesting": { data: { a: nested(62) } }, "no object": { data: [] }, "null": { data: null },
  "no type": { type: "" }, "a long type": { type: "x".repeat(129) }, "a priority of 7": { priority: 7 },
})) {
  test(`a message with ${what} is refused by the client itself`, () => {
    const world = joined();
    world.send({ id: "a", ...fields });
    assert.deepEqual([world.ids(), world.told("acknowledged")], [[], ["a refused"]]);
  });
}

test("the bounds themselves are right", () => {
  const world = joined();
  world.send({ id: "😀".repeat(128), type: "😀".repeat(128), data: { a: nested(61) } });
  assert.equal(world.ids().length, 1);
  for (const id of ["", "x".repeat(129), "\ud800", 7]) {
    assert.throws(() => world.send({ id }), TypeError);
  }
  assert.equal(faultIn({ "a/b~": [NaN] }), "/a~1b~0/0: a number must be finite");
});

test("events do not disturb it", () => {
  const world = joined();
  world.send({ id: "a" });
  world.say(event(1), event(2, "client_message", { client_id: "client-1", message_type: "t", message_data: {} }));
  assert.deepEqual(world.told("acknowledged"), []);
});

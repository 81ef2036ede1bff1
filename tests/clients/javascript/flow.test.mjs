/** Which events the client passes on, which place it keeps, and when it tells of a gap. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { EPOCH, World, event } from "./world.mjs";

const OTHER = "another-epoch-0001";
const PLAIN = { features: [] };
const replay = (events, truncated = false) => ({
  type: "replay",
  data: events.length ? { from_seq: events[0].seq, to_seq: events.at(-1).seq, truncated } : { truncated },
  events,
});
const place = (world) => [world.last.data.last_seq, world.last.data.last_epoch];
const again = (world, code = 1006) => world.ended(code).pass(46).challenge();

test("the place is known without any event, and moves with each", () => {
  const world = new World().connect().join();
  assert.deepEqual(place(again(world)), [41, EPOCH]);
  world.welcome().say(replay([])).say(event(42), event(43, "a_new_type"));
  assert.deepEqual(place(again(world)), [43, EPOCH]);
});

test("without an epoch or a seq there is no place", () => {
  for (const session of [{ epoch: undefined }, { seq: undefined }]) {
    const world = new World().connect().join(session).say(event(42));
    assert.deepEqual(place(again(world)), [undefined, undefined]);
  }
});

test("until the replay has come, the place stays", () => {
  const world = again(new World().connect().join().say(event(42))).welcome({ seq: 50 });
  assert.deepEqual(place(again(world)), [42, EPOCH]);
});

test("what was missed comes once, in order, before what is live", () => {
  const world = again(new World().connect().join().say(event(42)));
  world.welcome({ seq: 45 }).say(replay([42, 43, 44, 45].map((seq) => event(seq))));
  world.say(event(46), event(46), event(47));
  assert.deepEqual(world.told("event"), [42, 43, 44, 45, 46, 47]);
  assert.deepEqual(world.told("gap"), []);
});

test("a second replay is out of place, and so is one after a live event", () => {
  const world = again(new World().connect().join()).welcome({ seq: 43 });
  world.say(replay([event(42), event(43)]), replay([event(42), event(43)]), event(44), replay([event(43)]));
  assert.deepEqual(world.told("event"), [42, 43, 44]);
});

test("a replay without data has gaps that mean nothing, and moves no place", () => {
  const world = new World().connect().join().say({ type: "replay", events: [event(3), event(17)] }).say(event(42));
  assert.deepEqual(world.told("event"), [3, 17, 42]);
  assert.deepEqual(world.told("gap"), []);
});

test("a gap in a session with replay leads to another connection, and nothing comes twice", () => {
  const world = new World().connect().join().say(event(42), event(45), event(46));
  assert.deepEqual(world.told("event"), [42]);
  assert.equal(world.told("state").at(-1), "reconnecting gap");
  assert.equal(world.times("close"), 1);
  world.ended(1000).pass(2).challenge();
  assert.deepEqual(place(world), [42, EPOCH]);
  world.welcome({ seq: 46 }).say(replay([43, 44, 45, 46].map((seq) => event(seq)))).say(event(47));
  assert.deepEqual(world.told("event"), [42, 43, 44, 45, 46, 47]);
  assert.deepEqual(world.told("gap"), ["gap"]);
});

test("a gap without replay is told, and the session goes on behind it", () => {
  const world = new World().connect().join(PLAIN).say(event(42), event(45), event(46));
  assert.deepEqual(world.told("event"), [42, 45, 46]);
  assert.deepEqual(world.told("gap"), ["gap"]);
  assert.deepEqual(place(again(world)), [46, EPOCH]);
});

test("a step back is a gap, and what is known is dropped", () => {
  const world = new World().connect().join(PLAIN).say(event(42), event(43), event(42), event(43), event(44));
  assert.deepEqual(world.told("event"), [42, 43, 44]);
  assert.deepEqual(world.told("gap"), ["gap"]);
});

test("the first live event is compared with session.seq, if there is one", () => {
  assert.deepEqual(new World().connect().join(PLAIN).say(event(43)).told("gap"), ["gap"]);
  assert.deepEqual(new World().connect().join({ ...PLAIN, seq: undefined }).say(event(43)).told("gap"), []);
});

test("another epoch is told, and its numbers are all new", () => {
  const world = again(new World().connect().join(PLAIN).say(event(42))).welcome({ ...PLAIN, epoch: OTHER, seq: 1 });
  assert.deepEqual(world.told("gap"), ["gap"]);
  world.say(event(2));
  assert.deepEqual(world.told("event"), [42, 2]);
});

test("another epoch with a truncated replay is told once", () => {
  const world = again(new World().connect().join().say(event(42))).welcome({ epoch: OTHER, seq: 2 });
  world.say(replay([event(1), event(2)], true)).say(event(3));
  assert.deepEqual(world.told("gap"), ["gap"]);
  assert.deepEqual(world.told("event"), [42, 1, 2, 3]);
  assert.deepEqual(place(again(world)), [3, OTHER]);
});

test("an epoch that only one of two sessions states is another one", () => {
  const world = again(new World().connect().join(PLAIN)).welcome({ ...PLAIN, epoch: undefined });
  assert.deepEqual(world.told("gap"), ["gap"]);
});

test("a truncated replay is told", () => {
  const world = again(new World().connect().join()).welcome({ seq: 99 }).say(replay([event(98), event(99)], true));
  assert.deepEqual(world.told("gap"), ["gap"]);
  assert.deepEqual(world.told("event"), [98, 99]);
});

test("numbers past the place without a replay are told", () => {
  assert.deepEqual(again(new World().connect().join(PLAIN)).welcome({ ...PLAIN, seq: 42 }).told("gap"), ["gap"]);
  assert.deepEqual(again(new World().connect().join(PLAIN)).welcome({ ...PLAIN, seq: 41 }).told("gap"), []);
});

test("a server that has lost its newest events is heard again", () => {
  for (const features of [[], ["replay"]]) {
    const world = again(new World().connect().join({ features }).say(event(42), event(43)));
    world.welcome({ features, seq: 40 });
    if (features.length > 0) world.say(replay([39, 40].map((seq) => event(seq)), true));
    world.say(event(41), event(42));
    assert.deepEqual(world.told("event"), [42, 43, 41, 42]);
    assert.deepEqual(place(again(world)), [42, EPOCH]);
  }
});

test("a live event before the replay that is due is a gap", () => {
  for (const seq of [42, 44, 45]) {
    const world = again(new World().connect().join()).welcome({ seq: 44 }).say(event(seq));
    assert.deepEqual(world.told("event"), []);
    assert.deepEqual(world.told("gap"), ["gap"]);
    assert.equal(world.told("state").at(-1), "reconnecting gap");
    world.ended(1000).pass(46).challenge();
    assert.deepEqual(place(world), [41, EPOCH]);
  }
});

test("a replay that is due and does not come holds nothing up for ever", () => {
  const quiet = again(new World().connect().join());
  quiet.welcome({ seq: 44 }).send({ id: "m" });
  assert.deepEqual(quiet.ids(), []);
  quiet.pass(10.1);
  assert.deepEqual(quiet.ids(), ["m"]);
  assert.deepEqual(quiet.told("gap"), ["gap"]);
});

test("an event that breaks its schema counts if its seq can be read, and is not passed on", () => {
  const broken = [{ timestamp: "soon" }, { version: 2 }, { type: "pong" }, { data: null }, { session_id: 7 }];
  const world = new World().connect().join();
  world.say(...broken.map((members, n) => ({ ...event(42 + n), ...members })), event(47));
  assert.deepEqual(world.told("event"), [47]);
  assert.deepEqual(world.told("gap"), []);
  assert.deepEqual(place(again(world)), [47, EPOCH]);
  world.welcome({ seq: 49 }).say(replay([{ ...event(48), timestamp: "soon" }, event(49)]));
  assert.deepEqual(world.told("event"), [47, 49]);
  assert.deepEqual(world.told("gap"), []);
});

test("an event whose seq cannot be read does not count", () => {
  for (const seq of ["42", 0, -1, 42.5, null]) {
    const world = new World().connect().join().say({ ...event(42), seq }, event(42));
    assert.deepEqual(world.told("event"), [42]);
    assert.deepEqual(world.told("gap"), []);
  }
});

test("an event with half a surrogate pair counts, and is not passed on; one with a pair or a backslash is", () => {
  const world = new World().connect().join(PLAIN);
  const say = (seq, text) => {
    const { version, timestamp } = event(seq);
    const head = JSON.stringify({ version, seq, timestamp, type: "lamp" }).slice(0, -1);
    world.tell((core) => core.text(world.now, `${head},"data":{"text":"${text}"}}`));
  };
  for (const [n, text] of ["\\ud800", "\\\\ud800", "\\ud83d\\ude00", "\\\\\\uDC00", "\ud83d\ude00"].entries()) say(42 + n, text);
  assert.deepEqual(world.told("event"), [43, 44, 46]);
  assert.deepEqual(world.told("gap"), []);
});

test("an event whose data break their schema counts, and is not passed on", () => {
  const world = new World().connect().join(PLAIN).say(event(42, "client_message", { client_id: 5 }), event(43));
  assert.deepEqual(world.told("event"), [43]);
  assert.deepEqual(world.told("gap"), []);
});

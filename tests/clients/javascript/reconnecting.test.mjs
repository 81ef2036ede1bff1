/** When the client connects again, and what it shows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { BackOff } from "../../../clients/javascript/core/back_off.mjs";
import { LOST } from "../../../clients/javascript/core/ends.mjs";
import { World, event } from "./world.mjs";

const BACK_OFF = new URL("../../../spec/vectors/back-off.json", import.meta.url);
const MARKDOWN = new URL("../../../spec/clients.md", import.meta.url);
const session = (seconds = 20) => new World().connect().join().pass(seconds);
const opens = (world) => world.done.filter((each) => each.do === "open").map(({ at }) => at);

test("every vector of the back-off, at both ends of the random part", () => {
  for (const edge of [0, 0.999999]) {
    const backOff = new BackOff({ random: () => edge, scale: 1 });
    for (const { failures, least, from, to } of JSON.parse(readFileSync(BACK_OFF)).vectors.sort((a, b) => a.failures - b.failures)) {
      let wait;
      while (backOff.count < failures) ({ wait } = backOff.after(LOST, null));
      assert.ok(wait >= least && wait >= from && wait <= to, `${failures}: ${wait}`);
      assert.equal(Math.round(wait * 1000), Math.round(1000 * (edge === 0 ? from : to)));
    }
  }
});

test("the scale shortens each wait", () => {
  const world = new World({ scale: 0.1 }).connect().ended().pass(60);
  assert.deepEqual(opens(world).map((at) => at - 1000).slice(0, 2), [0, 0.125]);
});

test("the scale shortens the session that begins the count anew, too", () => {
  for (const [length, anew] of [[0.99, false], [1, true]]) {
    const backOff = new BackOff({ random: () => 0, scale: 0.1 });
    backOff.after(LOST, null);
    assert.equal(backOff.after(LOST, length).wait, anew ? 0.1 : 0.2);
  }
});

test("the random part differs from wait to wait", () => {
  const world = new World({ random: Math.random });
  const backOff = new BackOff({ random: Math.random, scale: 1 });
  const waits = [...Array(200)].map(() => backOff.after(LOST, null).wait).slice(10);
  const tenths = new Set(waits.map((wait) => Math.floor((wait - 30) / 1.5)));
  assert.deepEqual([...tenths].sort((a, b) => a - b), [...Array(10).keys()]);
  assert.equal(world.core.state, "disconnected");
});

/** The rows of the table of ends that begin with a close code. */
const ROWS = [...readFileSync(MARKDOWN, "utf8").matchAll(/^\| ([\d, ]+) \| ([^|]+) \| `(\w+)` \|$/gm)];

test("the table of ends is read", () => assert.equal(ROWS.flatMap(([, codes]) => codes.split(", ")).length, 17));

for (const [, codes, again, reason] of ROWS) {
  for (const code of codes.split(", ").map(Number)) {
    test(`after ${code} it connects ${again}, and the reason is ${reason}`, () => {
      const world = session().ended(code).reopen();
      if (!again.startsWith("no")) world.join().pass(5).ended(code).reopen();
      const expected = again.startsWith("no") ? 1 : again === "once" ? 2 : 3;
      assert.equal(opens(world).length, expected);
      const shown = world.told("state");
      assert.equal(shown.at(-1), `${expected === 3 ? "reconnecting" : "failed"} ${reason}`);
      if (expected > 1) assert.ok(shown.includes(`reconnecting ${reason}`));
    });
  }
}

for (const [code, reason] of [[1005, "closed"], [4999, "closed"], [3000, "closed"], [undefined, "lost"]]) {
  test(`the end ${code} is ${reason}`, () => {
    const world = session().tell((core) => core.ended(1020, { code })).pass(2);
    assert.equal(world.told("state").at(-1), `reconnecting ${reason}`);
    assert.equal(opens(world).length, 2);
  });
}

for (const [status, again, shown] of [
  [429, true, "connecting"], [500, true, "connecting"], [503, true, "connecting"], [302, false, "failed refused"],
  [403, false, "failed refused"], [404, false, "failed refused"], [200, true, "connecting"],
]) {
  test(`HTTP status ${status} ${again ? "is tried again" : "ends it"}`, () => {
    const world = new World().connect().ended(1006, { status }).pass(2);
    assert.equal(opens(world).length, again ? 2 : 1);
    assert.equal(world.told("state").at(-1), shown);
  });
}

test("an error decides over the close code", () => {
  for (const code of ["token_expired", "token_revoked"]) {
    const world = session().error(undefined, code).ended(1006).pass(100);
    assert.deepEqual([opens(world).length, world.told("state").at(-1)], [1, `failed ${code}`]);
  }
});

test("an error decides over what the client itself ends the connection for", () => {
  const gap = session().error(undefined, "token_expired").say(event(99)).ended(1000).pass(100);
  const silent = session().error(undefined, "token_expired").pass(100);
  for (const world of [gap, silent]) {
    assert.deepEqual([opens(world).length, world.told("state").at(-1)], [1, "failed token_expired"]);
  }
});

test("a short session does not begin the count anew, and a long one does", () => {
  const world = new World();
  world.connect();
  const waits = [];
  for (const seconds of [5, 5, 9.9, 10.1, 5]) {
    world.join().pass(seconds);
    const ended = world.now;
    world.ended();
    world.reopen();
    waits.push(Number((world.now - ended).toFixed(6)));
  }
  assert.deepEqual(waits, [1.25, 2.5, 5, 1.25, 2.5]);
});

for (const [code, least] of [[1013, 1.25], [4429, 12.5]]) {
  test(`a long session that ended with ${code} does not begin the count anew`, () => {
    const world = session().ended(code).pass(least + 0.01);
    assert.equal(opens(world).length, 2);
    world.join().pass(20).ended(code).pass(2.4);
    assert.equal(opens(world).length, 2);
    world.pass(11);
    assert.equal(opens(world).length, 3);
  });
}

for (const [chance, least] of [[0, 10], [0.5, 12.5], [1, 15]]) {
  test(`after 4429 it waits ${least} seconds where chance says ${chance}`, () => {
    const world = new World({ random: () => chance }).connect().join().pass(20).ended(4429);
    assert.equal(opens(world.pass(least - 0.1)).length, 1);
    assert.equal(opens(world.pass(0.2)).length, 2);
  });
}

test("it begins no attempt while the connection is being closed", () => {
  const world = session();
  world.say(event(99)).pass(1.9);
  assert.deepEqual([world.times("close"), opens(world).length], [1, 1]);
  world.pass(0.2);
  assert.deepEqual([world.times("drop"), opens(world).length], [1, 2]);
});

test("the user's end stops a session, an attempt and a wait", () => {
  const ends = [session(), new World().connect(), new World().connect().challenge(), new World().connect().ended()];
  for (const world of ends) {
    const tried = opens(world).length;
    world.tell((core) => core.disconnect(world.now)).ended(1000).pass(100);
    assert.equal(opens(world).length, tried);
    assert.equal(world.told("state").at(-1), "disconnected user");
  }
  assert.deepEqual(ends.map((world) => world.times("close")), [1, 0, 1, 0]);
});

test("it connects again when its user asks, and knows its place then", () => {
  const world = session();
  world.tell((core) => core.disconnect(world.now)).connect();
  assert.equal(opens(world).length, 1);
  world.ended(1000).challenge();
  assert.deepEqual([opens(world).length, world.last.data.last_seq], [2, 41]);
  assert.deepEqual(world.told("state").slice(-3), ["disconnected user", "connecting", "authenticating"]);
});

test("asking twice leads to one connection", () => {
  assert.equal(opens(new World().connect().connect().challenge().connect().welcome().connect()).length, 1);
});

test("asking during a wait ends it, and a failure counts like any other", () => {
  const world = new World().connect().ended();
  assert.equal(opens(world).length, 1);
  world.connect();
  assert.equal(opens(world).length, 2);
  world.ended().pass(2.4);
  assert.equal(opens(world).length, 2);
  world.pass(0.2);
  assert.equal(opens(world).length, 3);
  const lost = session().ended(4429).connect();
  assert.deepEqual([opens(lost).length, lost.core.state], [2, "reconnecting"]);
  const failed = session().ended(4401).connect();
  assert.deepEqual([opens(failed).length, failed.core.state], [2, "connecting"]);
});

test("it waits 10 seconds also after a 4429 that comes while the client itself is closing", () => {
  const world = session().say(event(99)).ended(4429).pass(9.9);
  assert.equal(opens(world).length, 1);
  world.pass(0.2);
  assert.equal(opens(world).length, 2);
});

test("4401 and 4403 decide over why the client itself is closing", () => {
  for (const [code, reason] of [[4401, "auth_failed"], [4403, "token_revoked"]]) {
    const world = session().say(event(99));
    assert.equal(world.core.state, "reconnecting");
    world.ended(code).pass(100);
    assert.deepEqual([opens(world).length, world.told("state").at(-1)], [1, `failed ${reason}`]);
    const expired = session().error(undefined, "token_expired").ended(code);
    assert.equal(expired.told("state").at(-1), `failed ${reason}`);
  }
});

test("it shows connecting until the first session, and reconnecting after it", () => {
  const world = new World().connect().challenge().ended().pass(2).challenge().welcome().pass(20).ended();
  world.pass(2).challenge().ended();
  assert.deepEqual(world.told("state"), [
    "connecting", "authenticating", "connecting lost", "authenticating", "connected", "reconnecting lost",
    "authenticating", "reconnecting lost",
  ]);
});

test("after 30 seconds without a word it asks, and 10 seconds later it lets go", () => {
  const world = session(29.9);
  world.say(event(42)).pass(29.9);
  assert.deepEqual(world.sent.map(({ type }) => type), ["auth_response"]);
  world.pass(0.2);
  assert.equal(world.last.type, "ping");
  world.pass(9.8);
  assert.equal(world.core.state, "connected");
  world.pass(0.2);
  assert.deepEqual([world.times("drop"), world.told("state").at(-1)], [1, "reconnecting lost"]);
});

test("any frame is a sign of life", () => {
  const world = session(30.1);
  world.tell((core) => core.heard(world.now)).pass(29);
  assert.deepEqual([world.core.state, world.sent.filter(({ type }) => type === "ping").length], ["connected", 1]);
});

/** How the client renews and revokes its access token, and never uses one that may be dead. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { NONCE, TOKEN, World, hmac } from "./world.mjs";

const [ID, SECRET] = TOKEN.split(".");
const NEXT = hmac(SECRET, `coda.v1 refresh\n${NONCE}`);
const client = () => new World().tell((core) => core.useToken(TOKEN)).connect();
const session = (more = {}) => client().challenge().welcome({ features: ["tokens"], ...more });
const refreshed = (more = {}) => ({
  type: "token_result",
  data: { action: "refresh", success: true, token_id: "kitchen-2", nonce: NONCE, expires_in: 100, previous: ID, ...more },
});
const ask = (world) => world.tell((core) => core.refresh(world.now));
const refreshes = (world) => world.sent.filter(({ type }) => type === "token_refresh").length;
/** The text that the last proof was made over, and with which secret. */
const proved = (world) => world.done.filter((each) => each.do === "sign").at(-1);

test("it refreshes halfway, and again halfway through the new time", () => {
  const world = session({ token_expires_in: 60 }).pass(29.9);
  assert.equal(refreshes(world), 0);
  world.pass(0.2);
  assert.equal(refreshes(world), 1);
  world.say(refreshed()).pass(20);
  assert.equal(refreshes(world), 1);
});

test("the new token is the one it authenticates with", () => {
  const world = ask(session()).say(refreshed());
  assert.deepEqual(world.told("token"), ["refresh true kitchen-2"]);
  world.ended().pass(2).challenge();
  assert.equal(world.last.data.token_id, "kitchen-2");
  assert.equal(proved(world).key, NEXT);
});

test("a challenge that comes while the new secret is computed is answered with it", () => {
  const world = ask(session());
  world.slow = true;
  world.say(refreshed());
  const wish = world.done.at(-1);
  world.ended().pass(2).challenge();
  assert.equal(world.last.type, "token_refresh");
  world.slow = false;
  world.sign(wish);
  assert.equal(world.last.data.token_id, "kitchen-2");
});

test("without previous it starts from the newest token that it knows", () => {
  const world = ask(session()).say(refreshed({ previous: undefined }));
  assert.equal(proved(world).key, SECRET);
});

test("it starts from an older token of its own where previous names that", () => {
  const world = ask(session()).say(refreshed());
  world.pass(1);
  ask(world).say(refreshed({ token_id: "kitchen-3" }));
  assert.equal(proved(world).key, SECRET);
});

test("with a previous that it does not know it continues, and needs another token at the end", () => {
  const world = ask(session()).say(refreshed({ previous: "kitchen-7" }));
  assert.deepEqual([world.core.state, world.told("token")], ["connected", ["refresh false"]]);
  world.ended().pass(100);
  assert.deepEqual([world.told("state").at(-1), world.times("open")], ["failed token_lost", 1]);
  world.connect();
  assert.equal(world.times("open"), 1);
  world.tell((core) => core.useToken(`kitchen-9.${"n".repeat(43)}`)).connect().pass(2).challenge();
  assert.equal(world.last.data.token_id, "kitchen-9");
});

test("one refresh is under way at a time, and a second comes after 1 second", () => {
  const world = ask(ask(session({ token_expires_in: 1 }))).pass(5);
  assert.equal(refreshes(world), 1);
  ask(world.say(refreshed()));
  assert.equal(refreshes(world), 2);
  ask(world.say(refreshed({ token_id: "kitchen-3", previous: "kitchen-2" })));
  assert.equal(refreshes(world), 2);
  world.pass(0.9);
  assert.equal(refreshes(world), 2);
  world.pass(0.2);
  assert.equal(refreshes(world), 3);
});

test("a refresh that was cut off is repeated, and all is well if it never happened", () => {
  const world = ask(session()).ended().pass(2).challenge().welcome({ features: ["tokens"] }).pass(1.1);
  assert.equal(refreshes(world), 2);
  world.say(refreshed()).pass(200);
  assert.deepEqual(world.told("token"), ["refresh true kitchen-2"]);
});

test("50 seconds after a refresh without an answer the token is not used", () => {
  const world = ask(session()).ended().pass(49);
  const tried = world.times("open");
  assert.ok(tried > 1);
  world.ended().pass(100);
  assert.equal(world.told("state").at(-1), "failed token_lost");
  const late = world.done.filter((each) => each.do === "open" && each.at > 1050);
  assert.deepEqual(late, []);
});

test("an attempt that is under way then is let go", () => {
  const world = ask(session()).ended().pass(2).challenge().pass(60);
  assert.deepEqual(world.told("state").at(-1), "failed token_lost");
});

test("a session goes on when the token is lost in it, and nothing comes after its end", () => {
  const world = ask(session()).pass(29);
  world.error(undefined, "a_sign_of_life").pass(22);
  assert.equal(world.core.state, "connected");
  assert.deepEqual(world.told("token"), ["refresh false"]);
  world.ended().pass(100);
  assert.equal(world.told("state").at(-1), "failed token_lost");
});

test("a refused refresh keeps token and session, and is repeated later", () => {
  for (const [more, wait] of [[{}, 10], [{ retry_after: 4 }, 4]]) {
    const world = session({ token_expires_in: 20 }).pass(10);
    world.error(world.last.id, "internal_error", more).pass(wait - 0.1);
    assert.deepEqual([refreshes(world), world.core.state], [1, "connected"]);
    world.pass(0.2);
    assert.equal(refreshes(world), 2);
  }
});

test("after not_supported there is no more refresh in the session", () => {
  const world = ask(session({ token_expires_in: 20 }));
  world.say({ type: "token_result", data: { action: "refresh", success: false, code: "not_supported" } }).pass(30);
  ask(world);
  assert.deepEqual([refreshes(world), world.told("token")], [1, ["refresh false", "refresh false"]]);
});

test("without a token, or on a server without tokens, nothing is asked", () => {
  for (const world of [new World().connect().join(), session({ features: [] }), new World()]) {
    ask(world).tell((core) => core.revoke(world.now));
    assert.deepEqual(world.told("token"), ["refresh false", "revoke false"]);
    assert.equal(world.sent.filter(({ type }) => type.startsWith("token_")).length, 0);
  }
});

test("a revocation names its token or none, and its outcome is told", () => {
  const world = session().tell((core) => core.revoke(1000, "kitchen-7")).tell((core) => core.revoke(1000));
  const [first, second] = world.sent.slice(1);
  assert.deepEqual([first.data, second.data], [{ token_id: "kitchen-7" }, undefined]);
  const answer = (id, more) => ({ type: "token_result", request_id: id, data: { action: "revoke", ...more } });
  world.say(answer(first.id, { success: false, code: "not_found" }), answer(second.id, { success: true }));
  assert.deepEqual(world.told("token"), ["revoke false", "revoke true"]);
  world.error(undefined, "token_revoked").ended(4403).pass(100);
  assert.deepEqual([world.told("state").at(-1), world.times("open")], ["failed token_revoked", 1]);
});

test("a token that is replaced by the user is not overwritten by the refresh of another", () => {
  const world = ask(session());
  world.tell((core) => core.useToken(`kitchen-9.${"n".repeat(43)}`)).say(refreshed()).ended().pass(2).challenge();
  assert.equal(world.last.data.token_id, "kitchen-9");
});

test("a token that it has already changes nothing, and another one forgets the line before it", () => {
  const world = ask(session());
  world.tell((core) => core.useToken(TOKEN)).say(refreshed());
  assert.deepEqual(world.told("token"), ["refresh true kitchen-2"]);
  world.tell((core) => core.useToken(`hall-1.${"n".repeat(43)}`)).ended().pass(2).challenge();
  world.welcome({ features: ["tokens"] });
  ask(world).say(refreshed({ token_id: "hall-2", previous: "kitchen-2" }));
  assert.deepEqual(world.told("token"), ["refresh true kitchen-2", "refresh false"]);
});

test("what is no token is refused without being repeated", () => {
  for (const text of ["", "kitchen", "kitchen.", "a b.c", `.${SECRET}`]) {
    assert.throws(() => client().tell((core) => core.useToken(text)), (error) => !text || !error.message.includes(text));
  }
});

test("a refresh that was asked for and could not be sent any more has failed", () => {
  const world = ask(session()).say(refreshed());
  ask(world).ended();
  assert.deepEqual(world.told("token"), ["refresh true kitchen-2", "refresh false"]);
});

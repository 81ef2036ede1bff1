/** How the client joins: challenge, answer, result, and what it does with messages that it cannot use. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { audienceOf, proofText, refreshText } from "../../../clients/javascript/core/access.mjs";
import { NONCE, TOKEN, URL, World, event, hmac } from "./world.mjs";

const vectors = (name) =>
  JSON.parse(readFileSync(new globalThis.URL(`../../../spec/vectors/${name}.json`, import.meta.url))).vectors;

const withToken = () => new World().tell((core) => core.useToken(TOKEN)).connect();

test("it answers the challenge before it sends anything else", () => {
  const world = new World().connect();
  world.send({ id: "early" });
  world.tell((core) => core.opened(world.now));
  assert.deepEqual(world.sent, []);
  world.challenge({ token: " any text\n" });
  assert.deepEqual(world.news(), [
    { type: "auth_response", data: { method: "challenge_token", token: " any text\n" } },
  ]);
  world.welcome();
  assert.deepEqual(world.ids(), ["early"]);
  assert.deepEqual(world.told("state"), ["connecting", "authenticating", "connected"]);
});

test("a challenge that comes with the end of the handshake is answered", () => {
  const world = new World().connect();
  world.say({ type: "auth_challenge", data: { methods: ["challenge_token"], token: "t" } });
  assert.equal(world.last.type, "auth_response");
});

test("the proof is made over the nonce of the connection, and the secret is never sent", () => {
  const world = withToken().challenge();
  const [id, secret] = TOKEN.split(".");
  const audience = "ws://127.0.0.1:8765";
  const proof = "cde84da5d319bb6b6d6dbedd9a6c8a1e57052e4fcb9a8780f1ce997a97f62304";
  assert.deepEqual(world.last.data, { method: "hmac_sha256", token_id: id, audience, proof });
  assert.ok(!JSON.stringify(world.done.filter((each) => each.do === "send")).includes(secret.slice(0, 8)));
});

test("every vector of proofs, refreshes and audiences", () => {
  for (const { secret, nonce, token_id: id, audience, proof } of vectors("hmac-proof")) {
    assert.equal(hmac(secret, proofText(nonce, id, audience)), proof);
  }
  for (const { secret, nonce, new_secret: next } of vectors("refresh-secret")) {
    assert.equal(hmac(secret, refreshText(nonce)), next);
  }
  for (const { name, url, audience } of vectors("audience")) assert.equal(audienceOf(url), audience, name);
});

test("a client with a token never echoes", () => {
  const world = withToken().challenge({ methods: ["challenge_token"] });
  assert.deepEqual(world.sent, []);
  assert.equal(world.times("close"), 1);
  assert.deepEqual(world.told("state"), ["connecting", "failed no_method"]);
  assert.deepEqual(world.notices.at(-1).detail, { methods: ["challenge_token"] });
  world.ended(1000).pass(1000);
  assert.equal(world.times("open"), 1);
});

test("it does not prove anything where there is no HMAC", () => {
  const world = new World({ canSign: false }).tell((core) => core.useToken(TOKEN)).connect().challenge();
  assert.deepEqual(world.told("state"), ["connecting", "failed no_method"]);
});

for (const [version, joins] of [["1.20", true], [undefined, true], ["2.0", false], ["11.0", false]]) {
  test(`protocol version ${version} is ${joins ? "answered" : "not answered"}`, () => {
    const world = new World().connect().challenge({ protocol_version: version });
    assert.equal(world.sent.length, joins ? 1 : 0);
    if (!joins) assert.equal(world.told("state").at(-1), "failed version");
  });
}

test("a second challenge is not answered", () => {
  const world = new World().connect().challenge().challenge({ token: "another" }).welcome();
  world.challenge({ token: "a third" });
  assert.deepEqual(world.sent.map(({ data }) => data.token), ["t"]);
  assert.equal(world.core.state, "connected");
});

test("after a failure it closes, and tries once more with another challenge token, but not again", () => {
  const world = new World().connect();
  const failure = { type: "auth_result", data: { success: false, code: "auth_failed", message: "no" } };
  world.challenge().say(failure).ended(1000).pass(1.6);
  assert.deepEqual([world.times("close"), world.times("open")], [1, 2]);
  world.challenge({ token: "u" }).say(failure).ended(1000).pass(1000);
  assert.deepEqual([world.times("close"), world.times("open")], [2, 2]);
  assert.equal(world.told("state").at(-1), "failed auth_failed");
});

for (const [code, reason, opens] of [
  ["auth_failed", "auth_failed", 1], ["invalid_response", "auth_failed", 1], ["token_expired", "token_expired", 1],
  ["token_revoked", "token_revoked", 1], ["a_new_code", "auth_failed", 1], ["auth_timeout", "timeout", 2],
]) {
  test(`a token that meets ${code} is used ${opens === 1 ? "no more" : "again"}`, () => {
    const world = withToken().challenge();
    world.say({ type: "auth_result", data: { success: false, code, message: "no" } }).ended(1000).pass(5);
    assert.equal(world.times("open"), opens);
    if (opens === 1) assert.equal(world.told("state").at(-1), `failed ${reason}`);
  });
}

test("an attempt is given up after 30 seconds without a result", () => {
  const world = new World().connect().challenge().pass(29.9);
  assert.equal(world.times("drop"), 0);
  world.pass(0.2);
  assert.equal(world.times("drop"), 1);
  world.pass(1.5);
  assert.equal(world.times("open"), 2);
});

test("an auth_result without a session promises the defaults", () => {
  const world = new World().connect().challenge().say({ type: "auth_result", data: { success: true, client_id: "c" } });
  assert.equal(world.core.state, "connected");
  world.say(event(7), event(8));
  assert.deepEqual(world.told("event"), [7, 8]);
  world.ended().pass(2).challenge();
  assert.deepEqual(Object.keys(world.last.data), ["method", "token"]);
});

for (const text of [
  "hello", "", "[]", "null", '"x"', '{"type": 5}', '{"type": "replay"}', '{"type": "error", "data": {}}',
  '{"type": "toString"}', '{"type": "__proto__", "data": {}}', '{"type": "auth_result", "data": {"success": true}}',
  '{"version": "1.0", "seq": 42, "type": "stt_end", "data": {}}', '{"type": "pong", "data": {}, "request_id": ""}',
  '{"type": "duplicate_message", "request_id": "m", "data": {"original_type": "client_message", "count": 1}}',
  '{"type": "token_result", "data": {"action": "refresh", "success": true}}', "\ufeff{}",
  '{"type": "error", "request_id": "m", "data": {"code": "\\ud800", "message": "no"}}',
]) {
  test(`nothing comes of ${JSON.stringify(text)}`, () => {
    const world = new World().connect();
    world.tell((core) => core.text(world.now, text)).challenge();
    world.tell((core) => core.text(world.now, text)).welcome();
    world.send({ id: "m" });
    world.tell((core) => core.text(world.now, text)).say(event(42));
    assert.deepEqual(world.told("event"), [42]);
    assert.deepEqual([world.told("acknowledged"), world.told("gap"), world.times("close")], [[], [], 0]);
  });
}

test("nothing with half a surrogate pair is sent back", () => {
  const world = new World().connect();
  world.challenge({ token: "\ud800" }).challenge().welcome({ epoch: "\ud800-epoch-of-it" });
  assert.equal(world.core.state, "authenticating");
  assert.deepEqual(world.sent.map(({ data }) => data.token), ["t"]);
});

test("an event before the auth_result is not passed on", () => {
  const world = new World().connect().challenge().say(event(42)).welcome().say(event(42));
  assert.deepEqual(world.told("event"), [42]);
});

test("a resume secret is kept until a session has begun with it, and for its own address", () => {
  const [first, second] = ["v0R2mYx7QkJd9sT1uC3yEg", "w0R2mYx7QkJd9sT1uC3yEg"];
  const world = new World().connect().join({ resume: first }).ended().pass(2).challenge();
  assert.equal(world.last.data.resume, first);
  world.ended().pass(5).challenge();
  assert.equal(world.last.data.resume, first);
  world.welcome({ resume: second }).ended().pass(10).challenge();
  assert.equal(world.last.data.resume, second);
  world.welcome({}).ended().pass(20).challenge();
  assert.equal(world.last.data.resume, undefined);
  world.welcome({ resume: first }).connect("ws://other.example/").ended(1000).challenge();
  assert.equal(world.done.filter((each) => each.do === "open").at(-1).url, "ws://other.example/");
  assert.deepEqual(world.last.data, { method: "challenge_token", token: "t" });
});

test("the address of the client is the one that is dialled", () => {
  assert.deepEqual(new World().connect().done.map((each) => each.url), [URL]);
  assert.equal(NONCE.length, 22);
});

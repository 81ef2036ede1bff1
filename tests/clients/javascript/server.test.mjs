/** The client meets the reference server. CODA_WEBSOCKET=native uses Node's own WebSocket. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { websocketService } from "../../../clients/javascript/client.mjs";
import { relay, serve } from "./reference.mjs";

const LIMIT = { timeout: 60_000 };
const { WebSocket } =
  process.env.CODA_WEBSOCKET === "native" ? globalThis : await import("../../../clients/javascript/node_modules/ws/wrapper.mjs");

let server;
before(async () => (server = await serve()));
after(() => server.end());

/** A client that is gone after the test, and everything that it told. */
function client(t, url, options = {}) {
  const service = websocketService(url, { WebSocket, backoffScale: 0.05, ...options });
  const notices = [];
  service.addNoticeListener((notice) => notices.push(notice));
  t.after(() => service.disconnect());
  return { service, notices, told: (kind) => notices.filter(({ notice }) => notice === kind) };
}

/** Resolves when the client shows a state. */
function shows(service, wanted) {
  if (service.state === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const listener = ({ state, reason }) => {
      if (state !== wanted) return;
      service.removeStateListener(listener);
      resolve(reason);
    };
    service.addStateListener(listener);
  });
}

/** Resolves with the events of a type when there are so many. */
function events(service, type, count) {
  const found = [];
  return new Promise((resolve) => {
    service.addEventListener(type, (event) => found.push(event) === count && resolve(found));
  });
}

test("it joins, sends, hears, and leaves", LIMIT, async (t) => {
  const { service, told } = client(t, server.url);
  const heard = events(service, "client_message", 1);
  await service.connect();
  const answer = await service.sendClientMessage("text_input", { text: "hello" }, { id: "m-1", priority: "high" });
  assert.deepEqual(answer, { id: "m-1", outcome: "accepted" });
  const [{ data }] = await heard;
  assert.deepEqual([data.message_type, data.message_data, data.id], ["text_input", { text: "hello" }, "m-1"]);
  await service.disconnect();
  assert.deepEqual(told("state").map(({ state }) => state), ["connecting", "authenticating", "connected", "disconnected"]);
});

test("a refusal says why", LIMIT, async (t) => {
  const { service } = client(t, server.url);
  await service.connect();
  const refused = { name: "CodaError", outcome: "refused" };
  await assert.rejects(service.sendClientMessage("text_input", { text: "" }), { ...refused, code: "invalid_message" });
  await assert.rejects(service.sendClientMessage("note", { at: new Date() }), { ...refused, code: undefined });
  await assert.rejects(service.sendClientMessage("note", {}, { id: "" }), TypeError);
  await service.disconnect();
  await assert.rejects(service.sendClientMessage("note", {}), { outcome: "gave_up" });
});

test("it joins with an access token, refreshes and revokes it, and shows nobody the secret", LIMIT, async (t) => {
  const { token } = await server.hook("issue_token", { identity: "kitchen" });
  const tokens = [];
  const { service, notices } = client(t, server.url, { token, onToken: (next) => tokens.push(next) });
  await service.connect();
  const id = await service.refreshToken();
  assert.equal(tokens.length, 1);
  assert.equal(tokens[0].split(".")[0], id);
  assert.ok(!JSON.stringify(notices).includes(tokens[0].split(".")[1]));
  const other = client(t, server.url, { token: tokens[0] });
  await other.service.connect();
  const end = shows(service, "failed");
  await other.service.revokeToken();
  assert.equal(await end, "token_revoked");
  await assert.rejects(service.connect(), { name: "CodaError", reason: "token_revoked" });
});

test("a token whose newest successor the client does not know ends it, and connect says so again", LIMIT, async (t) => {
  const { token } = await server.hook("issue_token", { identity: "hall" });
  const [one, other] = [client(t, server.url, { token }), client(t, server.url, { token })];
  await Promise.all([one.service.connect(), other.service.connect()]);
  await one.service.refreshToken();
  await assert.rejects(other.service.refreshToken(), { name: "CodaError" });
  assert.equal(other.service.state, "connected");
  await other.service.disconnect();
  await assert.rejects(other.service.connect(), { reason: "token_lost" });
});

test("connect and disconnect may be called at any time, and each call comes to its end", LIMIT, async (t) => {
  const { service, told } = client(t, server.url);
  await Promise.all([service.connect(), service.connect()]);
  await service.connect();
  const left = service.disconnect();
  await Promise.all([left, service.connect()]);
  await assert.rejects(service.connect("ws://127.0.0.1:1/"), { name: "TypeError", message: /another address/ });
  assert.equal(service.state, "connected");
  await service.disconnect();
  const hung = service.connect("ws://127.0.0.1:1/");
  await Promise.all([assert.rejects(hung, { reason: "user" }), service.disconnect(), service.disconnect()]);
  await assert.rejects(service.connect("http://127.0.0.1/"), TypeError);
  const states = told("state").map(({ state }) => state).filter((state) => state !== "authenticating");
  const once = ["connecting", "connected", "disconnected"];
  assert.deepEqual(states, [...once, ...once, "connecting", "disconnected"]);
});

test("a wrong token fails once and for all", LIMIT, async (t) => {
  const { service, told } = client(t, server.url, { token: `kitchen.${"x".repeat(43)}` });
  await assert.rejects(service.connect(), { reason: "auth_failed" });
  assert.equal(told("state").filter(({ state }) => state === "authenticating").length, 1);
});

test("a server that is not there is tried until it is, on the same port", LIMIT, async (t) => {
  const first = await serve();
  await first.end();
  const { service, told } = client(t, first.url);
  const joined = service.connect();
  const sent = service.sendClientMessage("note", { early: true });
  const second = await serve({ port: first.port });
  t.after(() => second.end());
  await joined;
  assert.equal((await sent).outcome, "accepted");
  assert.deepEqual(told("state").map(({ state }) => state), ["connecting", "authenticating", "connected"]);
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`a server that ends by ${signal} and comes back is joined again, and the gap is told`, LIMIT, async (t) => {
    const first = await serve();
    const { service, told } = client(t, first.url);
    await service.connect();
    const away = shows(service, "reconnecting");
    await first.end(signal);
    assert.equal(await away, signal === "SIGTERM" ? "shutdown" : "lost");
    const sent = service.sendClientMessage("note", { meanwhile: true });
    const second = await serve({ port: first.port });
    t.after(() => second.end());
    assert.equal((await sent).outcome, "accepted");
    assert.equal(told("gap").length, 1);
  });
}

for (const method of ["challenge_token", "hmac_sha256"]) {
  test(`over a network that cuts again and again nothing is lost or comes twice: ${method}`, LIMIT, async (t) => {
    const line = await relay();
    const options = [`--audience=${new URL(line.url).origin}`, `--methods=${method}`, "--replay-limit=1000"];
    const cutServer = await serve({ options });
    line.to.port = cutServer.port;
    t.after(() => (line.end(), cutServer.end()));
    const given = method === "hmac_sha256" ? await cutServer.hook("issue_token", { identity: "hall" }) : {};
    const { service, told } = client(t, line.url, { ...given, backoffScale: 0.02 });
    const seen = [];
    service.addEventListener("client_message", ({ seq, data }) => seen.push([seq, data.message_data.n]));
    await service.connect();
    const outcomes = [];
    for (let n = 0; n < 200; n++) {
      outcomes.push(service.sendClientMessage("note", { n }));
      if (n % 20 === 10) {
        line.cut();
        await shows(service, "reconnecting");
      } else if (n % 20 === 0) await shows(service, "connected");
      else await new Promise(setImmediate);
    }
    await Promise.all(outcomes);
    await service.sendClientMessage("note", { n: 200 });
    assert.equal(told("gap").length, 0);
    // What the server has numbered is what was sent: each message once, and each event once and in order.
    assert.deepEqual(seen.map(([seq]) => seq), [...Array(201).keys()].map((n) => n + 1));
    assert.deepEqual(seen.map(([, n]) => n), [...Array(201).keys()]);
    assert.ok(told("state").filter(({ state }) => state === "reconnecting").length >= 9);
  });
}

test("a network that lets nothing through is noticed", LIMIT, async (t) => {
  const line = await relay(server);
  t.after(() => line.end());
  const { service } = client(t, line.url, { backoffScale: 0.02 });
  await service.connect();
  const away = shows(service, "reconnecting");
  line.stall();
  assert.equal(await away, "lost");
  await shows(service, "connected");
});

test("events of the server's own arrive in order", LIMIT, async (t) => {
  const { service } = client(t, server.url);
  const heard = events(service, "lamp", 30);
  await service.connect();
  const { seq } = await server.hook("emit_event", { type: "lamp", data: {}, count: 30 });
  const found = await heard;
  assert.deepEqual(found.map((event) => event.seq), [...Array(30).keys()].map((n) => seq - 29 + n));
});

test("a listener that fails disturbs neither the others nor the client", LIMIT, async (t) => {
  const { service } = client(t, server.url);
  const { error } = console;
  t.after(() => (console.error = error));
  const errors = [];
  console.error = (fault) => errors.push(fault.message);
  service.addEventListener("lamp", () => { throw new Error("a listener's own"); });
  const heard = events(service, "lamp", 1);
  await service.connect();
  await server.hook("emit_event", { type: "lamp", data: {} });
  await heard;
  assert.equal((await service.sendClientMessage("note", {})).outcome, "accepted");
  assert.deepEqual(errors, ["a listener's own"]);
});

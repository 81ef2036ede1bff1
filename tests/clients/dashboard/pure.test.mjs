/** What the dashboard keeps, finds and counts, without a page. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { scaleFor } from "../../../reference_server/dashboard/chart.mjs";
import { Talk } from "../../../reference_server/dashboard/conversation.mjs";
import { visible } from "../../../reference_server/dashboard/elements.mjs";
import { Matching, wordsOf } from "../../../reference_server/dashboard/matching.mjs";
import { Meter, SECONDS, medianOf } from "../../../reference_server/dashboard/meter.mjs";
import { MOST_EVENTS, Store } from "../../../reference_server/dashboard/store.mjs";

const event = (seq, data = {}, type = "stt_end") => ({ seq, timestamp: 1, type, data });
const always = () => true;

function stored(...datas) {
  const store = new Store();
  datas.forEach((data, index) => store.add(event(index + 1, data), 2));
  return store;
}

test("a store keeps the newest events, and their numbers go on", () => {
  const store = new Store();
  for (let seq = 1; seq <= MOST_EVENTS + 10_000; seq += 1) store.add(event(seq), 2);
  assert.equal(store.next - store.first, MOST_EVENTS);
  assert.equal(store.at(store.first).seq, 10_001);
  assert.equal(store.at(store.next - 1).seq, MOST_EVENTS + 10_000);
  assert.equal(store.at(store.first - 1), undefined);
  assert.equal(store.at(store.next), undefined);
});

test("a store is bounded in characters too, and cuts what is too long", () => {
  const store = new Store();
  const text = "x".repeat(2 ** 20);
  for (let seq = 1; seq <= 500; seq += 1) store.add(event(seq, { text }), 2);
  let characters = 0;
  for (let number = store.first; number < store.next; number += 1) characters += store.at(number).text.length;
  assert.ok(characters <= 32 * 2 ** 20, String(characters));
  assert.ok(store.next - store.first > 100);
  assert.equal(store.at(store.next - 1).cut, text.length + '{"text":""}'.length);
});

test("a cleared store is empty, and takes events again", () => {
  const store = stored({}, {}, {});
  store.clear();
  assert.deepEqual([store.first, store.next], [3, 3]);
  store.add(event(4), 2);
  assert.equal(store.at(3).seq, 4);
});

test("a search has words and phrases, in any case", () => {
  assert.deepEqual(wordsOf('one "Two three" FOUR "'), ["one", "two three", "four"]);
  const store = stored({ a: "Red apple" }, { a: "green apple" }, { a: "red pear" });
  const matching = new Matching(store);
  for (const [query, found] of [["apple red", [0]], ['"apple"', [1, 0]], ["red", [2, 0]], ["", [2, 1, 0]], ["blue", []]]) {
    matching.begin(query, "");
    matching.work(store.next, always);
    assert.deepEqual(Array.from({ length: matching.count }, (_, index) => matching.number(index)), found);
  }
  matching.begin("", "stt_start");
  matching.work(store.next, always);
  assert.equal(matching.count, 0);
});

test("a search goes on where its time was over, and forgets what is gone", () => {
  const store = new Store();
  for (let seq = 1; seq <= 1000; seq += 1) store.add(event(seq), 2);
  const matching = new Matching(store);
  matching.begin("", "");
  matching.work(store.next, () => false);
  assert.ok(matching.count > 0 && matching.count < 1000);
  assert.ok(matching.isBehind(store.next));
  matching.work(store.next, always);
  assert.equal(matching.count, 1000);
  for (let seq = 1; seq <= MOST_EVENTS; seq += 1) store.add(event(seq), 2);
  matching.work(store.next, always);
  assert.equal(matching.count, MOST_EVENTS);
  assert.equal(matching.indexOf(store.first), MOST_EVENTS - 1);
  assert.equal(matching.indexOf(store.first - 1), -1);
  assert.equal(matching.indexOf(store.next - 1), 0);
});

test("a meter has a row for each second, and forgets old ones", () => {
  const meter = new Meter();
  for (const delay of [30, 10, null, -5, 20]) meter.event(999, delay);
  meter.trip(998, 7);
  const rows = meter.rows(1000);
  assert.equal(rows.length, SECONDS);
  assert.deepEqual(rows.at(-1), { events: 5, delay: 20, trip: null });
  assert.deepEqual(rows.at(-2), { events: 0, delay: null, trip: 7 });
  assert.deepEqual(meter.rows(2000).filter((row) => row.events > 0), []);
  assert.deepEqual(meter.rows(1000).filter((row) => row.events > 0), []);
  assert.equal(medianOf([]), null);
});

test("a scale ends at 1, 2 or 5 times a power of ten", () => {
  const tops = [0, 0.3, 1, 1.1, 3, 7, 120, NaN, Infinity].map(scaleFor);
  assert.deepEqual(tops, [1, 0.5, 1, 2, 5, 10, 200, 1, 1]);
});

test("a conversation ignores what has not its texts, and is bounded", () => {
  const talk = new Talk();
  for (const data of [{}, { text: null }, { text: 5 }, { content: "x" }]) {
    for (const type of ["stt_result", "llm_token", "conversation_turn", "client_message", "toString"]) talk.take({ type, data });
  }
  assert.deepEqual(talk.turns, []);
  for (let turn = 0; turn < 1000; turn += 1) talk.take({ type: "stt_result", data: { text: String(turn) } });
  assert.equal(talk.turns.length, 200);
  assert.equal(talk.turns.at(-1).text, "999");
  for (let index = 0; index < 2000; index += 1) {
    talk.take({ type: "llm_token", data: { token: "x".repeat(100), token_index: index } });
  }
  assert.equal(talk.turns.at(-1).text.length, 65_536);
});

test("what turns a text or cannot be seen is written out", () => {
  assert.equal(visible("a\u202eb\u0007\n\tc\u2066é😀"), "a\\u202eb\\u0007\n\tc\\u2066é😀");
});

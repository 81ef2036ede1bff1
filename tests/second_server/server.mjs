/** A server for the Coda protocol, written from its specification alone: options, start and end. */
import { parseArgs } from "node:util";

import { Clock } from "./clock.mjs";
import { emitEvents, serveHooks } from "./control.mjs";
import { Listener } from "./listener.mjs";
import { Tokens } from "./tokens.mjs";

/** Name on the command line, default, and least value; windows are in seconds. */
const OPTIONS = [
  ["port", 8765, 0],
  ["control-port", -1, -1],
  ["auth-timeout", 30, 0.01],
  ["dedup-window", 5, 0.01],
  ["id-window", 300, 0.01],
  ["dedup-capacity", 1000, 1],
  ["replay-limit", 50, 1],
  ["resume-window", 300, 0.01],
  ["token-ttl", 3600, 0.01],
  ["close-timeout", 3, 0.01],
  ["rate-messages", 100, 1],
  ["rate-seconds", 1, 0.01],
  ["max-refusals", 20, 1],
  ["violation-limit", 100, 20],
  ["pending-limit", 64, 32],
  ["connection-limit", 1000, 32],
  ["max-message-bytes", 1_048_576, 65_536],
  ["most-waiting", 4_194_304, 69_632],
];

function readOptions(argv) {
  const known = Object.fromEntries(OPTIONS.map(([name]) => [name, { type: "string" }]));
  const { values } = parseArgs({ args: argv, options: known });
  const pairs = OPTIONS.map(([name, usual, least]) => {
    const value = Number(values[name] ?? usual);
    if (!(value >= least)) throw new RangeError(`--${name} must be a number of ${least} or more`);
    return [name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()), value];
  });
  return Object.fromEntries(pairs);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  const clock = new Clock();
  const lasting = { options, clock, tokens: new Tokens(clock, options) };
  let listener = new Listener(lasting);
  const port = await listener.start(options.port);
  let ready = `listening on ws://127.0.0.1:${port}/`;

  const shutDown = async () => {
    await listener.stop();
    process.exit(0);
  };
  const restart = async () => {
    await listener.stop();
    listener = new Listener(lasting);
    await listener.start(port);
    return {};
  };
  process.on("SIGTERM", shutDown);
  process.on("SIGINT", shutDown);

  if (options.controlPort >= 0) {
    const hooks = new Map([
      ["issue_token", ({ identity, ttl }) => ({ token: lasting.tokens.issue(identity, ttl) })],
      ["emit_event", (request) => emitEvents(listener.events, request)],
      ["advance_clock", ({ seconds }) => (clock.advance(seconds), {})],
      ["restart", restart],
      ["shutdown", () => (setImmediate(shutDown), {})],
    ]);
    const control = await serveHooks(hooks, options.controlPort);
    ready += ` control http://127.0.0.1:${control.address().port}`;
  }
  console.log(ready);
}

await main();

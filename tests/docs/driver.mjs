/** Drives the client to copy: commands come as lines of JSON, answers and events go out as such. */
import { createInterface } from "node:readline";

import { Client } from "../../docs/examples/client.mjs";

const library = process.argv[2];
const options = library ? { WebSocket: (await import(library)).default } : {};
const say = (row) => process.stdout.write(`${JSON.stringify(row)}\n`);
let client;

const DO = {
  async join(url, ...types) {
    client = new Client(url, options);
    for (const type of types) client.on(type, (event) => say({ event }));
    await client.joined;
  },
  send: (kind, data, members) => client.send(kind, data, members),
  identity: () => client.client_id,
  ended: () => client.ended,
  close: () => client.close(),
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { number, name, args } = JSON.parse(line);
  try {
    say({ number, value: (await DO[name](...args)) ?? null });
  } catch (error) {
    say({ number, error: String(error) });
  }
});

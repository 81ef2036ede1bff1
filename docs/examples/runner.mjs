/**
 * Runs snippets that stand on the standard input, one after another, and prints what they print.
 *
 * The input is JSON: the server's `url` and `control` addresses, and the `snippets` by name. The
 * client raises a snippet's events when it has joined; each client is closed behind them.
 */
import { format } from "node:util";
import { text } from "node:stream/consumers";

import { Client as Plain } from "./client.mjs";

const END = "the_end_of_a_snippet";
const AsyncFunction = (async () => {}).constructor;
const { url, control, snippets } = JSON.parse(await text(process.stdin));

async function ask(hook, args) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(args);
  const answer = await fetch(`${control}/${hook}`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function run({ javascript, events = [] }) {
  await ask("restart", {});
  const clients = [];
  class Client extends Plain {
    constructor(...args) {
      super(...args);
      clients.push(this);
      this.heard = new Promise((resolve) => this.on(END, resolve));
      this.raised = this.joined.then(async () => {
        for (const event of [...events, { type: END, data: {} }]) await ask("emit_event", event);
      });
    }
  }
  const lines = [];
  const console = { log: (...words) => lines.push(`${format(...words)}\n`) };
  const { token } = await ask("issue_token", { identity: "kitchen" });
  const names = { Client, url, token, console };
  await new AsyncFunction(...Object.keys(names), javascript)(...Object.values(names));
  for (const client of clients) {
    await client.raised;
    await Promise.race([client.heard, client.ended]);
    client.close();
  }
  return lines.join("");
}

const printed = {};
for (const [name, snippet] of Object.entries(snippets)) printed[name] = await run(snippet);
process.stdout.write(JSON.stringify(printed));

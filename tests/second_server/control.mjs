/** The hooks, on a loopback address of their own. */
import { once } from "node:events";
import { createServer } from "node:http";

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_EVENTS = 10_000;

/** Serves the `hooks`, functions by name, on a free port or the one given; returns the HTTP server. */
export async function serveHooks(hooks, port) {
  const http = createServer((request, response) => {
    answer(hooks, request).then(
      (result) => response.end(JSON.stringify(result)),
      (fault) => response.writeHead(400).end(JSON.stringify({ message: fault.message })),
    );
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  return http;
}

async function answer(hooks, request) {
  const hook = hooks.get(request.url.slice(1));
  // No page in a browser calls a hook.
  if (!hook || request.method !== "POST" || request.headers.origin !== undefined) {
    throw new Error("no such hook");
  }
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > MOST_BYTES) throw new Error("the request is too long");
  }
  return hook(JSON.parse(body));
}

/** Makes the server say something, as `emit_event` of the hooks asks for. */
export function emitEvents(events, { type, data, priority, count = 1 }) {
  if (!Number.isInteger(count) || count < 1 || count > MOST_EVENTS) throw new Error("count is wrong");
  const text = JSON.stringify(data);
  for (let emitted = 0; emitted < count; emitted += 1) {
    if (!events.emit(type, text, priority === "high")) throw new Error("the event is too long");
  }
  return { seq: events.seq, epoch: events.epoch };
}

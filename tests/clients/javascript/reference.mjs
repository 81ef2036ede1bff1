/** The reference server as a process, and a relay that cuts what runs through it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PYTHON = process.env.CODA_PYTHON ?? "python3";

/** A reference server with options; `port` and `url` say where, `hook(name, body)` calls a hook. */
export async function serve({ port = 0, options = [] } = {}) {
  const words = ["-m", "reference_server", `--port=${port}`, "--control-port=0", ...options];
  const child = spawn(PYTHON, words, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const [url] = line.match(/ws:\/\/\S+/);
  const [control] = line.match(/http:\/\/\S+/);
  const hook = async (name, body = {}) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${control}/${name}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const end = async (signal = "SIGTERM") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  return { url, port: Number(new URL(url).port), hook, end };
}

/** A relay to `to.port`: `cut()` resets all that runs through it, `stall()` lets nothing more through. */
export async function relay(to = {}) {
  const pairs = new Set();
  const server = createServer((near) => {
    const far = connect(to.port, "127.0.0.1");
    const pair = [near, far];
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near]]) {
      one.pipe(other);
      one.on("error", () => {});
      one.on("close", () => (other.destroy(), pairs.delete(pair)));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const each = (action) => [...pairs].forEach((pair) => pair.forEach(action));
  const cut = () => each((socket) => socket.resetAndDestroy());
  const stall = () => each((socket) => (socket.unpipe(), socket.pause()));
  const end = () => (cut(), new Promise((resolve) => server.close(resolve)));
  return { url: `ws://127.0.0.1:${server.address().port}/`, to, cut, stall, end };
}

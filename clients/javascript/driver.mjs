/** A driver for tests: `node driver.mjs URL` reads commands and writes notices (spec/driver.md). */
import { StringDecoder } from "node:string_decoder";

import { websocketService } from "./client.mjs";

const LONGEST_LINE = 2 * 1024 * 1024;
const LONGEST_MESSAGE = 32 * 1024 * 1024;
/** Milliseconds for a server that has sent a close frame to end the connection. */
const CLOSING = 2000;
/** Milliseconds after the end of the input within which the process ends. */
const ENDS_WITHIN = 4000;

/** The four states that every client shows; the others are parts of these. */
const SHOWN = { failed: "disconnected" };

/** The WebSocket of the npm package ws, without compression; that of Node itself where there is no ws. */
async function findWebSocket() {
  try {
    const { default: WebSocket } = await import("ws");
    return class extends WebSocket {
      constructor(url, protocols) {
        super(url, protocols, {
          perMessageDeflate: false,
          maxPayload: LONGEST_MESSAGE,
          closeTimeout: CLOSING,
        });
      }
    };
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || globalThis.WebSocket === undefined) throw error;
    return globalThis.WebSocket;
  }
}

function write(notice) {
  process.stdout.write(`${JSON.stringify(notice)}\n`);
}

/** What became of a command is told by a notice. */
function unheard() {}

class Driver {
  #service;
  #shown = "disconnected";

  constructor(service) {
    this.#service = service;
    service.addNoticeListener((notice) => this.#tell(notice));
  }

  #tell(notice) {
    if (notice.notice === "state") this.#state(notice);
    else if (notice.notice === "event") this.#event(notice.event);
    else {
      const { fault, lost, ...told } = notice;
      write(told);
    }
  }

  #event({ type, seq }) {
    write({ notice: "event", type, seq });
  }

  #state({ state, reason }) {
    if (state === "authenticating") return;
    const shown = SHOWN[state] ?? state;
    if (shown === this.#shown) return;
    this.#shown = shown;
    write({ notice: "state", state: shown, ...(reason ? { reason } : {}) });
  }

  #commands = {
    connect: ({ url }) => this.#service.connect(url).catch(unheard),
    send: ({ message_type: type, message_data: data, id, priority, once }) =>
      this.#service.sendClientMessage(type, data, { id, priority, once }).catch(unheard),
    refresh: () => this.#service.refreshToken().catch(unheard),
    revoke: ({ token_id: tokenId }) => this.#service.revokeToken(tokenId).catch(unheard),
    token: ({ token }) => this.#service.setToken(token),
    disconnect: () => this.#service.disconnect(),
  };

  /** Carries out a line; one that is no command is told to people. */
  take(line) {
    if (line.trim() === "") return;
    try {
      const command = JSON.parse(line);
      if (Object.hasOwn(this.#commands, command?.command)) this.#commands[command.command](command);
    } catch (error) {
      console.error(`a command was not carried out: ${error.name}`);
    }
  }

  /** The input has ended. */
  async end() {
    setTimeout(() => process.exit(0), ENDS_WITHIN).unref();
    await this.#service.disconnect();
    process.exit(0);
  }
}

/** Hands on each line of the input that is not too long. */
function readLines(input, take, end) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let tooLong = false;
  input.on("data", (chunk) => {
    const pieces = decoder.write(chunk).split("\n");
    for (const piece of pieces.slice(0, -1)) {
      if (!tooLong) take(rest + piece);
      rest = "";
      tooLong = false;
    }
    rest += pieces.at(-1);
    if (rest.length <= LONGEST_LINE) return;
    rest = "";
    tooLong = true;
  });
  input.on("end", end);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** The service that the arguments and the environment describe. */
async function start() {
  const [url] = process.argv.slice(2);
  if (url === undefined) fail("usage: node driver.mjs URL, with the access token, if any, in CODA_TOKEN");
  const { CODA_TOKEN: token, CODA_BACKOFF_SCALE: stated = "1" } = process.env;
  const scale = Number(stated);
  if (!(scale > 0 && scale < Infinity)) fail("CODA_BACKOFF_SCALE must be a number above 0");
  const WebSocket = await findWebSocket();
  try {
    return websocketService(url, { token, WebSocket, backoffScale: scale });
  } catch (error) {
    fail(error.message); // which repeats neither the token nor the address
  }
}

const driver = new Driver(await start());
process.stdout.on("error", () => process.exit(0));
readLines(process.stdin, (line) => driver.take(line), () => driver.end());

/** One run of the server, from listening to its end: handshakes, and what its sessions share. */
import { once } from "node:events";
import { STATUS_CODES, createServer } from "node:http";
import { WebSocketServer } from "ws";

import { Deduplication } from "./deduplication.mjs";
import { Events } from "./events.mjs";
import { Rate } from "./rate.mjs";
import { Resume } from "./resume.mjs";
import { Session } from "./session.mjs";

const ADDRESS = "127.0.0.1";
const NAMES = ["localhost", "127.0.0.1", "[::1]"];
const SUBPROTOCOL = "coda.v1";
const HOST = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/;
const ORIGIN = /^(https?):\/\/(\[[^\]]*\]|[^:/?#@]+)(:\d+)?$/;
const DEFAULT_PORTS = { http: ":80", https: ":443" };
/** A compressed payload may be longer than what it inflates to, which is what is counted. */
const DEFLATE_OVERHEAD = 1024;

export class Listener {
  #http = createServer((_, response) => response.writeHead(400).end());
  #webSockets;
  #core;

  /** `clock` and `tokens` outlive the run. */
  constructor({ options, clock, tokens }) {
    this.#core = {
      options, clock, tokens,
      audiences: new Set(),
      sessions: new Set(),
      events: new Events(clock, options),
      deduplication: new Deduplication(clock, options),
      rate: new Rate(clock, options),
      resume: new Resume(clock, options),
    };
    this.#webSockets = new WebSocketServer(socketOptions(options));
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** The numbering and sending of events. */
  get events() {
    return this.#core.events;
  }

  /** Listens on a loopback port, 0 for a free one; returns the port. */
  async start(port) {
    // ORIGIN-04: bind to loopback.
    this.#http.listen(port, ADDRESS);
    await once(this.#http, "listening");
    const actual = this.#http.address().port;
    const suffix = actual === 80 ? "" : `:${actual}`;
    NAMES.forEach((name) => this.#core.audiences.add(`ws://${name}${suffix}`));
    return actual;
  }

  /** Closes every connection and listens no more. */
  async stop() {
    const closed = once(this.#http, "close");
    this.#http.close();
    // ERROR-09: close every connection with 1001.
    for (const session of [...this.#core.sessions]) session.end(1001);
    this.#http.closeAllConnections();
    await closed;
  }

  #upgrade(request, socket, head) {
    const status = this.#statusOf(request);
    if (status === 101) {
      this.#webSockets.handleUpgrade(request, socket, head, (websocket) => {
        this.#core.sessions.add(new Session(websocket, this.#core));
      });
      return;
    }
    const headers = ["Connection: close", "Content-Length: 0", "Sec-WebSocket-Version: 13"];
    socket.on("error", () => socket.destroy()).once("finish", () => socket.destroy());
    socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers, "", ""].join("\r\n"));
  }

  #statusOf(request) {
    const { method, httpVersion, url, headers, rawHeaders } = request;
    const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host");
    if (method !== "GET" || httpVersion !== "1.1" || hosts.length !== 1) return 400;
    if (headers["sec-websocket-version"] !== "13") return 426;
    // ORIGIN-03: refuse a Host that names none of the server's own names.
    if (!NAMES.includes(HOST.exec(headers.host.toLowerCase())?.[1])) return 403;
    // ORIGIN-02: accept a handshake that has no Origin header.
    if (headers.origin !== undefined && !this.#isOwn(headers.origin)) return 403;
    if (url.split("?")[0] !== "/") return 404;
    return this.#hasRoom() ? 101 : 503;
  }

  #isOwn(origin) {
    const [, scheme, name, port] = ORIGIN.exec(origin.toLowerCase()) ?? [];
    const own = `:${this.#http.address().port}`;
    return scheme === "http" && NAMES.includes(name) && (port ?? DEFAULT_PORTS.http) === own;
  }

  #hasRoom() {
    const { sessions, options, rate, resume } = this.#core;
    const pending = [...sessions].filter((session) => session.isPending).length;
    // LIMIT-09: refuse handshakes beyond the limit of connections that are not authenticated yet.
    if (pending >= options.pendingLimit || sessions.size >= options.connectionLimit) return false;
    return rate.hasRoom() && resume.hasRoom();
  }
}

function socketOptions({ maxMessageBytes, closeTimeout }) {
  return {
    noServer: true,
    clientTracking: false,
    // TRANSPORT-02 and -03: select coda.v1 when it is offered, and nothing else.
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    perMessageDeflate: true,
    maxPayload: maxMessageBytes + DEFLATE_OVERHEAD,
    // TRANSPORT-08: fragments have no meaning, so neither has their number.
    maxFragments: 0,
    maxBufferedChunks: 0,
    // TRANSPORT-10: end the TCP connection within 5 seconds of the first close frame.
    closeTimeout: closeTimeout * 1000,
  };
}

/** One WebSocket, of a browser's kind or of the npm package `ws`, whose end is told once. */

const SUBPROTOCOL = "coda.v1";
const OPEN = 1;
const CLOSING = 2;

/** `told` has the methods `opened()`, `text(text)`, `heard()` and `ended({code, status})`. */
export class Socket {
  #socket;
  #told;
  #open = false;

  /** Begins to connect. CLIENT-01: it listens before the connection is open. */
  constructor(WebSocket, url, told) {
    this.#told = told;
    try {
      // CLIENT-86: what RFC 6455 asks for is the WebSocket's.
      this.#socket = new WebSocket(url, [SUBPROTOCOL]); // CLIENT-09, CLIENT-04, CLIENT-17
    } catch {
      queueMicrotask(() => this.#end({}));
      return;
    }
    this.#socket.onopen = () => this.#opened();
    this.#socket.onmessage = ({ data }) => this.#message(data);
    // After a refused connection, Node's own WebSocket has an error and no close.
    this.#socket.onerror = () => this.#open || this.#end({});
    this.#socket.onclose = ({ code }) => this.#end({ code });
    if (typeof this.#socket.on === "function") this.#hearMore();
  }

  /** What `ws` tells in addition: control frames (CLIENT-85), and the status of a refused handshake. */
  #hearMore() {
    this.#socket.on("ping", () => this.#told?.heard());
    this.#socket.on("pong", () => this.#told?.heard());
    this.#socket.on("unexpected-response", (request, response) => {
      this.#end({ status: response.statusCode }); // CLIENT-10
      request.destroy();
    });
  }

  #opened() {
    this.#open = true;
    this.#told?.opened();
  }

  /** CLIENT-28: a WebSocket of the platform takes messages of any length. */
  #message(data) {
    if (typeof data === "string") this.#told?.text(data);
    else this.#told?.heard(); // CLIENT-30
  }

  #end(how) {
    const told = this.#told;
    this.#told = null;
    told?.ended(how);
  }

  /**
   * Sends a text; one that comes too late is lost with the connection. Where a close frame has come
   * and the server still holds the connection, `ws` is made to tell its code.
   */
  send(text) {
    const state = this.#socket?.readyState;
    if (state === OPEN) this.#socket.send(text);
    else if (state === CLOSING) this.#socket.terminate?.();
  }

  /** CLIENT-71: closes with code 1000. */
  close() {
    this.#socket?.close(1000);
  }

  /** Lets go of the connection, and tells nothing more of it. */
  drop() {
    this.#told = null;
    if (typeof this.#socket?.terminate === "function") this.#socket.terminate();
    else this.#socket?.close();
  }
}

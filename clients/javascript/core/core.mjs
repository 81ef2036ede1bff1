/** The client without its socket, clock and randomness: it takes what happens and says what to do. */
import { Access } from "./access.mjs";
import { BackOff } from "./back_off.mjs";
import { Conversation } from "./conversation.mjs";
import { GAP, LOST, TOKEN_LOST, UNREACHABLE, endOfClose, endOfResult, endOfStatus } from "./ends.mjs";
import { plan } from "./handshake.mjs";
import { read } from "./incoming.mjs";
import { promised } from "./session.mjs";

/** Seconds for an attempt to connect. */
const ATTEMPT = 30;
/** Seconds that a client waits for the answer to its close frame. */
const CLOSING = 2;

/**
 * All times are in seconds of one monotonic clock. `out` holds what is to be done, in order:
 * `{do: "open", url}`, `{do: "send", text}`, `{do: "close"}` with code 1000, `{do: "drop"}` to let go
 * of the connection, `{do: "sign", key, text, tag}`, and `{notice, …}` for the user.
 */
export class Core {
  out = [];
  state = "disconnected";
  #url;
  #phase = "idle";
  #wanted = false;
  #hadSession = false;
  #notBefore = -Infinity;
  #deadline = Infinity;
  #since = null;
  #cause = null;
  #challenge = null;
  #asked = false;
  #withToken = false;
  #serial = 0;
  #deriving = false;
  #resume = null;
  #backOff;
  #access;
  #talk;
  #canSign;

  /** `random` gives numbers from 0 to 1, `prefix` begins each id, `canSign` is whether HMAC is there. */
  constructor({ url, random, prefix, scale = 1, canSign = true }) {
    this.#url = url;
    this.#canSign = canSign;
    this.#backOff = new BackOff({ random, scale });
    this.#access = new Access({ scale });
    this.#talk = new Conversation({ out: this.out, access: this.#access, prefix, scale });
    this.scale = scale;
  }

  /**
   * The user asks for the connection, which ends a wait; throws a TypeError for another address while
   * the client has one to connect to.
   */
  connect(now, url = this.#url) {
    if (url !== this.#url) this.#move(now, url);
    if (!this.#wanted) {
      this.#wanted = true;
      this.#hadSession = false;
      this.#show("connecting"); // CLIENT-81
    }
    this.#notBefore = -Infinity;
    this.wake(now);
  }

  /** Another address: nothing that one server gave is sent to another. */
  #move(now, url) {
    if (this.#wanted) throw new TypeError("the client has another address: disconnect it first");
    this.disconnect(now);
    this.#url = url;
    this.#resume = null; // CLIENT-25
    this.#talk.forget();
  }

  /** CLIENT-70, CLIENT-71: the user ends the connection, or an attempt, or a wait. */
  disconnect(now) {
    const ended = this.#wanted;
    this.#wanted = false;
    if (this.#phase === "session") this.#talk.end(now, {});
    if (!["idle", "closing"].includes(this.#phase)) this.#close(now);
    this.#talk.giveUp();
    if (ended) this.#show("disconnected", "user");
  }

  /** Uses an access token from now on; throws a TypeError if the text is not one. */
  useToken(text) {
    this.#access.use(text);
    this.#deriving = false;
  }

  /** Takes a message on, and returns its id; throws a TypeError for an id that no message can have. */
  send(now, message) {
    const id = this.#talk.send(message, this.#wanted);
    this.wake(now);
    return id;
  }

  /** Refreshes the access token. */
  refresh(now) {
    this.#talk.refresh();
    this.wake(now);
  }

  /** Revokes the line of an access token. */
  revoke(now, tokenId) {
    this.#talk.revoke(now, tokenId);
  }

  /** Something arrived that is no text: a sign of life. */
  heard(now) {
    this.#talk.heard(now);
  }

  /** The connection is open. CLIENT-01: nothing is sent before the challenge has come. */
  opened() {
    if (this.#phase === "opening") this.#phase = "greeting";
  }

  /** A text message arrived; it may come together with the end of the handshake. */
  text(now, text) {
    this.opened();
    if (["idle", "closing"].includes(this.#phase)) return;
    this.#talk.heard(now);
    const message = read(text);
    if (message === null) return; // CLIENT-29, CLIENT-30
    if (this.#phase === "session") this.#inSession(now, message);
    else if (message.control?.type === "auth_challenge") this.#challenged(now, message.control.data);
    else if (message.control?.type === "auth_result") this.#result(now, message.control.data);
    this.wake(now);
  }

  #inSession(now, message) {
    const { gap, cause } = this.#talk.take(now, message);
    if (cause) this.#cause = cause;
    if (gap) this.#end(now, GAP); // CLIENT-34
  }

  #challenged(now, challenge) {
    if (this.#phase !== "greeting" || this.#challenge !== null) return; // CLIENT-13
    this.#challenge = challenge;
    if (!this.#deriving) this.#answer(now); // CLIENT-77
  }

  #answer(now) {
    const { end, detail, sign, data } =
      plan(this.#challenge, {
        access: this.#access, canSign: this.#canSign, url: this.#url, resume: this.#resume,
      }) ?? {};
    if (end) return this.#end(now, end, detail);
    if (!data) return void (this.#challenge = null);
    this.#show("authenticating");
    this.#withToken = sign !== undefined;
    if (!sign) return this.#respond(data);
    this.#phase = "proving";
    this.out.push({ do: "sign", ...sign, tag: { kind: "proof", serial: this.#serial, data } });
  }

  #respond(data) {
    const stated = this.#talk.stated;
    this.#asked = stated.last_seq !== undefined;
    this.#phase = "answered";
    this.#talk.write({ type: "auth_response", data: { ...data, ...stated } });
  }

  /** What was to be signed is signed; `tag` is that of the wish. */
  signed(now, tag, hex) {
    if (tag.kind === "proof") {
      if (tag.serial === this.#serial && this.#phase === "proving") {
        this.#respond({ ...tag.data, proof: hex });
      }
    } else {
      this.#deriving = false;
      this.#talk.derived(tag, hex);
      if (this.#phase === "greeting" && this.#challenge !== null) this.#answer(now);
    }
    this.wake(now);
  }

  #result(now, data) {
    if (!data.success) return this.#end(now, endOfResult(data.code, this.#withToken)); // CLIENT-14
    if (this.#phase !== "answered") return;
    const session = promised(data.session, this.#challenge);
    this.#resume = (this.#withToken ? null : session.resume) ?? null; // CLIENT-25
    this.#phase = "session";
    this.#since = now;
    this.#hadSession = true;
    this.#show("connected"); // CLIENT-80
    this.#talk.begin(now, data.client_id, session, { asked: this.#asked, withToken: this.#withToken });
  }

  /** The connection has ended: `code` is a close code, or `status` that of a refused handshake. */
  ended(now, { code, status }) {
    const phase = this.#phase;
    if (phase === "idle") return;
    const end = endOf(phase, code, status);
    if (phase !== "closing") this.#finish(now, end.final ? end : (this.#cause ?? end));
    else {
      this.#phase = "idle";
      if (this.#wanted && end.final) this.#stop(now, end); // CLIENT-07
      const least = now + (end.atLeast ?? 0) * this.scale; // CLIENT-65
      this.#notBefore = Math.max(this.#notBefore, least);
    }
    this.wake(now);
  }

  /** The client itself ends the connection; what follows is decided at once. */
  #end(now, end, detail) {
    const drop = end === LOST || end === UNREACHABLE;
    this.#finish(now, this.#cause ?? end, detail, () => this.#close(now, drop)); // CLIENT-23
  }

  #close(now, drop = this.#phase === "opening") {
    this.out.push({ do: drop ? "drop" : "close" });
    this.#phase = drop ? "idle" : "closing";
    this.#deadline = now + CLOSING;
  }

  #finish(now, end, detail, close = () => void (this.#phase = "idle")) {
    const length = this.#phase === "session" ? now - this.#since : null;
    if (this.#phase === "session") this.#talk.end(now, end);
    close();
    this.#follow(now, end, length, detail);
  }

  #follow(now, end, length, detail) {
    const lost = this.#access.lost && end.again !== "no";
    const last = lost ? TOKEN_LOST : end;
    const { wait, again } = this.#backOff.after(last, length);
    this.#notBefore = now + wait;
    if (again) this.#show(this.#hadSession ? "reconnecting" : "connecting", last.reason); // CLIENT-81
    else this.#stop(now, last, detail);
  }

  /** Trying again makes no sense. */
  #stop(now, { reason }, detail) {
    this.#wanted = false;
    this.#talk.stop();
    this.#show("failed", reason, detail); // CLIENT-82
  }

  #show(state, reason, detail) {
    if (state === this.state) return;
    this.state = state; // CLIENT-08
    this.out.push({ notice: "state", state, ...(reason ? { reason } : {}), ...(detail ? { detail } : {}) });
  }

  #attempt(now) {
    if (this.#access.lost) return this.#stop(now, TOKEN_LOST); // CLIENT-78
    this.#phase = "opening";
    this.#serial += 1;
    this.#challenge = this.#cause = null;
    this.#withToken = this.#access.token !== null;
    this.#deadline = now + ATTEMPT * this.scale;
    this.out.push({ do: "open", url: this.#url });
  }

  /** Does what is due; called when the moment of `next` has come, or at any other time. */
  wake(now) {
    if (this.#phase === "closing" && now >= this.#deadline) {
      this.out.push({ do: "drop" });
      this.#phase = "idle";
    }
    if (this.#talk.expire(now) && this.#wanted && this.#phase !== "session") this.#loseToken(now);
    // CLIENT-69: an attempt begins only where there is neither a connection nor another attempt.
    if (this.#phase === "idle" && this.#wanted && now >= this.#notBefore) this.#attempt(now);
    if (this.#trying && now >= this.#deadline) this.#end(now, UNREACHABLE); // CLIENT-15
    if (this.#phase === "session" && this.#talk.work(now)) this.#end(now, LOST); // CLIENT-84
    this.#deriving ||= this.#talk.takeDeriving();
  }

  /** CLIENT-78: without a session there is nothing left to try. */
  #loseToken(now) {
    if (this.#trying) this.#close(now);
    this.#stop(now, TOKEN_LOST);
  }

  get #trying() {
    return ["opening", "greeting", "proving", "answered"].includes(this.#phase);
  }

  /** When `wake` has something to do next; Infinity if never. */
  next(now) {
    const timed = this.#trying || this.#phase === "closing" ? this.#deadline : Infinity;
    const attempt = this.#phase === "idle" && this.#wanted ? this.#notBefore : Infinity;
    return Math.min(timed, attempt, this.#talk.next(now, this.#phase === "session"));
  }
}

function endOf(phase, code, status) {
  if (status !== undefined) return endOfStatus(status);
  if (phase === "opening") return UNREACHABLE;
  return endOfClose(code ?? 1006);
}

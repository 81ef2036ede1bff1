/** One connection, from its challenge to its end: its state, and an answer to every message. */
import { FAILURES, judge, newChallenge } from "./authentication.mjs";
import { contentOf } from "./client_message.mjs";
import { isObject, isText, read } from "./json.mjs";
import { Refusal, demand } from "./refusal.mjs";
import { newest } from "./tokens.mjs";

export const FEATURES = ["tokens", "replay", "resume", "heartbeat", "limits"];

const MOST_ATTEMPTS = 3;
const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
const SECRETS = new Set(["auth_challenge", "auth_result", "token_result"]);

export class Session {
  state = "challenged";
  #core;
  #websocket;
  #challenge;
  #cancelTimer;
  #attempts = 0;
  #violations = 0;
  #refusals = 0;
  #clientId;
  #line;
  #resume;
  #handlers = new Map([
    ["client_message", (message) => this.#relay(message)],
    ["ping", (message) => this.#pong(message)],
    ["token_refresh", (message) => this.#refresh(message)],
    ["token_revoke", (message) => this.#revoke(message)],
  ]);

  /** Challenges the client of an open WebSocket; `core` is what all sessions share. */
  constructor(websocket, core) {
    this.#websocket = websocket;
    this.#core = core;
    this.#challenge = newChallenge(core.options);
    websocket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    websocket.on("close", () => this.#released());
    // The library answers forbidden frames itself, with 1002, 1007 or 1009.
    websocket.on("error", () => this.#leave());
    // STATE-01: one auth_challenge is the first message of every connection.
    this.#send({ type: "auth_challenge", data: this.#challenge });
    const moment = core.clock.now() + core.options.authTimeout;
    this.#cancelTimer = core.clock.at(moment, () => this.#timeOut());
  }

  /** Whether the connection waits for its authentication. */
  get isPending() {
    return this.state === "challenged" && this.#websocket.readyState === this.#websocket.OPEN;
  }

  /** Sends the text of a message, unless the connection is closing or too much waits for it. */
  sendText(text, mayCompress = true) {
    if (this.#websocket.readyState !== this.#websocket.OPEN) return;
    this.#websocket.send(text, { compress: mayCompress });
    // LIMIT-10: a connection is ended when more waits for it than the bound.
    if (this.#websocket.bufferedAmount > this.#core.options.mostWaiting) this.end(1013);
  }

  /** Closes the connection; what arrives from now on is not processed. */
  end(closeCode) {
    this.#leave();
    this.#websocket.close(closeCode);
  }

  /** Tells the client why, and closes the connection (TOKEN-08). */
  endWith(errorCode, closeCode) {
    this.#send(new Refusal(errorCode).toMessage());
    this.end(closeCode);
  }

  #send(message) {
    // TRANSPORT-15: a message that carries a secret is not compressed.
    this.sendText(JSON.stringify(message), !SECRETS.has(message.type));
  }

  #receive(data, isBinary) {
    this.#core.clock.fire();
    if (this.state === "closed") return;
    // TRANSPORT-04: close with 1003 on a binary message.
    if (isBinary) return this.end(1003);
    // TRANSPORT-06: close with 1009 on a message longer than max_message_bytes.
    if (data.length > this.#core.options.maxMessageBytes) return this.end(1009);
    const message = read(data.toString());
    const id = isText(message?.value?.id, 128) ? message.value.id : undefined;
    try {
      this.#process(message, id);
    } catch (fault) {
      this.#refuse(fault, id);
    }
  }

  /** Judges a message in the order of ORDER-03. */
  #process(message, id) {
    if (message === null) throw new Refusal("invalid_json");
    demand(isObject(message.value), "");
    const { type, data } = message.value;
    demand(typeof type === "string", "/type");
    if (this.state === "challenged") {
      // STATE-03: before authentication, every other message is answered with "unauthenticated".
      if (type !== "auth_response") throw new Refusal("unauthenticated");
      return this.#authenticate(data, id);
    }
    if (type === "auth_response") throw new Refusal("already_authenticated");
    this.#core.rate.admit(this.#clientId);
    this.#refusals = 0;
    const handler = this.#handlers.get(type);
    if (!handler) throw new Refusal("unknown_type");
    return handler({ ...message, requestId: id });
  }

  #refuse(fault, requestId) {
    const refusal = fault instanceof Refusal ? fault : new Refusal("internal_error");
    if (refusal !== fault) console.error(`internal error: ${fault.stack}`);
    this.#send(refusal.toMessage(requestId));
    if (refusal.isViolation) this.#violations += 1;
    if (refusal.forRate) this.#refusals += 1;
    const { violationLimit, maxRefusals } = this.#core.options;
    // LIMIT-06: close with 4400 at the violation_limit-th violation.
    if (this.#violations >= violationLimit) this.end(4400);
    // LIMIT-05: close with 4429 after max_refusals refusals in a row.
    if (this.#refusals >= maxRefusals) this.end(4429);
  }

  #authenticate(data, requestId) {
    const { code, token, clientId } = judge(data, this.#challenge, this.#core);
    if (code === undefined) return this.#join(data, requestId, clientId, token);
    this.#sendFailure(code, requestId);
    this.#attempts += 1;
    // AUTH-13: the third failed auth_response closes the connection.
    if (this.#attempts === MOST_ATTEMPTS) this.end(4401);
    // TOKEN-05: the use of a replaced token revokes its line.
    if (code === "token_revoked") this.#core.tokens.revoke(token.line);
  }

  #sendFailure(code, requestId) {
    const data = { success: false, code, message: FAILURES[code] };
    this.#send({ type: "auth_result", request_id: requestId, data });
  }

  #timeOut() {
    // AUTH-15: send an auth_result with "auth_timeout" before closing.
    this.#sendFailure("auth_timeout");
    this.end(4408);
  }

  #join(response, requestId, clientId, token) {
    this.#cancelTimer();
    this.state = "authenticated";
    this.#violations = 0;
    this.#clientId = clientId;
    if (token) this.#joinLine(token);
    else this.#resume = this.#core.resume.issue(clientId);
    const data = { success: true, client_id: clientId, session: this.#promises() };
    this.#send({ type: "auth_result", request_id: requestId, data });
    const replay = this.#replayFor(response);
    if (replay) this.sendText(replay);
    // EVENT-05: the first live event has the seq that follows session.seq.
    this.#core.events.sessions.add(this);
  }

  #joinLine(token) {
    this.#core.tokens.use(token);
    this.#line = token.line;
    this.#line.sessions.add(this);
    this.#watchExpiry();
  }

  #watchExpiry() {
    const { clock } = this.#core;
    const { expiresAt } = newest(this.#line);
    // TOKEN-12: close a session whose token expires, and was not refreshed, with 4410.
    if (clock.now() >= expiresAt) return this.endWith("token_expired", 4410);
    this.#cancelTimer = clock.at(expiresAt, () => this.#watchExpiry());
  }

  /** `session` of the auth_result. */
  #promises() {
    const { options, events, tokens } = this.#core;
    return {
      features: FEATURES,
      seq: events.seq,
      epoch: events.epoch,
      dedup_window: options.dedupWindow,
      dedup_capacity: options.dedupCapacity,
      id_window: options.idWindow,
      replay_limit: options.replayLimit,
      max_message_bytes: options.maxMessageBytes,
      violation_limit: options.violationLimit,
      rate_limit: {
        messages: options.rateMessages,
        per_seconds: options.rateSeconds,
        max_refusals: options.maxRefusals,
      },
      token_expires_in: this.#line && tokens.remaining(this.#line),
      resume: this.#resume,
      resume_window: this.#resume && options.resumeWindow,
    };
  }

  #replayFor({ last_seq: lastSeq, last_epoch: lastEpoch }) {
    const { events } = this.#core;
    return Number.isInteger(lastSeq) ? events.missed(lastSeq, lastEpoch) : events.highlights();
  }

  #relay({ value, messageData, requestId }) {
    const content = contentOf(value);
    const count = this.#core.deduplication.count(this.#clientId, content);
    if (count > 1) {
      const data = { original_type: "client_message", count };
      return this.#send({ type: "duplicate_message", request_id: requestId, data });
    }
    const head = JSON.stringify({ client_id: this.#clientId, message_type: content.messageType });
    const tail = requestId === undefined ? "" : `,"id":${JSON.stringify(requestId)}`;
    // MSG-03: message_data is relayed in its own spelling, so nothing of it changes.
    const data = `${head.slice(0, -1)},"message_data":${messageData}${tail}}`;
    this.#core.events.emit("client_message", data, value.priority === "high");
  }

  #pong({ value, data = "{}", requestId }) {
    demand(value.data === undefined || isObject(value.data), "/data");
    const head = JSON.stringify({ type: "pong", request_id: requestId });
    // HEARTBEAT-01: data is equal to the ping's.
    this.sendText(`${head.slice(0, -1)},"data":${data}}`);
  }

  #refresh({ value: { data = {} }, requestId }) {
    demand(isObject(data), "/data");
    if (!this.#line) return this.#answerToken("refresh", requestId, { code: "not_supported" });
    this.#answerToken("refresh", requestId, this.#core.tokens.refresh(this.#line));
  }

  #revoke({ value: { data = {} }, requestId }) {
    demand(isObject(data), "/data");
    const id = data.token_id;
    demand(id === undefined || (typeof id === "string" && TOKEN_ID.test(id)), "/data/token_id");
    if (!this.#line) return this.#answerToken("revoke", requestId, { code: "not_supported" });
    const line = id === undefined ? this.#line : this.#core.tokens.find(id, this.#clientId)?.line;
    // TOKEN-10: an unknown token_id and one of another identity are answered alike.
    if (!line) return this.#answerToken("revoke", requestId, { code: "not_found" });
    this.#answerToken("revoke", requestId, {});
    this.#core.tokens.revoke(line);
  }

  #answerToken(action, requestId, members) {
    const data = { action, success: members.code === undefined, ...members };
    this.#send({ type: "token_result", request_id: requestId, data });
  }

  #leave() {
    this.state = "closed";
    this.#cancelTimer();
    this.#core.events.sessions.delete(this);
    this.#line?.sessions.delete(this);
  }

  #released() {
    this.#leave();
    this.#core.sessions.delete(this);
    if (this.#resume) this.#core.resume.release(this.#resume);
  }
}

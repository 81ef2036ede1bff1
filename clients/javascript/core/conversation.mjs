/** What is said in sessions: events, the messages of the user, refreshes, and signs of life. */
import { endOfError } from "./ends.mjs";
import { Flow } from "./flow.mjs";
import { isUsable } from "./incoming.mjs";
import { bytesOf, faultIn, isName, isObject } from "./json_text.mjs";
import { Outbox } from "./outbox.mjs";
import { Pulse } from "./pulse.mjs";
import { Rate } from "./rate.mjs";

/** Identities of this client that are remembered. */
const MOST_OWN = 1000;
const MOST_REVOCATIONS = 100;
/** Seconds for a replay that is due, whatever the scale. */
const REPLAY = 10;
/** Nesting of message_data within its message. */
const DEPTH = 3;

/** Goes on over all sessions of a client; `out` is where it says what is to be done. */
export class Conversation {
  #out;
  #access;
  #prefix;
  #count = 0;
  #own = new Set();
  #flow = new Flow();
  #outbox;
  #rate = new Rate();
  #pulse;
  #revocations = new Set();
  #replayBy = Infinity;
  #deriving = false;

  constructor({ out, access, prefix, scale }) {
    this.#out = out;
    this.#access = access;
    this.#prefix = prefix;
    this.#pulse = new Pulse({ scale });
    const settle = (message, outcome) => this.#settled(message, outcome);
    this.#outbox = new Outbox({ scale, settle });
  }

  /** The place that an auth_response states. */
  get stated() {
    return this.#flow.stated;
  }

  /** Another server: its events and identities are others. */
  forget() {
    this.#flow = new Flow();
    this.#own.clear();
  }

  /** CLIENT-41: one message, one JSON object. */
  write(message) {
    this.#out.push({ do: "send", text: JSON.stringify(message) });
  }

  /** Writes a message of a session, which counts toward the rate; CLIENT-54. */
  #write(now, message) {
    this.#rate.note(now);
    this.write(message);
  }

  /** CLIENT-05, CLIENT-45: an id that this client has never used, for a message of any type. */
  #newId() {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }

  /** A session has begun. */
  begin(now, clientId, session, { asked, withToken }) {
    this.#own.add(clientId);
    if (this.#own.size > MOST_OWN) this.#own.delete(this.#own.values().next().value);
    this.#pulse.heard(now);
    this.#outbox.begin(session);
    this.#rate.begin(session.rate_limit);
    this.#access.begin(now, session, withToken);
    if (this.#flow.begin(session, asked)) this.#tell({ notice: "gap" }); // CLIENT-36
    this.#replayBy = this.#flow.due ? now + REPLAY : Infinity;
  }

  /** The session has ended. */
  end(now, end) {
    if (end.reason === "rate_limited") this.#rate.slower(); // CLIENT-65
    this.#outbox.lost(end);
    if (this.#access.end()) this.#tell({ notice: "token", action: "refresh", success: false });
    this.#pulse.end();
    this.#replayBy = Infinity;
    for (const id of this.#revocations) this.#revoked(id, { success: false });
  }

  /** The client has stopped trying. */
  stop(now) {
    this.#outbox.stop(now);
  }

  /** The user has ended the connection. */
  giveUp() {
    this.#outbox.giveUp();
  }

  /** Something has arrived. */
  heard(now) {
    this.#pulse.heard(now);
  }

  /** Takes a message on; it is given up at once where nobody tries to connect. */
  send({ type, data, id = this.#newId(), priority, once = false }, wanted) {
    if (!isName(id) || !id.isWellFormed()) throw new TypeError("an id has from 1 to 128 code points");
    const content = { message_type: type, message_data: data };
    this.#tell({ notice: "sent", id });
    const fault = faultOf(content, priority);
    if (fault !== null) return this.#refuse(id, fault);
    const text = JSON.stringify({ type: "client_message", id, priority, data: content }); // CLIENT-44
    if (!wanted) return this.#settled({ id }, { outcome: "gave_up" });
    const taken = this.#outbox.add({ id, text, bytes: bytesOf(text), once });
    return taken ? id : this.#refuse(id, "too many messages are waiting");
  }

  /** CLIENT-41, CLIENT-42: the client itself refuses what is no message. */
  #refuse(id, fault) {
    return this.#settled({ id }, { outcome: "refused", fault });
  }

  /** CLIENT-58, CLIENT-59: each message has one outcome, which the user is told. */
  #settled({ id }, { outcome, code, fault }) {
    if (outcome === "gave_up") this.#tell({ notice: "gave_up", id });
    else this.#tell({ notice: "acknowledged", id, outcome, ...clean({ code, fault }) });
    return id;
  }

  #tell(notice) {
    this.#out.push(notice);
  }

  /** The user asks for a refresh. */
  refresh() {
    if (this.#access.able) this.#access.ask();
    else this.#tell({ notice: "token", action: "refresh", success: false });
  }

  /** The user asks for a revocation. */
  revoke(now, tokenId) {
    const id = this.#newId();
    const room = this.#revocations.size < MOST_REVOCATIONS;
    if (!this.#access.open || !room) return this.#revoked(id, { success: false });
    this.#revocations.add(id);
    this.#write(now, { type: "token_revoke", id, ...(tokenId ? { data: { token_id: tokenId } } : {}) });
  }

  #revoked(id, outcome) {
    this.#revocations.delete(id);
    this.#tell({ notice: "token", action: "revoke", ...outcome });
  }

  /** A message has arrived: whether it shows a `gap` to connect again for, or the `cause` of an end. */
  take(now, { event, usable, control }) {
    if (event) return this.#event(event, usable);
    const answer = this.#answers[control.type];
    return answer?.(now, control) ?? {};
  }

  #event(event, usable) {
    const { pass, gap, again } = this.#flow.live(event);
    this.#replayBy = Infinity;
    if (gap) this.#tell({ notice: "gap" }); // CLIENT-33
    if (pass && usable) this.#pass(event); // CLIENT-30, counted all the same: CLIENT-32
    return { gap: again };
  }

  #pass(event) {
    this.#tell({ notice: "event", event });
    const { client_id: sender, id } = event.data;
    // CLIENT-49, CLIENT-50: an identity that this client has, or once had.
    if (event.type === "client_message" && this.#own.has(sender)) this.#outbox.accepted(id);
  }

  /** What an answer of each type leads to. */
  #answers = {
    replay: (now, replay) => {
      const { events, missed } = this.#flow.replay(replay);
      if (!this.#flow.due) this.#replayBy = Infinity;
      if (missed) this.#tell({ notice: "gap" }); // CLIENT-36
      for (const event of events.filter(isUsable)) this.#pass(event);
    },
    duplicate_message: (now, { request_id: id }) => this.#outbox.duplicate(id),
    error: (now, { request_id: id, data }) => this.#error(now, id, data),
    token_result: (now, { request_id: id, data }) => this.#tokenResult(now, id, data),
  };

  #error(now, id, data) {
    const cause = id === undefined ? endOfError(data.code) : undefined; // CLIENT-23
    const failed = { success: false, code: data.code };
    if (id !== undefined && this.#access.answers(id)) this.#refreshFailed(now, data);
    else if (this.#revocations.has(id)) this.#revoked(id, failed);
    this.#outbox.error(id, data, now);
    return { cause };
  }

  #refreshFailed(now, { code, retry_after: pause }) {
    this.#access.refused({ code, retry_after: pause }, now); // CLIENT-79
    this.#tell({ notice: "token", action: "refresh", success: false, code });
  }

  #tokenResult(now, id, { action, success, ...data }) {
    if (action === "revoke") {
      const asked = id ?? this.#revocations.values().next().value;
      if (this.#revocations.has(asked)) this.#revoked(asked, { success, ...clean({ code: data.code }) });
    } else if (this.#access.answers(id)) {
      if (success) this.#refreshed(now, data);
      else this.#refreshFailed(now, data);
    }
  }

  #refreshed(now, data) {
    const wish = this.#access.refreshed(data, now);
    if (wish === null) return this.#tokenLost(); // CLIENT-76
    const { key, text, ...tag } = wish;
    this.#deriving = true;
    this.#out.push({ do: "sign", key, text, tag });
  }

  #tokenLost() {
    this.#tell({ notice: "token", action: "refresh", success: false, lost: true });
  }

  /** The secret of a new token is there; CLIENT-77. */
  derived(tag, secret) {
    const token = this.#access.derived(tag, secret);
    if (token === null) return;
    const value = `${token.id}.${token.secret}`;
    this.#tell({ notice: "token", action: "refresh", success: true, token_id: token.id, value });
  }

  /** Whether a secret is being computed since this was asked last. */
  takeDeriving() {
    const deriving = this.#deriving;
    this.#deriving = false;
    return deriving;
  }

  /** Gives up what has become too old; returns whether the access token has become lost. */
  expire(now) {
    this.#outbox.expire(now); // CLIENT-47
    const lost = this.#access.expire(now); // CLIENT-78
    if (lost) this.#tokenLost();
    return lost;
  }

  /** Does what is due in a session; returns whether the server has fallen silent. */
  work(now) {
    if (this.#pulse.dead(now)) return true;
    if (now >= this.#replayBy && this.#flow.abandon()) this.#tell({ notice: "gap" });
    if (!this.#flow.due) this.#replayBy = Infinity;
    if (this.#access.due(now)) {
      const id = this.#newId();
      this.#access.sent(id, now);
      this.#write(now, { type: "token_refresh", id });
    }
    this.#sendWaiting(now);
    if (this.#pulse.asks(now)) {
      // CLIENT-83: a server without the feature heartbeat answers this, too.
      this.#pulse.asked(now);
      this.#write(now, { type: "ping", id: this.#newId() });
    }
    return false;
  }

  #sendWaiting(now) {
    if (this.#flow.due) return; // CLIENT-51
    while (this.#rate.room(now) <= now) {
      const message = this.#outbox.next(now); // CLIENT-52
      if (message === null) return;
      this.#outbox.sent(message, now);
      this.#rate.note(now);
      this.#out.push({ do: "send", text: message.text }); // CLIENT-46
    }
  }

  /** The next moment at which something is due. */
  next(now, inSession) {
    const always = Math.min(this.#outbox.wake(now), this.#access.wake());
    if (!inSession) return always;
    const room = this.#rate.room(now);
    return Math.min(always, this.#replayBy, this.#pulse.wake(), room > now ? room : Infinity);
  }
}

/** What keeps a message from being one, or null. */
function faultOf({ message_type: type, message_data: data }, priority) {
  if (!isName(type)) return "a message_type has from 1 to 128 code points";
  if (!isObject(data)) return "message_data must be an object";
  if (priority !== undefined && typeof priority !== "string") return "priority must be a string";
  return faultIn(type) ?? faultIn(priority ?? null) ?? faultIn(data, DEPTH, "/message_data");
}

function clean(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

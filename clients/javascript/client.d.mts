/** `websocketService`: a client for the Coda protocol, in browsers and in Node. */
import type { AnyEvent, Commands, ServerToClient } from "./coda_messages.js";

export type * from "./coda_messages.js";

/** An event of the catalogue. */
export type CodaEvent = Extract<ServerToClient, { version: "1.0"; seq: number }>;

/** The event of a type: as the catalogue has it, or with any data. */
export type EventOf<Type extends string> = Type extends CodaEvent["type"]
  ? Extract<CodaEvent, { type: Type }>
  : AnyEvent;

export type State = "disconnected" | "connecting" | "authenticating" | "connected" | "reconnecting" | "failed";

/** Why a connection has ended; spec/driver.md says what each means. */
export type Reason =
  | "user" | "unreachable" | "refused" | "no_method" | "version" | "auth_failed" | "token_expired"
  | "token_revoked" | "token_lost" | "timeout" | "lost" | "gap" | "shutdown" | "busy" | "rate_limited"
  | "fault" | "closed";

/** What a client told of itself: `methods` after no_method, `version` after version. */
export interface Detail {
  methods?: string[];
  version?: string;
}

export interface StateNotice {
  state: State;
  reason?: Reason | undefined;
  detail?: Detail | undefined;
}

/** What became of a message. */
export interface Acknowledgement {
  id: string;
  /** `duplicate` if an earlier sending of it had been accepted. */
  outcome: "accepted" | "duplicate";
}

export type Notice =
  | ({ notice: "state" } & StateNotice)
  | { notice: "event"; event: AnyEvent }
  | { notice: "sent"; id: string }
  | { notice: "acknowledged"; id: string; outcome: "accepted" | "duplicate" | "refused"; code?: string; fault?: string }
  | { notice: "gave_up"; id: string }
  | { notice: "gap" }
  | { notice: "token"; action: "refresh" | "revoke"; success: boolean; token_id?: string; code?: string; lost?: true };

/** Why a connection, a message or a token came to nothing. */
export declare class CodaError extends Error {
  readonly name: "CodaError";
  /** Of a connection: why it has ended. */
  readonly reason?: Reason;
  readonly detail?: Detail;
  /** Of a message: whether it was refused, or given up, so that what became of it is unknown. */
  readonly outcome?: "refused" | "gave_up";
  readonly id?: string;
  /** The error code of the server. */
  readonly code?: string;
  /** What the client itself found wrong with a message. */
  readonly fault?: string;
}

/** What the client needs of a WebSocket: a browser's, Node's own, or that of the npm package ws. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
  onopen: unknown;
  onmessage: unknown;
  onerror: unknown;
  onclose: unknown;
}

export interface Options {
  /** An access token, `<token_id>.<secret>`; a client that has one uses no other method. */
  token?: string;
  /** The class of the connection; that of the platform without it. */
  WebSocket?: new (url: string, protocols: string[]) => SocketLike;
  /** WebCrypto; that of the platform without it. Access tokens need its `subtle`. */
  crypto?: Crypto;
  /** Multiplies every wait of a second or more; for tests. */
  backoffScale?: number;
  /** Numbers from 0 to 1, for the random part of the waits. */
  random?: () => number;
  /** Takes each new access token, to store it where the one before it was. */
  onToken?: (token: string) => void;
}

export interface MessageOptions {
  /** The name of the message, from 1 to 128 code points; a fresh one without it. */
  id?: string;
  /** `"high"` asks the server to keep the event for clients that join later. */
  priority?: string;
  /** Whether the message is not to be repeated, so that its fate may remain unknown. */
  once?: boolean;
}

export interface WebsocketService {
  readonly state: State;
  /**
   * Connects and keeps the connection up; rejects with a CodaError when trying makes no sense, and with
   * a TypeError for another address while it is connected or trying: disconnect first.
   */
  connect(url?: string): Promise<void>;
  /** Ends the connection; resolves when it is closed. */
  disconnect(): Promise<void>;
  /** Uses an access token from the next connection on; throws a TypeError if it is none. */
  setToken(token: string): void;
  /** Resolves when the message is acknowledged; rejects with a CodaError when it is refused or given up. */
  sendClientMessage<Type extends string>(
    type: Type,
    data: Type extends keyof Commands ? Commands[Type] : object,
    options?: MessageOptions,
  ): Promise<Acknowledgement>;
  /** Resolves with the token_id of the new token, which `onToken` takes. */
  refreshToken(): Promise<string>;
  /** Revokes the line of the access token, or of the one that is named. */
  revokeToken(tokenId?: string): Promise<void>;
  /** Listens to the events of a type; "*" is every type. */
  addEventListener(type: "*", listener: (event: AnyEvent) => void): void;
  addEventListener<Type extends string>(type: Type, listener: (event: EventOf<Type>) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
  addStateListener(listener: (notice: StateNotice) => void): void;
  removeStateListener(listener: (notice: StateNotice) => void): void;
  /** Listens to everything that the client tells; no notice holds a secret. */
  addNoticeListener(listener: (notice: Notice) => void): void;
  removeNoticeListener(listener: (notice: Notice) => void): void;
}

/** A client of the server at a ws:// or wss:// address; it does nothing until `connect` is called. */
export declare function websocketService(url: string, options?: Options): WebsocketService;

/** The challenge, and whether a response to it is right. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import { isObject } from "./json.mjs";
import { hmac } from "./tokens.mjs";

const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
const AUDIENCE = /^wss?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?$/;
const PROOF = /^[0-9A-Fa-f]{64}$/;
const UNKNOWN_SECRET = randomBytes(32).toString("base64url");
const METHODS = new Map([["hmac_sha256", judgeProof], ["challenge_token", judgeEcho]]);

/** What a failed response is told; never what the right one would have been (ERROR-07). */
export const FAILURES = {
  invalid_response: "The response has the wrong shape or method",
  auth_failed: "The token or the proof is wrong",
  auth_timeout: "No valid response in time",
  token_expired: "The access token has expired",
  token_revoked: "The access token was revoked",
};

/** The data of a fresh challenge. */
export function newChallenge({ authTimeout, maxMessageBytes }) {
  return {
    methods: [...METHODS.keys()],
    nonce: randomBytes(16).toString("base64url"),
    expires_in: authTimeout,
    protocol_version: "1.0",
    max_message_bytes: maxMessageBytes,
    token: randomBytes(16).toString("base64url"),
    message: "Send this token back to authenticate",
  };
}

/** Judges the data of an auth_response: `{code}` if it failed, else `{clientId}` or `{token}`. */
export function judge(data, challenge, core) {
  // AUTH-10: the wrong shape, or a method that is unknown, is invalid_response.
  if (!isObject(data) || !extrasAreRight(data)) return { code: "invalid_response" };
  // AUTH-06: an auth_response without a method is one of challenge_token.
  const { method = "challenge_token" } = data;
  const judgeMethod = METHODS.get(method);
  return judgeMethod ? judgeMethod(data, challenge, core) : { code: "invalid_response" };
}

function extrasAreRight({ resume = null, last_seq: seq = null, last_epoch: epoch = null }) {
  const areTexts = [resume, epoch].every((value) => value === null || typeof value === "string");
  // REPLAY-08: a last_seq that is not null is an integer of 0 or more.
  return areTexts && (seq === null || (Number.isInteger(seq) && seq >= 0));
}

function judgeEcho({ token, resume }, challenge, core) {
  if (typeof token !== "string") return { code: "invalid_response" };
  // AUTH-18: compare in constant time; of hashes, because the lengths may differ.
  if (!timingSafeEqual(digest(token), digest(challenge.token))) return { code: "auth_failed" };
  // RESUME-03: an unknown secret leads to a fresh client_id, never to a failure.
  const resumed = typeof resume === "string" ? core.resume.use(resume) : undefined;
  return { clientId: resumed ?? `client-${randomBytes(16).toString("hex")}` };
}

function judgeProof({ token_id: id, audience, proof }, challenge, { tokens, audiences }) {
  const wellFormed = [[id, TOKEN_ID], [audience, AUDIENCE], [proof, PROOF]].every(
    ([value, shape]) => typeof value === "string" && shape.test(value),
  );
  if (!wellFormed || audience.length > 300) return { code: "invalid_response" };
  const token = tokens.find(id);
  // HMAC-05: an unknown token_id is answered exactly as a wrong proof.
  const lines = ["coda.v1 auth", challenge.nonce, id, audience];
  const expected = hmac(token?.secret ?? UNKNOWN_SECRET, lines);
  const isRight = timingSafeEqual(expected, Buffer.from(proof, "hex"));
  if (!token || !isRight || !audiences.has(audience)) return { code: "auth_failed" };
  // HMAC-06: only the holder of the secret learns what became of its token.
  const code = tokens.fault(token);
  return { code, token, clientId: token.line.identity };
}

function digest(text) {
  return createHash("sha256").update(text).digest();
}

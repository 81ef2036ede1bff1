/** How a client answers a challenge. */
import { audienceOf, proofText } from "./access.mjs";
import { NO_METHOD, VERSION } from "./ends.mjs";

const MAJOR = "1";

/**
 * What to do about the data of a challenge: `{end, detail}` to close, `{sign}` for a proof, `{data}` to
 * answer, or null to ignore it, because it lacks what its method needs.
 * `client` is `{access, canSign, url, resume}`.
 */
export function plan(challenge, { access, canSign, url, resume }) {
  const version = challenge.protocol_version ?? "1.0";
  if (version.split(".")[0] !== MAJOR) return { end: VERSION, detail: { version } }; // CLIENT-12
  const { methods, nonce, token } = challenge;
  // CLIENT-03, CLIENT-16: with an access token, be it refused or expired, nothing else will do.
  const method = access.token === null ? "challenge_token" : "hmac_sha256";
  const usable = methods.includes(method) && (method === "challenge_token" || canSign);
  if (!usable) return { end: NO_METHOD, detail: { methods } }; // CLIENT-11
  if (method === "challenge_token") {
    if (token === undefined) return null;
    return { data: { method, token, ...(resume === null ? {} : { resume }) } }; // CLIENT-22, CLIENT-24
  }
  if (nonce === undefined) return null;
  const { id, secret } = access.token;
  const audience = audienceOf(url); // CLIENT-20
  const data = { method, token_id: id, audience };
  return { sign: { key: secret, text: proofText(nonce, id, audience) }, data }; // CLIENT-19, CLIENT-21
}

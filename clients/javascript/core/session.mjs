/** What a server promises in a session, with the defaults of what it does not state. */

/** Bytes of a message that a server accepts until it has stated another number. */
export const LONGEST_MESSAGE = 1_048_576;

const DEFAULTS = { dedup_capacity: 1000, id_window: 300 };

/** CLIENT-27: each missing member of a session, and a missing session, promise the default. */
export function promised(session, challenge) {
  const longest = challenge.max_message_bytes ?? LONGEST_MESSAGE;
  const features = new Set(session?.features); // CLIENT-26: of names not known, nobody asks
  const limit = features.has("limits") ? session.rate_limit : undefined;
  return { ...DEFAULTS, max_message_bytes: longest, ...session, features, rate_limit: limit };
}

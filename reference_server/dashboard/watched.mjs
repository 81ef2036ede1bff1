/** A WebSocket that is watched: what the server says of itself, besides what the client tells. */

/** What a control message that the page shows looks like, at a first glance. */
const WORTH_A_LOOK = /"type"\s*:\s*"(?:auth_result|error|duplicate_message|replay)"/;

/** The control message in a text that is one of those, or null. */
function controlIn(text) {
  if (typeof text !== "string" || !WORTH_A_LOOK.test(text)) return null;
  try {
    const message = JSON.parse(text);
    return Object.hasOwn(message, "seq") ? null : message;
  } catch {
    return null;
  }
}

/**
 * A class to hand to the client. `tell` gets each control message of the server's before the client
 * does, or null for any other message.
 */
export function watched(tell) {
  return class extends WebSocket {
    constructor(...words) {
      super(...words);
      this.addEventListener("message", ({ data }) => tell(controlIn(data)));
    }
  };
}

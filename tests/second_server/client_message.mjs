/** The shape of a client_message and of the commands. */
import { isObject, isText } from "./json.mjs";
import { demand } from "./refusal.mjs";

const COMMANDS = new Map([
  ["push_to_talk", checkPushToTalk],
  ["stop_listening", () => {}],
  ["stop_speaking", () => {}],
  ["text_input", checkTextInput],
]);

/** What counts of a valid message; throws `invalid_message` for any other (MSG-04). */
export function contentOf({ id, data }) {
  demand(id === undefined || isText(id, 128), "/id");
  demand(isObject(data), "/data");
  const { message_type: messageType, message_data: messageData } = data;
  demand(isText(messageType, 128), "/data/message_type");
  demand(isObject(messageData), "/data/message_data");
  // MSG-07: refuse a command whose message_data breaks its schema.
  COMMANDS.get(messageType)?.(messageData);
  return { id, messageType, messageData };
}

function checkPushToTalk({ duration = null, continuous = false }) {
  const isDuration = duration === null || (typeof duration === "number" && duration >= 0);
  demand(isDuration, "/data/message_data/duration");
  demand(typeof continuous === "boolean", "/data/message_data/continuous");
}

function checkTextInput({ text }) {
  demand(typeof text === "string" && text !== "", "/data/message_data/text");
}

// What the author of a client does with the types, in TypeScript.
import type { ClientMessage, ClientToServer, Commands, ErrorCode, ServerToClient } from "./coda_messages";

export function reaction(text: string): string {
  const m: ServerToClient = JSON.parse(text);
  switch (m.type) {
    case "stt_result":
      return m.data.text + (m.data.language ?? "");
    case "auth_challenge":
      return m.data.nonce;
    case "client_message":
      return m.data.client_id;
    case "error": {
      const code: ErrorCode = m.data.code;
      return code + (m.data.details?.pointer ?? "");
    }
    case "replay":
      return m.events.map((event) => event.type).join(", ");
    default:
      return "";
  }
}

export function command<Name extends keyof Commands>(name: Name, data: Commands[Name]): ClientToServer {
  const m: ClientMessage = {
    type: "client_message",
    id: "m-1",
    data: { message_type: name, message_data: { ...data } },
  };
  return m;
}

command("text_input", { text: "What time is it?" });

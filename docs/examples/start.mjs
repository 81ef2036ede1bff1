/** Starts the client to copy: `node start.mjs URL` prints the events it is sent, until the end. */
import { Client } from "./client.mjs";

const client = new Client(process.argv[2]);
for (const type of ["stt_result", "llm_result", "tts_start", "client_message"]) {
  client.on(type, (event) => console.log(JSON.stringify(event)));
}
client.joined.catch((error) => console.error(error.message));

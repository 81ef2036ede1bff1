/**
 * Starts the client to copy: `node start.mjs URL` prints the events it is sent.
 * CODA_BACKOFF_SCALE shortens its waits, for tests.
 */
import { Client } from "./client.mjs";

Client.second *= Number(process.env.CODA_BACKOFF_SCALE ?? 1);
const client = new Client(process.argv[2]);
for (const type of ["stt_result", "llm_result", "tts_start", "client_message"]) {
  client.on(type, (event) => console.log(JSON.stringify(event)));
}
client.joined.catch((error) => console.error(error.message));

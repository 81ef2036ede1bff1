// What a dashboard does with the client, in TypeScript.
import { CodaError, websocketService } from "coda-websocket-service";
import type { CodaEvent, State, WebsocketService } from "coda-websocket-service";

export async function dashboard(token: string, show: (text: string) => void): Promise<WebsocketService> {
  const service = websocketService("ws://127.0.0.1:8765/", { token, onToken: (next) => show(next) });
  service.addStateListener(({ state, reason }) => show(`${state satisfies State} ${reason ?? ""}`));
  service.addEventListener("stt_result", ({ data }) => show(data.text));
  service.addEventListener("lamp_dimmed", ({ seq, data }) => show(String(seq) + String(data["level"])));
  service.addEventListener("*", ({ type }) => show(type));
  service.addNoticeListener((told) => {
    if (told.notice === "acknowledged" && told.outcome === "refused") show(told.code ?? told.fault ?? "");
  });
  await service.connect();
  try {
    const { outcome } = await service.sendClientMessage("text_input", { text: "hello" }, { once: true });
    show(outcome);
    await service.sendClientMessage("note.pinned", { note: 7 });
  } catch (error) {
    if (error instanceof CodaError) show(error.outcome ?? error.reason ?? "");
  }
  return service;
}

export const texts = (event: CodaEvent): string => (event.type === "llm_token" ? event.data.token : "");

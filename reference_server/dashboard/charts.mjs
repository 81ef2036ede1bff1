/** The three pictures: how many events come, how late, and how long the assistant takes. */
import { chart } from "./chart.mjs";
import { medianOf, Meter } from "./meter.mjs";

const MOST_TRACES = 60;
const STAGES = ["stt_seconds", "llm_seconds", "tts_seconds"];

const shown = (number) => number.toLocaleString("en-GB", { maximumFractionDigits: 1 });
const isSeconds = (value) => typeof value === "number" && value >= 0 && value < 86_400;

export class Charts {
  meter = new Meter();
  #traces = [];

  /** Takes an event that came at a moment in Unix seconds; `delay` in milliseconds, null if unknown. */
  take({ type, data }, moment, delay) {
    this.meter.event(Math.floor(moment), delay);
    if (type !== "latency_trace" || ![...STAGES, "total_seconds"].every((name) => isSeconds(data[name]))) return;
    this.#traces.push(data);
    if (this.#traces.length > MOST_TRACES) this.#traces.shift();
  }

  /** Draws all of them, at a moment in Unix seconds. */
  draw(moment) {
    const rows = this.meter.rows(Math.floor(moment));
    const events = rows.map((row) => row.events);
    const all = events.reduce((sum, each) => sum + each, 0);
    chart("throughput", {
      lines: { events }, unit: "a second",
      sentence: `${shown(events.at(-1))} in the last second, ${shown(all)} in two minutes`,
    });
    const [delays, trips] = [rows.map(({ delay }) => delay), rows.map(({ trip }) => trip)];
    chart("delay", {
      lines: { delays, trips }, unit: "ms",
      sentence: `median ${said(delays)} of events, ${said(trips)} of own messages`,
    });
    const totals = this.#traces.map((trace) => trace.total_seconds);
    chart("answers", {
      stacks: this.#traces.map((trace) => STAGES.map((name) => trace[name])), parts: ["stt", "llm", "tts"],
      unit: "s", sentence: totals.length ? `median ${shown(medianOf(totals))} s of the last ${totals.length}` : "none yet",
    });
  }
}

function said(values) {
  const median = medianOf(values.filter((value) => value !== null));
  return median === null ? "–" : `${shown(median)} ms`;
}

/** One event, whole. */
import { make, say, timeOf, visible } from "./elements.mjs";

/** Characters that are shown of the data. */
const MOST_SHOWN = 65_536;

/** The JSON text of some data, with one member a line; text that is cut stays as it is. */
function laidOut(row) {
  if (row.cut) return row.text;
  try {
    return JSON.stringify(JSON.parse(row.text), null, 2);
  } catch {
    return row.text;
  }
}

/** Shows a row of the store in a box, or that it is gone. */
export function showDetail(box, row) {
  if (row === undefined) {
    box.replaceChildren(make("p", { class: "muted" }, "Choose an event to see all of it."));
    return;
  }
  const facts = make("dl", { class: "facts" });
  const late = Math.max(0, (row.arrived - row.timestamp) * 1000);
  const pairs = {
    Number: String(row.seq), Time: timeOf(row.timestamp), Came: `${late.toFixed(0)} ms later`,
    ...(row.session === null ? {} : { Conversation: row.session }),
  };
  for (const [name, text] of Object.entries(pairs)) {
    facts.append(make("div", {}, make("dt", {}, name), make("dd", {}, visible(text))));
  }
  const whole = laidOut(row);
  const text = make("pre", { tabIndex: 0 });
  text.setAttribute("aria-label", "Data of the event");
  text.setAttribute("role", "region");
  say(text, whole.slice(0, MOST_SHOWN));
  const heading = make("h3", {}, visible(row.type.slice(0, 200)));
  const cut = Math.max(row.cut ?? 0, whole.length) > MOST_SHOWN;
  const remark = cut ? [make("p", { class: "muted" }, "This is its beginning: it is too long to be shown.")] : [];
  box.replaceChildren(heading, facts, text, ...remark);
}

/** Lines and bars over time, drawn as SVG, with a sentence that says the same. */
import { find, say } from "./elements.mjs";

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [240, 64];

function draw(name, attributes) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** The top of the scale: 1, 2 or 5 times a power of ten. */
export function scaleFor(most) {
  if (!(most > 0) || most === Infinity) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].find((step) => step * unit >= most) * unit;
}

const heightOf = (value, top) => HEIGHT - (value / top) * (HEIGHT - 2) - 1;

/** A line through the values; it breaks at each null. */
function line(values, top, names) {
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = "";
  values.forEach((value, index) => {
    if (value === null) return;
    const isFirst = index === 0 || values[index - 1] === null;
    const place = `${(index * step).toFixed(1)} ${heightOf(value, top).toFixed(1)}`;
    path += isFirst ? `M${place}h0.8` : `L${place}`;
  });
  return draw("path", { d: path, class: names });
}

/** Bars on each other: each row is a list of the heights of its parts. */
function bars(rows, top, names) {
  const step = WIDTH / Math.max(24, rows.length);
  return rows.flatMap((parts, index) => {
    let sum = 0;
    return parts.map((value, part) => {
      sum += value;
      const height = (value / top) * (HEIGHT - 2);
      const x = (index * step).toFixed(1);
      return draw("rect", {
        class: names[part], x, y: heightOf(sum, top).toFixed(1),
        width: (step * 0.8).toFixed(1), height: Math.max(0, height).toFixed(1),
      });
    });
  });
}

/**
 * Draws into the figure with an id: `lines` by their classes, or `stacks` with the classes of their
 * parts; `unit` follows the top of the scale, and `sentence` is what the picture says.
 */
export function chart(id, { lines = {}, stacks = [], parts = [], unit, sentence }) {
  const values = [...Object.values(lines).flat(), ...stacks.map((row) => row.reduce((a, b) => a + b, 0))];
  const top = scaleFor(Math.max(0, ...values.filter((value) => value !== null)));
  const picture = find(id).querySelector("svg");
  picture.replaceChildren(
    draw("line", { class: "floor", x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }),
    ...Object.entries(lines).map(([names, each]) => line(each, top, names)),
    ...bars(stacks, top, parts),
  );
  say(find(id).querySelector(".top"), `${top.toLocaleString("en-GB")} ${unit}`);
  say(find(id).querySelector(".says"), sentence);
}

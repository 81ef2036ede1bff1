/** Elements of the page. What others have written becomes text, and never markup. */

/** Control characters, and those that turn the direction of a text or cannot be seen. */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text in which every character can be seen; line feeds and tabs stay. */
export function visible(text) {
  return text.replace(UNSEEN, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A new element with a class, children, and listeners and properties by their names. */
export function make(name, { class: names, ...members } = {}, ...children) {
  const element = document.createElement(name);
  if (names) element.className = names;
  Object.assign(element, members);
  element.append(...children);
  return element;
}

/** Shows a text in an element, if it is another one. */
export function say(element, text) {
  const shown = visible(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** The element of the page with an id. */
export function find(id) {
  return document.getElementById(id);
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Unix seconds as the time of day, or a dash for those that no clock shows. */
export function timeOf(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "–" : CLOCK.format(date);
}

/** A number with separators. */
export function counted(number) {
  return number.toLocaleString("en-GB");
}

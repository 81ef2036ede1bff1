// Shows the document, and mends what the component tells screen readers wrongly.
"use strict";

function mend(place) {
  const title = place.querySelector("#introduction .text-4xl");
  if (title) {
    title.setAttribute("role", "heading");
    title.setAttribute("aria-level", "1");
  }
  for (const tab of place.querySelectorAll("[role=tab]")) {
    tab.parentElement.setAttribute("role", "tablist");
    const panel = tab.getAttribute("aria-controls");
    if (panel && !document.getElementById(panel)) tab.removeAttribute("aria-controls");
  }
  for (const list of place.querySelectorAll("ul:not([role])")) {
    const strange = [...list.childNodes].some(
      (node) => node.nodeName !== "LI" && node.textContent.trim() !== "",
    );
    if (!strange) continue;
    list.setAttribute("role", "group");
    for (const item of list.children) item.setAttribute("role", "presentation");
  }
  for (const wide of place.querySelectorAll("pre code, .prose table")) wide.tabIndex = 0;
  for (const heading of place.querySelectorAll("h5:not([aria-level])")) {
    heading.setAttribute("aria-level", "4");
  }
}

function show(schema, config) {
  const place = document.getElementById("asyncapi");
  // At once, before anybody can see what was added.
  new MutationObserver(() => {
    mend(place);
    if (document.getElementById("operations")) place.setAttribute("aria-busy", "false");
  }).observe(place, { childList: true, subtree: true });
  AsyncApiStandalone.render({ schema, config }, place);
}

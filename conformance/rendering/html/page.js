"use strict";
(() => {
  const details = JSON.parse(document.querySelector('script[type="application/json"]').textContent);
  const detailOf = (id) => (Object.hasOwn(details, id) ? details[id] : undefined);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  // Everything that is shown goes through textContent: what came is hostile.
  const make = (tag, className, text, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = text;
    node.append(...children);
    return node;
  };

  // ── a result ──

  const lines = (rows) => {
    const box = make("div");
    for (const [depth, text, mark] of rows) {
      const line = make("p", "line" + (mark === "not compared" ? " grey" : mark ? " " + mark : ""), text);
      line.style.setProperty("--d", depth);
      if (mark === "differs" || mark === "missing") line.dataset.m = mark;
      box.append(line);
    }
    return box;
  };

  const headed = (title, ...content) => make("div", "", null, make("h3", "", title), ...content);

  const steps = (rows) => {
    const list = make("ol", "steps");
    let phase = "";
    for (const [name, state, verb, connection, says, note] of rows) {
      if (name !== phase) list.append(make("li", "phase", name === "setup" ? "Sets up" : "Judges"));
      phase = name;
      const item = make("li", state.split(" ")[0]);
      const shape = {done: "✓", failed: "✗", inconclusive: "?"}[state] || "";
      item.append(make("span", "mark", shape), make("span", "", `${verb} `));
      item.append(make("span", "muted", `on ${connection}${state === "not reached" ? ", not reached" : ""}`));
      if (note) item.append(make("div", "muted", note));
      if (says && says !== "{}") item.append(make("code", "", says));
      list.append(item);
    }
    return list;
  };

  const PLUMBING = new Set(["handshake", "ping", "pong"]);

  const wire = (rows, last) => {
    const names = [...new Set(rows.map((row) => row.c).filter(Boolean))];
    const guilty = rows.find((row) => row.x);
    // The connection that is judged stands beside the server.
    if (guilty && guilty.c) names.push(...names.splice(names.indexOf(guilty.c), 1));
    const place = new Map(names.map((name, i) => [name, 12 + (i * 62) / Math.max(names.length, 1) + (names.length === 1 ? 6 : 0)]));
    const server = 92;
    const box = make("div", "wire");
    const lanes = make("div", "lanes");
    for (const [name, left] of [...place, ["server", server]]) {
      const lane = make("span", "", name);
      lane.style.left = `${left}%`;
      lanes.append(lane);
    }
    const list = make("ol");
    const flow = make("div", "flow", null, list);
    for (const left of [...place.values(), server]) {
      const line = make("div", "lifeline");
      line.style.left = `${left}%`;
      flow.append(line);
    }
    let before = null;
    for (const row of rows) {
      if (before && row.n > before.n + 1) list.append(make("li", "aside", `${row.n - before.n - 1} entries are left out here`));
      if (before && row.n === before.n + 1 && row.ms - before.ms >= 1000) list.append(make("li", "aside", `${((row.ms - before.ms) / 1000).toFixed(1)} s of nothing`));
      if (row.n) before = row;
      list.append(hop(row, place, server));
    }
    if (before && last > before.n) list.append(make("li", "aside", `${last - before.n} entries are left out here`));
    box.append(lanes, flow);
    return box;
  };

  const hop = (row, place, server) => {
    const item = make("li", row.x ? "guilty" : PLUMBING.has(row.k) ? "plumbing" : "");
    const left = place.get(row.c);
    if (row.k === "others" || row.d === "n" || left === undefined) {
      item.classList.add("aside");
      item.textContent = row.l;
      return item;
    }
    const button = make(row.t ? "button" : "div", "hop");
    const silence = row.k === "silence";
    const text = make("b", "", `${row.x ? "✗ " : ""}${row.l}${silence ? ": nothing came" : ""}`);
    if (row.m) text.append(make("span", "", ` ${row.m}`));
    const label = make("span", "label", null, text);
    const arrow = make("span", `arrow ${row.d === "s" ? "right" : "left"}${silence ? " dashed" : ""}`);
    for (const node of [label, arrow]) {
      node.style.left = `${left}%`;
      node.style.width = `${server - left}%`;
    }
    button.append(label, arrow);
    if (row.ms !== undefined) button.append(make("span", "ms", `${row.ms.toFixed(1)} ms`));
    item.append(button);
    if (row.x && row.due && !silence) item.append(make("p", "due", `${row.due} was due`));
    if (row.t) {
      button.type = "button";
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => {
        const open = button.getAttribute("aria-expanded") === "true";
        button.setAttribute("aria-expanded", String(!open));
        if (open) item.querySelector("pre").remove();
        else item.append(make("pre", "", row.t));
      });
    }
    return item;
  };

  const build = (row) => {
    const found = detailOf(row.id);
    if (!found || row.querySelector(".detail")) return;
    const box = make("div", `detail ${row.dataset.o}`);
    for (const [id, level, profile, sentence] of found.q) {
      const link = make("a", "", id);
      link.href = `#${id}`;
      box.append(make("p", "rule", null, link, ` ${sentence}`), make("p", "muted", `${level}, profile ${profile}`));
    }
    const [failure] = found.f;
    box.append(make("p", "found", failure ? failure.sum : found.why));
    if (failure && failure.item) box.append(make("p", "line", `repetition ${failure.item}`));
    if (failure && found.why && row.dataset.o === "inconclusive") box.append(make("p", "muted", found.why));
    if (failure) {
      if (failure.sent) box.append(headed("Sent last", make("p", "line", failure.sent)));
      const came = headed("Received", lines(failure.came));
      if (failure.came.some((line) => line[2] === "not compared")) came.append(make("p", "muted", "Grey members are not compared."));
      box.append(make("div", "two", null, headed("Expected", lines(failure.due)), came));
    }
    if (found.more) box.append(make("p", "muted", `${found.more} more of the same kind are in the JSON report.`));
    const sides = make("div", "sides");
    if (found.s.length) sides.append(headed("What the scenario does", steps(found.s)));
    if (found.w.length) sides.append(headed("On the wire", wire(found.w, found.cut)));
    if (found.left) sides.append(make("p", "muted", "The dialogue is in the JSON report alone: this page has no room for it."));
    if (sides.childElementCount) box.append(sides);
    if (found.tries.length) {
      const list = make("ol");
      for (const [outcome, why] of found.tries) list.append(make("li", "", why ? `${outcome}: ${why}` : outcome));
      box.append(headed("Its runs", list));
    }
    box.append(headed("Again", make("code", "again", found.run)));
    if (found.at) box.append(make("p", "muted", `Written in ${found.at}`));
    row.append(box);
  };

  const rows = all(".row");
  for (const row of rows) {
    row.addEventListener("toggle", () => row.open && build(row));
    row.querySelector("summary").addEventListener("click", () => {
      if (!row.open) history.replaceState(null, "", `#${encodeURIComponent(row.id)}`);
    });
    if (row.open) build(row);
  }

  // ── links ──

  const reveal = (node) => {
    for (let at = node; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const follow = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* as it is */ }
    const node = id && byId(id);
    if (!node || node.closest(".tools")) return;
    clear();
    reveal(node);
    node.scrollIntoView({block: "start"});
    (node.querySelector("summary") || node).focus?.({preventScroll: true});
  };
  addEventListener("hashchange", follow);

  // ── filter ──

  const tools = document.querySelector(".tools");
  tools.hidden = false;
  const find = byId("find");
  const chips = all(".chip");
  const selects = {p: byId("profile"), l: byId("level"), a: byId("area")};
  const leaves = all(".row, .plain");
  for (const [key, select] of Object.entries(selects)) {
    for (const value of [...new Set(leaves.map((leaf) => leaf.dataset[key]))].filter(Boolean).sort()) select.add(new Option(value, value));
  }
  const PHRASES = /(?<!\S)"([^"]+)(?:"(?!\S)|$)|\S+/g;
  const wordsOf = new Map();
  const words = (leaf) => {
    if (!wordsOf.has(leaf)) {
      const found = detailOf(leaf.id);
      const more = found ? [
        ...found.q.map((q) => `${q[0]} ${q[3]}`), found.why,
        ...found.f.flatMap((f) => [f.sum, f.sent, ...f.due.map((line) => line[1]), ...f.came.map((line) => line[1])]),
        ...found.s.map((step) => `${step[4]} ${step[5]}`), ...found.w.map((row) => row.l),
      ] : [];
      const around = leaf.closest(".cause")?.querySelector("summary").textContent;
      wordsOf.set(leaf, [(leaf.querySelector("summary") || leaf).textContent, around, ...more].join(" ").replace(/\s+/g, " ").toLowerCase());
    }
    return wordsOf.get(leaf);
  };
  const parents = all("details.cause, details.group, .causes > li, section, h3, main > details");
  let opened = null;
  const apply = () => {
    const outcomes = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.o));
    const wanted = [...find.value.toLowerCase().matchAll(PHRASES)].map(([word, phrase]) => (phrase ?? word).replace(/\s+/g, " "));
    const chosen = Object.entries(selects).filter(([, select]) => select.value);
    const on = outcomes.size || wanted.length || chosen.length;
    document.body.classList.toggle("filtered", Boolean(on));
    if (!on) {
      if (opened) for (const group of all("details.cause, details.group")) group.open = opened.has(group);
      opened = null;
      byId("found").textContent = "";
      return;
    }
    opened ??= new Set(all("details.cause[open], details.group[open]"));
    const kept = new Set();
    let count = 0;
    for (const leaf of leaves) {
      const fits = (!outcomes.size || outcomes.has(leaf.dataset.o))
        && chosen.every(([key, select]) => leaf.dataset[key] === select.value)
        && wanted.every((word) => words(leaf).includes(word));
      leaf.classList.toggle("off", !fits);
      if (!fits) continue;
      count += 1;
      for (let at = leaf.parentElement; at && !kept.has(at); at = at.parentElement) kept.add(at);
    }
    for (const parent of parents) {
      if (parent.tagName === "H3") continue;
      parent.classList.toggle("off", !kept.has(parent));
      if (parent.tagName === "DETAILS") parent.open = kept.has(parent) && (count <= 200 || parent.open);
    }
    byId("found").textContent = count ? `${count} of ${leaves.length} results` : "No result matches; Esc clears the search";
  };
  const clear = () => {
    find.value = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    for (const select of Object.values(selects)) select.value = "";
    apply();
  };
  find.addEventListener("input", apply);
  for (const select of Object.values(selects)) select.addEventListener("change", apply);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }

  // ── keys and theme ──

  const keys = byId("keys");
  byId("help").addEventListener("click", () => keys.showModal());
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  const move = (by) => {
    const seen = all(".cause > summary, .reason > summary, .row > summary").filter((node) => node.checkVisibility());
    const at = seen.indexOf(document.activeElement?.closest?.("summary"));
    const next = seen[at < 0 ? (by > 0 ? 0 : seen.length - 1) : Math.min(Math.max(at + by, 0), seen.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({block: "nearest"}); }
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (event.key === "Escape") {
      const open = document.activeElement?.closest?.("details[open]");
      if (document.activeElement === find || !open) { clear(); document.activeElement?.blur?.(); }
      else { open.open = false; open.querySelector("summary").focus(); }
      return;
    }
    if (event.key === "Enter" && document.activeElement === find) { find.blur(); move(1); return; }
    if (/^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "/") { event.preventDefault(); find.focus(); }
    else if (event.key === "?") keys.showModal();
  });
  addEventListener("beforeprint", () => all("details.cause, details.reason").forEach((group) => { group.open = true; }));
  follow();
})();

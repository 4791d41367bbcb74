// Draws what Python decided: no arithmetic on figures, no layout, and text only through textContent.
/** Shorten text with an ellipsis until it fits. */
function fit(element, text, room) {
  element.textContent = text;
  let kept = text.length;
  while (kept > 1 && element.getComputedTextLength() > room) {
    kept -= 1;
    element.textContent = text.slice(0, kept).trimEnd() + "…";
  }
}

/** A title that is too long for one line of an end stage, on two. */
function inTwo(title) {
  if (title.length <= 15) return [title];
  const words = title.split(" ");
  let first = words.shift();
  while (words.length && (first + " " + words[0]).length <= 15) first += " " + words.shift();
  return words.length ? [first, words.join(" ")] : [first];
}

function laneBand(lane, width) {
  const group = draw("g", { class: "lane" });
  group.append(draw("rect", { class: "band", x: 0, y: lane.y + 3, width, height: lane.height - 6, rx: 10 }));
  const words = lane.title.split(/[\s_]+/);
  const lines = lane.title.length > 11 && words.length > 1 ? [words[0], words.slice(1).join(" ")] : [lane.title];
  const top = lane.y + lane.height / 2 - (lines.length - 1) * 8 - 4;
  lines.forEach((line, index) => {
    const text = draw("text", { class: "lane-title", x: 16, y: top + index * 16 });
    text.append(line);
    text.dataset.full = line;
    group.append(text);
  });
  group.append(draw("text", { class: "lane-words", x: 16, y: top + lines.length * 16 + 2 }));
  return group;
}

function arrowHead([x, y, across, down], width) {
  const long = 11 + width * 0.55, half = 4.2 + width * 0.62;
  const [backX, backY] = [x - across * long, y - down * long];
  return `M${x} ${y}L${backX + down * half} ${backY + across * half}L${backX - down * half} ${backY - across * half}Z`;
}

function stageCard(card) {
  const group = draw("g", { class: card.isEnd ? "card end" : "card", transform: `translate(${card.x} ${card.y})` });
  group.setAttribute("tabindex", 0);
  group.setAttribute("role", "button");
  group.dataset.stage = card.name;
  const { width, height } = card;
  group.append(draw("rect", { class: "face", width, height, rx: card.isEnd ? height / 2 : 11 }));
  if (card.isEnd) {
    group.append(draw("text", { class: `mark ${card.isBad ? "bad" : "good"}`, x: 21, y: height / 2 + 6 }, card.mark));
    const lines = inTwo(card.title);
    lines.forEach((_, index) => group.append(draw("text", { class: "title", x: 40, y: height / 2 - 5 + (index - (lines.length - 1) / 2) * 14 })));
    group.append(draw("text", { class: "small", x: 40, y: height / 2 + 13 + (lines.length - 1) * 5 }, ""));
    return group;
  }
  group.append(
    draw("text", { class: "title", x: 13, y: 21 }),
    draw("text", { class: "number", x: 13, y: 50 }),
    draw("text", { class: "small side oldest", x: width - 13, y: 38 }),
    draw("text", { class: "small side value", x: width - 13, y: 53 }),
    draw("rect", { class: "bar-room", x: 13, y: 60, width: width - 26, height: 4, rx: 2 }),
    draw("rect", { class: "bar", x: 13, y: 60, width: 0, height: 4, rx: 2 }),
    draw("text", { class: "small limits", x: 13, y: 78 }),
  );
  const badge = draw("g", { class: "stuck", transform: `translate(${width - 9} -13)` });
  badge.append(draw("rect", { y: 0, height: 19, rx: 9.5 }), draw("text", { y: 13.4 }));
  group.append(badge);
  return group;
}

function updateCard(group, card, selected) {
  const find = (selector) => group.querySelector(selector);
  group.setAttribute("aria-label", card.label);
  group.setAttribute("aria-pressed", String(selected));
  group.classList.toggle("selected", selected);
  group.classList.toggle("empty", !card.items);
  group.querySelector(".face").setAttribute("class", `face ${card.heat === null ? "no-heat" : `heat-${card.heat}`}`);
  group.classList.forEach((name) => name.startsWith("heat-") && group.classList.remove(name));
  if (card.heat !== null) group.classList.add(`heat-${card.heat}`);
  const titles = card.isEnd ? inTwo(card.title) : [card.title];
  group.querySelectorAll(".title").forEach((line, index) => fit(line, titles[index], card.width - (card.isEnd ? 54 : 26)));
  if (card.isEnd) {
    find(".small").textContent = `${card.count} ${card.words}`;
    return;
  }
  setNumber(find(".number"), card.count, card.items);
  find(".oldest").textContent = card.oldest;
  find(".value").textContent = card.value;
  find(".bar").setAttribute("width", (card.width - 26) * (card.share ?? 0));
  find(".bar-room").style.display = card.share === null ? "none" : "";
  find(".limits").textContent = card.limits;
  const badge = find(".stuck");
  badge.style.display = card.stuck ? "" : "none";
  const text = badge.querySelector("text");
  text.textContent = card.stuckWords;
  const wide = 18 + card.stuckWords.length * 6.3;
  badge.querySelector("rect").setAttribute("width", wide);
  badge.querySelector("rect").setAttribute("x", -wide);
  text.setAttribute("x", -wide / 2);
}

function buildMap(data) {
  const svg = draw("svg", { viewBox: `0 0 ${data.width} ${data.height}`, role: "group", "aria-label": "Value stream map" });
  svg.style.setProperty("--natural", `${data.width}px`);
  const lanes = draw("g"), arrows = draw("g"), cards = draw("g"), labels = draw("g", { "aria-hidden": "true" });
  lanes.append(...data.lanes.map((lane) => laneBand(lane, data.width)));
  for (const arrow of data.arrows) {
    const group = draw("g", { class: `arrow ${arrow.kind}`, role: "img" });
    group.dataset.source = arrow.source;
    group.dataset.target = arrow.target;
    group.append(draw("path", { class: "line", d: arrow.path }), draw("path", { class: "head" }), draw("path", { class: "hit", d: arrow.path }));
    arrows.append(group);
    const label = draw("text", { class: `volume ${arrow.kind}` });
    label.dataset.source = arrow.source;
    label.dataset.target = arrow.target;
    if (arrow.at) { label.setAttribute("x", arrow.at[0]); label.setAttribute("y", arrow.at[1] + 4); }
    labels.append(label);
  }
  cards.append(...data.cards.map(stageCard));
  svg.append(lanes, arrows, cards, labels);
  return { svg, lanes, arrows, cards, labels };
}

function updateMap(parts, data) {
  parts.svg.classList.toggle("has-way", data.hasWay);
  data.lanes.forEach((lane, index) => {
    const group = parts.lanes.children[index];
    group.classList.toggle("quiet", lane.isQuiet);
    group.querySelector(".lane-words").textContent = lane.words;
    for (const title of group.querySelectorAll(".lane-title")) fit(title, title.dataset.full.toUpperCase(), 90);
  });
  data.arrows.forEach((arrow, index) => {
    const group = parts.arrows.children[index], label = parts.labels.children[index];
    group.classList.toggle("unused", arrow.isUnused);
    group.classList.toggle("on-way", arrow.isOnWay);
    label.classList.toggle("on-way", arrow.isOnWay);
    group.setAttribute("aria-label", arrow.label);
    group.dataset.tip = arrow.label;
    group.querySelector(".line").setAttribute("stroke-width", arrow.width);
    group.querySelector(".head").setAttribute("d", arrowHead(arrow.tip, arrow.width));
    label.textContent = arrow.at ? arrow.words : "";
  });
  data.cards.forEach((card, index) => updateCard(parts.cards.children[index], card, card.name === data.selected));
}

/** Light up the moves of one stage, dim the rest. */
function trace(svg, stage) {
  svg.classList.toggle("tracing", stage !== null);
  for (const element of svg.querySelectorAll("[data-source]")) {
    const isLit = element.dataset.source === stage || element.dataset.target === stage;
    element.classList.toggle("lit", stage !== null && isLit);
  }
}

function showTip(wrap, tip, target, title, lines) {
  tip.replaceChildren(make("b", "", title), ...lines.map((line) => make("span", "", line)));
  tip.hidden = false;
  const frame = wrap.getBoundingClientRect(), spot = target.getBoundingClientRect();
  const left = Math.min(Math.max(spot.left + spot.width / 2 - frame.left - tip.offsetWidth / 2, 4), frame.width - tip.offsetWidth - 4);
  const above = spot.top - frame.top - tip.offsetHeight - 10;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > -40 ? above : spot.bottom - frame.top + 10}px`;
}

function listen(wrap, tip, state) {
  const svg = state.parts.svg;
  const cardOf = (event) => event.target.closest?.("[data-stage]");
  const describe = (event) => {
    const group = cardOf(event), arrow = event.target.closest?.(".arrow");
    if (group) {
      const card = state.data.cards.find((each) => each.name === group.dataset.stage);
      showTip(wrap, tip, group, card.title, card.tip);
      trace(svg, card.name);
    } else if (arrow) showTip(wrap, tip, arrow, arrow.dataset.tip, []);
    else leave();
  };
  const leave = () => { tip.hidden = true; trace(svg, null); };
  svg.addEventListener("pointerover", describe);
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("focusin", describe);
  svg.addEventListener("focusout", leave);
  svg.addEventListener("click", (event) => cardOf(event) && state.pick(cardOf(event).dataset.stage));
  svg.addEventListener("keydown", (event) => {
    const group = cardOf(event);
    if (!group) return;
    if (event.key === "Escape") leave();
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); state.pick(group.dataset.stage); }
    if (event.key.startsWith("Arrow")) { event.preventDefault(); neighbour(state, group, event.key)?.focus(); }
  });
}

/** The nearest stage in the direction of an arrow key. */
function neighbour(state, group, key) {
  const here = state.data.cards.find((card) => card.name === group.dataset.stage);
  const [across, down] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  let best = null, least = Infinity;
  for (const card of state.data.cards) {
    const x = card.x + card.width / 2 - here.x - here.width / 2, y = card.y + card.height / 2 - here.y - here.height / 2;
    const along = x * across + y * down, beside = Math.abs(x * down) + Math.abs(y * across);
    if (along > 1 && along + beside * 2 < least) { best = card.name; least = along + beside * 2; }
  }
  return [...state.parts.cards.children].find((each) => each.dataset.stage === best);
}

function updateList(list, data, pick) {
  const stages = data.cards.filter((card) => !card.isEnd)
    .map((card, index) => [card, index])
    .sort(([a, i], [b, j]) => (b.share ?? -1) - (a.share ?? -1) || b.stuck - a.stuck || b.items - a.items || i - j)
    .map(([card]) => card);
  const ends = data.cards.filter((card) => card.isEnd);
  const focused = list.getRootNode().activeElement?.dataset?.row;
  list.replaceChildren(...[...stages, ...ends].map((card) => {
    const row = make("button", `row ${card.heat === null ? "no-heat" : `heat-${card.heat}`}`);
    row.type = "button";
    row.dataset.row = card.name;
    row.setAttribute("aria-label", card.label);
    row.setAttribute("aria-pressed", String(card.name === data.selected));
    const words = card.isEnd ? [card.words] : [card.lane, card.oldest, card.limits, card.value].filter(Boolean);
    row.append(make("b", "", card.isEnd ? `${card.mark} ${card.title}` : card.title), make("span", "row-words", words.join(" · ")), make("span", "row-number", card.count));
    if (card.stuck) row.append(make("span", "row-stuck", card.stuckWords));
    row.onclick = () => pick(card.name);
    return row;
  }));
  if (focused) [...list.children].find((row) => row.dataset.row === focused)?.focus();
}

function updateLegend(legend, data) {
  const scale = make("div", "scale");
  scale.append(make("span", "legend-title", "Share of items over target"));
  for (const step of data.legend.heat) scale.append(make("span", `swatch heat-${step.heat}`, step.words));
  scale.append(make("span", "swatch no-heat", "no target or empty"));
  const moves = make("div", "scale");
  for (const [kind, words] of [["drawn", `width: ${data.legend.window}`], ["rework", "rework"], ["undrawn", "not drawn"]]) {
    const sample = draw("svg", { viewBox: "0 0 34 10", width: 34, height: 10, class: `arrow ${kind}`, "aria-hidden": "true" });
    sample.append(draw("path", { class: "line", d: "M1 5H25", "stroke-width": kind === "drawn" ? 3.5 : 2.2 }), draw("path", { class: "head", d: arrowHead([33, 5, 1, 0], 0) }));
    const entry = make("span", "sample");
    entry.append(sample, make("span", "", words));
    moves.append(entry);
  }
  const stuck = make("span", "sample");
  stuck.append(make("span", "row-stuck", "▲"), make("span", "", "stuck"));
  if (data.legend.hasStuck) moves.append(stuck);
  if (data.hidden) moves.append(make("span", "sample", data.hidden));
  legend.replaceChildren(scale, moves);
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  dress(parentElement);
  const wrap = parentElement.querySelector(".wrap");
  const [map, list, legend, tip] = ["map", "list", "legend", "tip"].map((name) => wrap.querySelector(`.${name}`));
  wrap.classList.toggle("dark", isDark(wrap));
  const state = wrap.sgState ?? (wrap.sgState = {});
  state.data = data;
  state.pick = (stage) => setTriggerValue("picked", stage);
  if (state.signature !== data.signature) {
    const scrolled = map.scrollLeft, focused = parentElement.activeElement?.dataset?.stage;
    state.signature = data.signature;
    state.parts = buildMap(data);
    map.replaceChildren(state.parts.svg);
    map.scrollLeft = scrolled;
    listen(wrap, tip, state);
    updateMap(state.parts, data);
    if (focused) [...state.parts.cards.children].find((each) => each.dataset.stage === focused)?.focus();
  } else updateMap(state.parts, data);
  requestAnimationFrame(() => wrap.classList.add("settled"));
  updateList(list, data, (stage) => state.pick(stage));
  updateLegend(legend, data);
}

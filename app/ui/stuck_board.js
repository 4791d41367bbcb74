// Causes of stuck work and the items of the chosen one. Items are known by their ids, never by their place; while any
// is selected the list stands still. Text only through textContent.
const NARROW = 760;

function button(className, text, onclick) {
  const element = make("button", className, text);
  element.type = "button";
  element.onclick = onclick;
  return element;
}

/** The cause whose items are seen: on a narrow page only what was chosen, or the other causes would be far below. */
const shown = (state) => (state.isNarrow ? state.data.chosen : state.data.shows);

function causeOf(state, cause) {
  const line = make("li", `cause ${cause.tone}`);
  line.dataset.cause = cause.id;
  const isChosen = cause.id === shown(state);
  const choose = button("choose", undefined, () => state.send("chosen", isChosen && state.data.chosen ? "" : cause.id));
  choose.dataset.focus = `cause ${cause.id}`;
  choose.setAttribute("aria-expanded", isChosen ? "true" : "false");
  const count = make("span", "count"), figures = make("span", "figures");
  count.append(make("span", "number", cause.items), make("span", "unit", cause.unit));
  for (const [className, text] of [["trend " + cause.trendTone, cause.trend], ["value", cause.value], ["since", cause.since]])
    if (text) figures.append(make("span", className, text));
  figures.lastChild.title = cause.sinceTitle;
  const words = make("span", "words"), title = make("span", "title");
  title.append(make("span", "mark", cause.mark), make("span", "", cause.title));
  words.append(title, figures, make("span", "why", cause.why), make("span", "stages", cause.stages));
  choose.append(count, words);
  line.append(choose);
  return line;
}

function itemOf(state, item) {
  const line = make("li", "item");
  line.dataset.item = item.id;
  const top = make("div", "top");
  if (state.data.nudge) {
    const label = make("label", "pick"), box = make("input", "");
    box.type = "checkbox";
    box.checked = state.picked.has(item.id);
    box.dataset.focus = `pick ${item.id}`;
    box.setAttribute("aria-label", `Select ${item.name}`);
    box.onchange = () => { box.checked ? state.picked.add(item.id) : state.picked.delete(item.id); settle(state); };
    label.append(box);
    top.append(label);
  }
  const words = make("div", "words"), head = make("div", "head"), since = make("span", "since", `for ${item.since}`);
  since.title = item.sinceTitle;
  head.append(linkTo(item.href, item.name, "name"), make("span", "stage", item.stage), since);
  if (item.value) head.append(make("span", "value", item.value));
  words.append(head, make("div", "why", item.why));
  top.append(words);
  line.append(top, evidenceOf(state, item));
  return line;
}

function evidenceOf(state, item) {
  const more = make("details", "evidence"), list = make("dl", "");
  more.open = state.unfolded.has(item.id);
  more.ontoggle = () => { more.open ? state.unfolded.add(item.id) : state.unfolded.delete(item.id); };
  const title = make("summary", "", item.also.length ? `Evidence, and ${item.also.length} more` : "Evidence");
  title.dataset.focus = `evidence ${item.id}`;
  if (item.progress) title.append(make("span", "progress", item.progress));
  for (const [name, text] of [...item.also.map((also) => ["Also", also]), ...item.facts]) list.append(make("dt", "", name), make("dd", "", text));
  more.append(title, list);
  if (item.run) more.append(linkTo(item.run, "Open the run in Temporal ↗", "run"));
  return more;
}

function actions(state) {
  const bar = make("div", "actions"), { data, picked } = state;
  if (!data.nudge) return bar;
  const most = picked.size;
  const text = most ? `${data.nudge} ${most} selected…` : data.all === 1 ? `${data.nudge} it…` : `${data.nudge} all ${data.all}…`;
  const go = button("go", text, () => state.send("asked", { cause: shown(state), ids: most ? [...picked] : null, said: most || data.all, number: Date.now() }));
  go.dataset.focus = "go";
  bar.append(go);
  if (most) {
    const clear = button("plain", "Clear", () => { picked.clear(); settle(state); });
    clear.dataset.focus = "clear";
    const note = make("span", "frozen", state.waiting ? "The list stands still; there is news." : "The list stands still while something is selected.");
    note.setAttribute("role", "status");
    bar.append(clear, note);
    if (state.waiting) bar.append(button("plain", "Show the news", () => refresh(state)));
  }
  return bar;
}

function panelOf(state) {
  const { data } = state, panel = make("section", "panel");
  panel.setAttribute("aria-label", data.title || "Items");
  const head = make("h3", "", `${data.count} held by this`);
  const list = make("ul", "items");
  list.append(...data.items.map((item) => itemOf(state, item)));
  panel.append(head, actions(state), list);
  if (data.more) panel.append(make("p", "more", data.more));
  return panel;
}

function paint(state) {
  const { root, data } = state, inside = root.getRootNode();
  const focused = inside.activeElement?.dataset?.focus;
  state.isNarrow = root.clientWidth < NARROW;
  const list = make("ul", "causes");
  list.setAttribute("aria-label", "Causes");
  for (const cause of data.causes) {
    const line = causeOf(state, cause);
    list.append(line);
    if (state.isNarrow && cause.id === data.chosen) line.append(panelOf(state));
  }
  root.classList.toggle("narrow", state.isNarrow);
  root.replaceChildren(list, ...(state.isNarrow ? [] : [panelOf(state)]));
  if (focused) [...root.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused)?.focus({ preventScroll: true });
}

/** The selection changed: draw the bar anew; when nothing is selected any more, what came meanwhile is shown. */
function settle(state) {
  if (!state.picked.size && state.waiting) refresh(state);
  else paint(state);
}

/** Take what came meanwhile; what is not stuck any more is not selected any more. */
function refresh(state) {
  state.data = state.waiting ?? state.data;
  state.waiting = null;
  const there = new Set(state.data.items.map((item) => item.id));
  for (const id of [...state.picked]) if (!there.has(id)) state.picked.delete(id);
  paint(state);
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  dress(parentElement);
  const root = parentElement.querySelector(".board");
  root.classList.toggle("dark", isDark(root));
  const state = root.sgState ?? (root.sgState = { root, picked: new Set(), unfolded: new Set() });
  state.send = setTriggerValue;
  const text = JSON.stringify(data);
  if (state.text === text) return;
  // What the viewer chose, not what comes first: news that reorders the causes must not take a selection away.
  const isOther = state.data?.chosen !== data.chosen || state.data?.nudge !== data.nudge;
  state.text = text;
  if (isOther) state.picked.clear();
  if (data.open && state.opened !== data.open) state.unfolded.add((state.opened = data.open));
  if (state.picked.size) {
    state.waiting = data;
    paint(state);
    return;
  }
  state.waiting = null;
  state.data = data;
  paint(state);
  if (!state.watcher) {
    state.watcher = new ResizeObserver(() => { if (root.clientWidth < NARROW !== state.isNarrow) paint(state); });
    state.watcher.observe(root);
  }
}

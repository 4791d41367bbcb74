// What happened, as a list: what is pending first. Cells come ready; text only through textContent.
const FIRST_ENTRIES = 25;

function entryOf(entry) {
  const line = make("li", `entry ${entry.tone} ${entry.pending ? "pending" : ""}`);
  const time = make("span", "when", entry.when);
  time.title = entry.exact;
  const body = make("div", "body");
  const head = make("div", "head");
  if (entry.pending) head.append(make("span", "badge", "pending"));
  head.append(make("span", "title", entry.title));
  body.append(head);
  if (entry.words.length) body.append(make("div", "words", entry.words.join(" · ")));
  if (entry.text) body.append(make("code", "text", entry.text));
  if (entry.facts?.length) {
    const more = make("details", ""), list = make("dl", "");
    for (const [name, value] of entry.facts) list.append(make("dt", "", name), make("dd", "", value));
    more.append(make("summary", "", "Evidence"), list);
    body.append(more);
  }
  line.append(time, body);
  return line;
}

function chipOf(state, group, title) {
  const chip = make("button", "chip", title);
  chip.type = "button";
  chip.setAttribute("aria-pressed", String((state.group ?? "") === group));
  chip.onclick = () => { state.group = group; paint(state); };
  return chip;
}

function paint(state) {
  const { root, data } = state;
  const focused = root.getRootNode().activeElement?.textContent;
  const rows = state.group ? data.entries.filter((entry) => entry.group === state.group) : data.entries;
  const list = make("ol", "");
  list.append(...(state.isWhole ? rows : rows.slice(0, FIRST_ENTRIES)).map(entryOf));
  const parts = [];
  if (data.groups?.length > 1) {
    const chips = make("div", "chips");
    chips.append(chipOf(state, "", "All"), ...data.groups.map(([group, title]) => chipOf(state, group, title)));
    parts.push(chips);
  }
  parts.push(list);
  if (rows.length > FIRST_ENTRIES) {
    const button = make("button", "chip whole", state.isWhole ? "Show fewer" : `Show all ${rows.length}`);
    button.type = "button";
    button.onclick = () => { state.isWhole = !state.isWhole; paint(state); };
    parts.push(button);
  }
  if (data.more) parts.push(make("p", "more", data.more));
  root.replaceChildren(...parts);
  if (focused) [...root.querySelectorAll("button")].find((each) => each.textContent === focused)?.focus();
}

export default function ({ data, parentElement }) {
  if (!data) return;
  dress(parentElement);
  const root = parentElement.querySelector(".entries");
  root.classList.toggle("dark", isDark(root));
  const state = root.sgState ?? (root.sgState = { root });
  const text = JSON.stringify(data);
  // Evidence that somebody has opened, or text being selected, is not pulled away.
  const selection = root.getRootNode().getSelection?.() ?? document.getSelection();
  const isBusy = root.querySelector("details[open]") || (selection && !selection.isCollapsed && root.contains(selection.anchorNode));
  if (state.text === text || (state.text && isBusy)) return;
  state.text = text;
  state.data = data;
  paint(state);
}

// A table that people can read on a phone: cells are told what to show, text only through textContent.
function cellOf(cell, column) {
  const element = make(column.isHead ? "th" : "td", `${column.kind} ${cell.tone ?? ""}`);
  if (column.isHead) element.scope = "row";
  element.dataset.label = column.title;
  const content = make("span", "content");
  if (cell.mark) content.append(make("span", "mark", cell.mark));
  content.append(linkTo(cell.href, cell.text));
  if (cell.title) content.title = cell.title;
  if (cell.part !== undefined && cell.part !== null) {
    const part = make("span", "part");
    part.style.setProperty("--part", cell.part);
    element.append(part);
  }
  element.append(content);
  if (column.isMinor) element.classList.add("minor");
  if (!cell.text) element.classList.add("blank");
  return element;
}

function sorted(rows, sort, columns) {
  if (!sort) return rows;
  const index = columns.findIndex((column) => column.key === sort.key);
  if (index < 0) return rows;
  const value = (row) => row.cells[index].sort ?? row.cells[index].text;
  const compare = (a, b) => (typeof value(a) === "number" && typeof value(b) === "number" ? value(a) - value(b) : String(value(a)).localeCompare(String(value(b))));
  return [...rows].sort((a, b) => compare(a, b) * sort.direction);
}

/** Paint when all rows are here, else ask for them: they come with the next answer. */
function paintWhole(state) {
  if (state.data.rows.length < state.data.total) state.keep("whole", true);
  else paint(state);
}

function wholeButton(state, count) {
  const button = make("button", "whole", state.isWhole ? "Show fewer" : `Show all ${count}`);
  button.type = "button";
  button.dataset.sort = "whole";
  button.onclick = () => {
    state.isWhole = !state.isWhole;
    if (state.isWhole) paintWhole(state);
    else {
      paint(state);
      if (!state.sort) state.keep("whole", false);
    }
  };
  return button;
}

function paint(state) {
  const { root, data, sort } = state;
  const focused = root.getRootNode().activeElement?.dataset?.sort;
  const table = make("table", data.isCompact ? "compact" : "");
  table.append(make("caption", "", data.caption));
  const head = make("tr", "");
  for (const column of data.columns) {
    const cell = make("th", column.kind);
    cell.scope = "col";
    const isSorted = sort?.key === column.key;
    cell.setAttribute("aria-sort", isSorted ? (sort.direction > 0 ? "ascending" : "descending") : "none");
    const button = make("button", "sort", column.title);
    button.type = "button";
    button.dataset.sort = column.key;
    if (column.help) button.title = column.help;
    if (isSorted) button.append(make("span", "", sort.direction > 0 ? " ↑" : " ↓"));
    button.onclick = () => {
      const direction = isSorted ? -sort.direction : column.kind === "number" ? -1 : 1;
      state.sort = { key: column.key, direction };
      paintWhole(state);
    };
    cell.append(button);
    head.append(cell);
  }
  const top = make("thead", ""), body = make("tbody", "");
  top.append(head);
  const rows = sorted(data.rows, sort, data.columns), shown = state.isWhole ? rows : rows.slice(0, data.first);
  for (const row of shown) {
    const line = make("tr", row.tone ?? "");
    line.append(...row.cells.map((cell, index) => cellOf(cell, data.columns[index])));
    body.append(line);
  }
  table.append(top, body);
  const frame = root.querySelector(".frame");
  const [left, above] = [frame?.scrollLeft ?? 0, frame?.scrollTop ?? 0];
  const fresh = make("div", "frame");
  fresh.tabIndex = 0;
  fresh.setAttribute("role", "region");
  fresh.setAttribute("aria-label", data.caption);
  fresh.append(table);
  root.replaceChildren(fresh);
  if (data.total > data.first) root.append(wholeButton(state, data.total));
  if (data.more) root.append(make("p", "more", data.more));
  fresh.scrollLeft = left;
  fresh.scrollTop = above;
  if (focused) [...root.querySelectorAll("[data-sort]")].find((each) => each.dataset.sort === focused)?.focus();
}

export default function ({ data, parentElement, setStateValue }) {
  if (!data) return;
  dress(parentElement);
  const root = parentElement.querySelector(".rows");
  root.classList.toggle("dark", isDark(root));
  const state = root.sgState ?? (root.sgState = { root });
  state.keep = setStateValue;
  const before = state.text;
  state.text = JSON.stringify(data);
  if (before === state.text) return;
  // Somebody is selecting text in the table: do not pull it away; the next refresh brings the news.
  const selection = root.getRootNode().getSelection?.() ?? document.getSelection();
  if (before && selection && !selection.isCollapsed && root.contains(selection.anchorNode)) { state.text = before; return; }
  state.data = data;
  paint(state);
}

// One item on one time axis. Places come ready, 0 to 1; text only through textContent.
const percent = (share) => `${(share * 100).toFixed(3)}%`;

const LETTER = 7; // Pixels; a bar too narrow for three of them says what it is on hover, and in the list.

function barOf(bar, width) {
  const element = make("div", `bar ${bar.kind} ${bar.tone ?? ""} ${bar.isOpen ? "open" : ""}`);
  element.style.left = percent(bar.from);
  if (bar.kind !== "point") element.style.width = percent(bar.to - bar.from);
  if (bar.colour) element.style.setProperty("--colour", bar.colour);
  if (bar.started !== undefined) element.style.setProperty("--started", percent(bar.started));
  element.title = bar.title;
  if (bar.text && (bar.to - bar.from) * width > 5 * LETTER) element.append(make("span", "", bar.text));
  return element;
}

function paint(root, data) {
  const grid = make("div", "grid"), width = root.clientWidth;
  grid.setAttribute("role", "img");
  grid.setAttribute("aria-label", data.label);
  for (const lane of data.lanes) {
    const track = make("div", "track");
    track.append(...lane.bars.map((bar) => barOf(bar, width)));
    grid.append(make("div", "name", lane.title), track);
  }
  const scale = make("div", "track scale");
  for (const tick of data.ticks) {
    const element = make("span", tick.isMinor ? "tick minor" : "tick", tick.text);
    element.style.left = percent(tick.at);
    scale.append(element);
  }
  grid.append(make("div", "name", ""), scale);
  const over = make("div", "folds");
  for (const fold of data.folds) {
    const element = make("div", "fold");
    element.style.left = percent(fold.from);
    element.style.width = percent(fold.to - fold.from);
    element.title = `Nothing began or ended for ${fold.text}: folded`;
    element.append(make("span", "", fold.text));
    over.append(element);
  }
  grid.append(over);
  root.replaceChildren(grid);
}

export default function ({ data, parentElement }) {
  if (!data) return;
  dress(parentElement);
  const root = parentElement.querySelector(".timeline");
  root.classList.toggle("dark", isDark(root));
  const text = JSON.stringify(data);
  if (root.sgText === text) return;
  root.sgText = text;
  paint(root, data);
  root.sgData = data;
  if (!root.sgWatch) {
    let width = root.clientWidth;
    root.sgWatch = new ResizeObserver(() => {
      if (Math.abs(root.clientWidth - width) < 8) return;
      width = root.clientWidth;
      paint(root, root.sgData);
    });
    root.sgWatch.observe(root);
  }
}

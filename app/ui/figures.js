// Headline figures: a number, how it moved, a sparkline, and what it means behind "?". Text only through textContent.

function sparkline(figure) {
  const svg = draw("svg", { class: "spark", viewBox: "0 0 120 30", preserveAspectRatio: "none", "aria-hidden": "true" });
  const series = figure.series ?? [];
  if (series.length < 2) return svg;
  const most = Math.max(...series, 1), step = 120 / (figure.shape === "bars" ? series.length : series.length - 1);
  const y = (value) => 28 - (value / most) * 26;
  if (figure.shape === "bars") {
    const bars = series.map((value, index) => value ? `M${(index + 0.5) * step} 29V${y(value)}` : "").join("");
    svg.append(draw("path", { class: "bars", d: bars, "stroke-width": step * 0.62 }));
    return svg;
  }
  const line = series.map((value, index) => `${index ? "L" : "M"}${index * step} ${y(value)}`).join("");
  svg.append(draw("path", { class: "area", d: `${line}V30H0Z` }), draw("path", { class: "stroke", d: line }));
  return svg;
}

function part(figure) {
  const room = make("div", "part");
  const fill = make("div", "part-fill");
  fill.style.width = `${figure.part * 100}%`;
  room.append(fill);
  return room;
}

function picture(figure) {
  if (figure.part !== undefined) return [part(figure)];
  return figure.series ? [sparkline(figure)] : [];
}

function buildCard(figure) {
  const card = make("div", "figure");
  card.dataset.figure = figure.key;
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", figure.title);
  const head = make("div", "head");
  const title = linkTo(figure.href, figure.title, "title");
  if (figure.href) title.title = "See the rows behind this figure";
  head.append(title);
  if (figure.help) {
    const help = make("div", "help");
    help.id = `help-${figure.key}`;
    help.popover = "auto";
    const button = make("button", "ask", "?");
    button.type = "button";
    button.popoverTargetElement = help;
    button.setAttribute("aria-label", `What “${figure.title}” means`);
    head.append(button);
    card.append(head, help);
  } else card.append(head);
  card.append(make("div", "number"), make("div", "delta"), make("div", "words"), make("div", "picture"));
  return card;
}

function updateCard(card, figure) {
  card.querySelector(".title").textContent = figure.title;
  card.dataset.tone = figure.tone;
  setNumber(card.querySelector(".number"), figure.text, figure.number);
  const delta = card.querySelector(".delta");
  delta.hidden = !figure.delta;
  if (figure.delta) {
    delta.title = figure.delta.title;
    delta.replaceChildren(make("b", figure.delta.tone, figure.delta.text), make("span", "", ` ${figure.delta.words}`));
  }
  card.querySelector(".words").replaceChildren(...figure.words.map((words) => make("span", "", words)));
  card.querySelector(".picture").replaceChildren(...picture(figure));
  const help = card.querySelector(".help");
  if (help) {
    help.replaceChildren(make("p", "help-title", figure.title), ...figure.help.map(([name, text]) => {
      const line = make("p", name ? "fact" : "");
      if (name) line.append(make("b", "", `${name}: `));
      line.append(make("span", "", text));
      return line;
    }));
  }
}

export default function ({ data, parentElement }) {
  if (!data) return;
  dress(parentElement);
  const root = parentElement.querySelector(".figures");
  root.classList.toggle("dark", isDark(root));
  const keys = data.figures.map((figure) => `${figure.key} ${figure.href ?? ""}`).join("|");
  if (root.dataset.keys !== keys) {
    root.dataset.keys = keys;
    root.replaceChildren(...data.figures.map(buildCard));
  }
  data.figures.forEach((figure, index) => updateCard(root.children[index], figure));
}

// A few facts, each with its name above it. Text only through textContent.
export default function ({ data, parentElement }) {
  if (!data) return;
  dress(parentElement);
  const root = parentElement.querySelector(".facts");
  root.classList.toggle("dark", isDark(root));
  root.replaceChildren(...data.facts.map((fact) => {
    const box = make("div", fact.tone ?? "");
    const value = make("dd", "", fact.text);
    if (fact.title) value.title = fact.title;
    box.append(make("dt", "", fact.name), value);
    return box;
  }));
}

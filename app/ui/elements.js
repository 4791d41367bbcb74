// What every component of ours uses to build elements; put before its own script. Text only through textContent.
const SVG = "http://www.w3.org/2000/svg";
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

const draw = (name, attributes = {}, text) => {
  const element = document.createElementNS(SVG, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
};
const make = (name, className, text) => {
  const element = document.createElement(name);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

/** Give a component its style, which comes with its script so that it is never seen without. */
function dress(host) {
  if (host.querySelector("style.sg")) return;
  const style = make("style", "sg", STYLE);
  host.prepend(style);
}

/** A link: to a page of ours (`./item?...`) in this tab, out of here in another; text where it is neither. */
function linkTo(href, text, className = "") {
  const isOurs = /^\.\/[\w-]*(\?|$)/.test(href ?? "");
  if (!isOurs && !/^https?:\/\//.test(href ?? "")) return make("span", className, text);
  const link = make("a", className, text);
  link.href = href;
  if (!isOurs) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  return link;
}

/** Whether the page's background is dark: Streamlit says it as a colour. */
function isDark(host) {
  const [red, green, blue] = (getComputedStyle(host).getPropertyValue("--st-background-color").trim().match(/^#(..)(..)(..)/) || [])
    .slice(1).map((part) => parseInt(part, 16));
  return red !== undefined && (red * 299 + green * 587 + blue * 114) / 1000 < 128;
}

/** Change a number so that the eye notices and is not startled. */
function setNumber(element, text, value) {
  const before = element.dataset.value;
  if (element.textContent !== text) element.textContent = text;
  element.dataset.value = value;
  if (before === undefined || Number(before) === value || STILL.matches) return;
  element.animate(
    [{ transform: `translateY(${value > Number(before) ? 7 : -7}px)`, opacity: 0.15 }, { transform: "none", opacity: 1 }],
    { duration: 380, easing: "cubic-bezier(.2,.8,.2,1)" },
  );
}

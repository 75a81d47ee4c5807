// Elements, texts and small services of the page. Nothing here knows what a flow is. Text from a task only ever
// becomes a text node or an attribute that can't run: markup is never parsed.

const SVG = "http://www.w3.org/2000/svg";

/** `make(tag)`'s element with classes ("p.hint": fk-hint), attributes (an object; on… are listeners) and children. */
function build(make, tag, rest) {
  const [name, ...classes] = tag.split(".");
  const element = make(name);
  if (classes.length) element.setAttribute("class", classes.map((each) => "fk-" + each).join(" "));
  const plain = rest[0] && Object.getPrototypeOf(rest[0]) === Object.prototype;
  for (const [key, value] of Object.entries(plain ? rest.shift() : {})) {
    const left = value === null || value === undefined || value === false;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (!left) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...rest.flat(3).filter((child) => child || child === 0));
  return element;
}

/** An HTML element. */
function h(tag, ...rest) {
  return build((name) => document.createElement(name), tag, rest);
}

/** An SVG element. */
function s(tag, ...rest) {
  return build((name) => document.createElementNS(SVG, name), tag, rest);
}

/** A button that sends nothing by itself. */
function button(look, label, onclick, more) {
  return h("button." + look, { type: "button", onclick: onclick || (() => {}), ...more }, label);
}

/** An icon of 12 x 12 from its path. */
function icon(path, solid) {
  const drawn = s(solid ? "path.solid" : "path", { d: path });
  return s("svg.icon", { viewBox: "-1 -1 14 14", width: 14, height: 14, "aria-hidden": "true" }, drawn);
}

/** The text with every character shown that is invisible or turns the direction of writing. */
function visible(text) {
  const hidden = /[\0-\x1f\x7f-\x9f\xad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return String(text).replace(hidden, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return short[c] || (code.length < 3 ? "\\x" + code.padStart(2, "0") : "\\u" + code.padStart(4, "0"));
  });
}

/** Like `visible`, for texts of several lines: line ends and tabs stay. */
function visibleLines(text) {
  return String(text).split("\n").map((line) => line.split("\t").map(visible).join("\t")).join("\n");
}

/** "`quote` is ready" as texts and <code> elements. */
function marked(text) {
  return visible(text).split("`").map((part, i) => (i % 2 && part ? h("code", part) : part));
}

/** Put the text of an element on the clipboard; where the page may not, leave it selected, so that Ctrl+C does. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return "copied";
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy") ? "copied" : "now press Ctrl+C";
  }
}

/** Whether the page is dark: what the front end says of itself, else what the system prefers. */
function isDark() {
  const body = document.body;
  const root = document.documentElement;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  if (/\bvscode-(dark|high-contrast)\b/.test(body.className)) return true;
  if (/\bvscode-light\b/.test(body.className)) return false;
  const told = root.dataset.theme || body.dataset.theme || "";
  if (told) return told === "dark";
  if (root.classList.contains("dark") || body.classList.contains("dark")) return true;
  if (root.classList.contains("light") || body.classList.contains("light")) return false;
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Call `told(dark)` now and whenever the theme changes, until `signal` aborts. */
function followTheme(told, signal) {
  let last = null;
  const look = () => {
    const dark = isDark();
    if (dark !== last) told((last = dark));
  };
  const watcher = new MutationObserver(look);
  const filter = ["class", "data-jp-theme-light", "data-theme"];
  for (const place of [document.body, document.documentElement]) {
    watcher.observe(place, { attributes: true, attributeFilter: filter });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", look, { signal });
  signal.addEventListener("abort", () => watcher.disconnect());
  look();
}

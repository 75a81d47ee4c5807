// The graph: drawn once from the scene; from then on a change of state sets attributes and moves nothing. Zoom, pan and
// selection belong to the view alone. Below a certain scale only borders and grounds are kept up to date; icons and
// words follow when one can read them again.

const READABLE = 0.5;
const SMALLEST = 0.02;
const LARGEST = 3;
const BUTTONS = 40; // pixels at the right that the buttons for zooming take

/** Where `name` is found on a node, and whether it has a second line, follow the static picture's rules. */
function textLeft(kind) {
  return kind === "input" ? 28 : kind === "more" ? 12 : 31;
}

/**
 * The node that an arrow key leads to: linked ones before all others, the nearest in that direction.
 * `boxes` are [x, y, w, h]; `linked` is a set of positions. Returns a position, or -1.
 */
function towards(boxes, linked, from, dx, dy) {
  const [x0, y0] = middle(boxes[from]);
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < boxes.length; i++) {
    if (i === from) continue;
    const [x, y] = middle(boxes[i]);
    const along = (x - x0) * dx + (y - y0) * dy;
    const across = Math.abs((x - x0) * dy) + Math.abs((y - y0) * dx);
    if (along < 6) continue;
    if (!linked.has(i) && across > along * 2) continue;
    const cost = along + across * (linked.has(i) ? 0.6 : 2) + (linked.has(i) ? 0 : 4000);
    if (cost < least) [best, least] = [i, cost];
  }
  return best;
}

function middle(box) {
  return [box[0] + box[2] / 2, box[1] + box[3] / 2];
}

/** An arrowhead at the tip [x, y] of a line: it points away from the line's last control point. */
function arrow(path, [x, y]) {
  const numbers = path.match(/-?[\d.]+/g).map(Number);
  const [cx, cy] = numbers.length > 4 ? numbers.slice(-4) : numbers;
  const length = Math.hypot(x - cx, y - cy) || 1;
  const [ux, uy] = [(x - cx) / length, (y - cy) / length];
  const at = (along, across) => `${(x - ux * along - uy * across).toFixed(1)} ${(y - uy * along + ux * across).toFixed(1)}`;
  return `M${x} ${y}L${at(8, 3.4)} ${at(8, -3.4)}z`;
}

class GraphView {
  /** `told`: {select(i), act(i), key(event)}; `prefix` makes ids that no other view has. */
  constructor(scene, prefix, told) {
    this.scene = scene;
    this.told = told;
    this.prefix = prefix;
    this.words = scene.states.map((name) => (scene.looks.states[name] || scene.looks.plain).word || name);
    this.states = new Array(scene.nodes.length).fill(-1);
    this.flags = new Map();
    this.stale = new Set();
    this.selected = -1;
    this.next = -1;
    this.now = -1;
    this.free = false; // whether a person moved or zoomed
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.canvas = s("g");
    this.svg = s("svg.canvas", { width: "100%", height: "100%" }, this.canvas);
    this.root = h("div.graph", {
      tabindex: "0", role: "listbox", "aria-label": "the tasks of " + visible(scene.title) + " as a graph",
    }, this.svg);
    this.draw();
    this.listen();
  }

  draw() {
    const { nodes, edges, looks } = this.scene;
    this.links = nodes.map(() => []);
    this.lines = nodes.map(() => []);
    const lines = s("g");
    const names = s("g.edgenames");
    for (const [from, to, path, tip, after, label, x, y] of edges) {
      const edge = s("g.edge" + ["", ".after", ".when"][after || 0], s("path", { d: path }), s("path.head", { d: arrow(path, tip) }));
      lines.append(edge);
      if (label) names.append(s("text", { x, y: y + 4 }, label));
      this.links[from].push(to);
      this.links[to].push(from);
      this.lines[from].push(edge);
      this.lines[to].push(edge);
    }
    const shapes = nodes.map((node, i) => this.node(node, i, looks));
    this.parts = shapes;
    this.canvas.append(lines, ...shapes.map((part) => part.group), names);
  }

  node([x, y, w, hh, label, kind, , signs = []], i, looks) {
    const round = kind === "input" ? hh / 2 : kind === "manual" ? 16 : 6;
    const box = (out, name) =>
      s(name, { x: x - out, y: y - out, width: w + 2 * out, height: hh + 2 * out, rx: round + out });
    const second = kind === "task" || kind === "manual";
    const left = x + textLeft(kind);
    const mark = s("path.mark", { transform: `translate(${x + 10} ${y + hh / 2 - 6})` });
    const word = second ? s("text.word", { x: left, y: y + hh / 2 + 12.5 }) : null;
    const group = s("g.node." + kind, { role: "option", id: this.prefix + i, "data-i": i });
    group.append(
      box(6, "rect.halo"), box(0, "rect.box"), mark,
      s("text.name", { x: left, y: y + hh / 2 + (second ? -3 : 4.5) }, label),
    );
    if (word) group.append(word);
    group.append(...signs.map(([d, dx, dy]) => s("path.sign", { d, transform: `translate(${x + dx} ${y + dy})` })));
    if (kind === "input") mark.setAttribute("d", looks.kinds.input.icon);
    return { group, mark, word };
  }

  /** Take [position, state number] pairs. Costs what is named, no more. */
  change(pairs) {
    const near = this.scale >= READABLE;
    for (const [i, state] of pairs) {
      if (this.states[i] === state) continue;
      this.states[i] = state;
      this.parts[i].group.setAttribute("data-s", state);
      if (near) this.spell(i);
      else this.stale.add(i);
    }
  }

  /** Icon, word and label of one node as its state asks. */
  spell(i) {
    const [, , w, , label, kind] = this.scene.nodes[i];
    const part = this.parts[i];
    const look = this.scene.looks.states[this.scene.states[this.states[i]]] || this.scene.looks.plain;
    if (kind !== "input") part.mark.setAttribute("d", look.icon || "M0 0");
    const state = kind === "input" ? "given at the start" : this.words[this.states[i]] || "";
    const flag = this.flags.get(i);
    const extra = [...(flag || "").split(" · "), i === this.next && "next"].filter(Boolean);
    if (part.word) {
      let shown = state;
      for (const more of extra) if ((shown + more).length * 5.6 + 50 < w) shown += " · " + more;
      if (part.word.textContent !== shown) part.word.textContent = shown;
    }
    part.group.setAttribute("aria-label", [label, state, ...extra].filter(Boolean).join(", "));
  }

  /** Bring up to date what was left while it could not be read. */
  catchUp() {
    if (this.scale < READABLE) return;
    for (const i of this.stale) this.spell(i);
    this.stale.clear();
  }

  /** `next`: position of the task that Step would do (-1: none); `now`: of the one that changed last. */
  mark(next, now, flags) {
    const touched = new Set([this.next, next, this.now, now]);
    for (const i of new Set([...this.flags.keys(), ...flags.keys()])) {
      if (this.flags.get(i) !== flags.get(i)) touched.add(i);
    }
    this.next = next;
    this.now = now;
    this.flags = flags;
    for (const i of touched) {
      if (i < 0 || !this.parts[i]) continue;
      const classes = this.parts[i].group.classList;
      classes.toggle("fk-next", i === next);
      classes.toggle("fk-now", i === now && i !== next);
      this.stale.add(i);
    }
    this.catchUp();
  }

  select(i) {
    if (this.selected >= 0) {
      const old = this.parts[this.selected];
      old.group.classList.remove("fk-selected");
      old.group.setAttribute("aria-selected", "false");
      for (const edge of this.lines[this.selected]) edge.classList.remove("fk-lit");
    }
    this.selected = i;
    if (i < 0) {
      this.root.removeAttribute("aria-activedescendant");
      return;
    }
    const part = this.parts[i];
    part.group.classList.add("fk-selected");
    part.group.setAttribute("aria-selected", "true");
    for (const edge of this.lines[i]) edge.classList.add("fk-lit");
    if (!part.group.hasAttribute("aria-label")) this.spell(i);
    this.root.setAttribute("aria-activedescendant", this.prefix + i);
    this.show(i);
  }

  /** Move the picture so far that a node is wholly in sight. */
  show(i) {
    const [x, y, w, hh] = this.scene.nodes[i];
    const { width, height } = this.room();
    const left = x * this.scale + this.x;
    const top = y * this.scale + this.y;
    const right = left + w * this.scale;
    const bottom = top + hh * this.scale;
    const dx = left < 12 ? 12 - left : right > width - 12 ? width - 12 - right : 0;
    const dy = top < 12 ? 12 - top : bottom > height - 12 ? height - 12 - bottom : 0;
    if (this.free && (dx || dy)) this.place(this.scale, this.x + dx, this.y + dy);
  }

  room() {
    return { width: this.root.clientWidth || 520, height: this.root.clientHeight || 300 };
  }

  /** The height in pixels that the picture wants at this width, between what is calm and what is endless. */
  wanted(width) {
    const scale = Math.min(1.1, (width - BUTTONS - 28) / this.scene.w);
    return Math.round(Math.max(270, Math.min(430, this.scene.h * scale + 40)));
  }

  fit() {
    const { width: all, height } = this.room();
    const width = all - BUTTONS;
    const scale = Math.max(SMALLEST, Math.min(1.1, (width - 28) / this.scene.w, (height - 28) / this.scene.h));
    this.free = false;
    this.place(scale, (width - this.scene.w * scale) / 2, (height - this.scene.h * scale) / 2);
  }

  zoom(factor, cx, cy) {
    const { width, height } = this.room();
    const px = cx === undefined ? width / 2 : cx;
    const py = cy === undefined ? height / 2 : cy;
    const scale = Math.max(SMALLEST, Math.min(LARGEST, this.scale * factor));
    const ratio = scale / this.scale;
    this.free = true;
    this.place(scale, px - (px - this.x) * ratio, py - (py - this.y) * ratio);
  }

  place(scale, x, y) {
    this.scale = scale;
    this.x = x;
    this.y = y;
    this.canvas.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(4)})`);
    this.root.classList.toggle("fk-far", scale < READABLE);
    this.catchUp();
  }

  listen() {
    this.root.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone belongs to the page
      event.preventDefault();
      const at = this.root.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0022)), event.clientX - at.left, event.clientY - at.top);
    }, { passive: false });
    this.root.addEventListener("keydown", (event) => this.key(event));
    // JupyterLab looks at this mark to leave plain keys alone; it would also swallow Ctrl+S, so it stands only meanwhile.
    this.root.addEventListener("focus", () => this.root.setAttribute("data-lm-suppress-shortcuts", "true"));
    this.root.addEventListener("blur", () => this.root.removeAttribute("data-lm-suppress-shortcuts"));
    this.svg.addEventListener("pointerdown", (event) => this.grab(event));
    this.svg.addEventListener("dblclick", (event) => {
      const i = this.at(event);
      if (i >= 0) this.told.act(i);
    });
  }

  at(event) {
    const node = event.target.closest && event.target.closest(".fk-node");
    return node ? Number(node.dataset.i) : -1;
  }

  /** Drag moves the picture; a press that hardly moves selects what is under it. */
  grab(event) {
    if (event.button !== 0) return;
    const hit = this.at(event);
    const start = { x: event.clientX, y: event.clientY, left: this.x, top: this.y };
    let moved = false;
    const move = (now) => {
      const dx = now.clientX - start.x;
      const dy = now.clientY - start.y;
      if (!moved && Math.hypot(dx, dy) < 5) return;
      moved = true;
      this.free = true;
      this.root.classList.add("fk-grabbed");
      this.place(this.scale, start.left + dx, start.top + dy);
    };
    const drop = () => {
      this.svg.removeEventListener("pointermove", move);
      this.root.classList.remove("fk-grabbed");
      if (!moved) this.told.select(hit);
    };
    this.svg.setPointerCapture(event.pointerId);
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("lostpointercapture", drop, { once: true });
    this.root.focus({ preventScroll: true });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const done = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (arrows[event.key] && !event.shiftKey) {
      const from = this.selected >= 0 ? this.selected : this.next >= 0 ? this.next : 0;
      const to = this.selected < 0 ? from : towards(this.scene.nodes, new Set(this.links[from]), from, ...arrows[event.key]);
      if (to >= 0) this.told.select(to);
      return done();
    }
    if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else if (event.key === "Enter" && !event.shiftKey) this.told.act(this.selected);
    else if (!this.told.key(event)) return undefined;
    return done();
  }
}

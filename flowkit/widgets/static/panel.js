// The panel: three places (graph, one card, time), the buttons above them, and what joins them. It draws what it is
// told and sends what is asked; looking at it starts nothing.

const LABELS = { step: "Step", run: "Run", pause: "Pause", resume: "Resume", cancel: "Cancel…", revert: "Undo all…" };

/** Style rules for the states, from the one table of looks. */
function rules(scene) {
  const text = [];
  const theme = (scope, name) => {
    const card = scene.looks.card[name];
    text.push(`${scope}{${Object.entries(card).map(([key, value]) => `--own-${key}:${value}`).join(";")}}`);
    scene.states.forEach((state, i) => {
      const { stroke, fill, ink } = (scene.looks.states[state] || scene.looks.plain)[name];
      text.push(`${scope} [data-s="${i}"]{--stroke:${stroke};--fill:${fill};--inked:${ink}}`);
    });
  };
  theme(".fk", "light");
  theme(".fk.fk-dark", "dark");
  scene.states.forEach((state, i) => {
    const { width, dash, solid } = scene.looks.states[state] || scene.looks.plain;
    text.push(`.fk [data-s="${i}"] .fk-box{stroke-width:${width};stroke-dasharray:${dash || "none"}}`);
    if (solid) text.push(`.fk [data-s="${i}"] .fk-mark{fill:var(--inked)}`);
  });
  return text.join("\n");
}

/** One state per letter, as the snapshot has them ("." for none), to [position, state] pairs. */
function unpackStates(text) {
  return [...text].map((letter, i) => [i, letter === "." ? -1 : parseInt(letter, 36)]);
}

class PanelView {
  constructor(model, el, signal) {
    this.scene = JSON.parse(model.get("scene"));
    this.prefix = "fk" + Math.random().toString(36).slice(2, 8) + "-";
    this.head = {};
    this.chosen = null; // the key that a person selected
    this.onceShown = null; // what is to follow when the next card is there
    this.trouble = "";
    this.told = {};
    this.seq = 0;
    const scene = this.scene;
    this.graph = scene.nodes ? new GraphView(scene, this.prefix, {
      select: (i) => this.choose(i < 0 ? null : scene.nodes[i][6]),
      act: (i) => this.enter(i),
      key: (event) => this.key(event),
    }) : null;
    this.card = new CardView(scene, this.prefix, {
      act: (...all) => this.act(...all), ask: (...all) => this.ask(...all), choose: (key) => this.choose(key),
    });
    this.strip = new StripView({ select: (i) => this.choose(scene.nodes[i][6]) });
    this.index = new Map((scene.nodes || []).map((node, i) => [node[6], i]));
    this.build(el);
    followTheme((dark) => this.root.classList.toggle("fk-dark", dark), signal);
    const heard = {
      snap: (message) => this.snap(message),
      d: (message) => this.delta(message),
      card: (message) => this.take(message),
      trouble: ({ say }) => this.refresh((this.trouble = say)),
    };
    this.wire = new Wire(model, heard, () => this.refresh(), () => Boolean(el.closest(".jupyter-widgets-disconnected")));
    this.snap(model.get("snapshot"));
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.root);
    sizes.observe(this.strip.svg);
    signal.addEventListener("abort", () => sizes.disconnect());
    this.wire.hello();
    this.firstFocus();
  }

  build(el) {
    const { scene } = this;
    this.badge = h("span");
    this.counter = h("span.counter");
    this.cell = codeLine("run.step()", "as a cell");
    this.buttons = {};
    for (const [act, label] of Object.entries(LABELS)) {
      const tell = () => this.cell.set(`run.${act === "run" ? "play" : act}()`);
      const more = { "data-act": act, onpointerenter: tell, onfocus: tell };
      this.buttons[act] = button(act === "step" ? "button.main" : "button", label, () => this.press(act), more);
    }
    const acts = Object.values(this.buttons);
    this.sure = h("span.sure", { role: "alert" });
    this.help = h("dl.keys", { hidden: true }, scene.keys.map(([key, what]) => [h("dt", key), h("dd", what)]));
    this.helper = button("small", "?", () => this.toggleHelp(), { "aria-expanded": "false", title: "keys" });
    this.sentence = h("p.sentence", { role: "status", "aria-live": "polite" });
    this.bar = h("div.bar", { role: "toolbar", "aria-label": "what one can do with the run" },
      acts, this.sure, h("span.spring"), this.cell.root);
    const place = h("span.quiet", visible(scene.durable ? "saved in " + scene.place : "in memory"));
    const top = h("header.top", h("strong", visible(scene.title)),
      h("span.quiet", "run " + visible(scene.id)), this.badge, h("span.spring"), this.counter, place);
    const zoom = (text, label, click) => button("small", text, click, { "aria-label": label, title: label });
    const zooms = h("div.zooms", zoom("−", "zoom out", () => this.graph.zoom(0.8)), zoom("+", "zoom in", () => this.graph.zoom(1.25)),
      zoom("fit", "fit the whole graph", () => this.graph.fit()), this.helper);
    const left = this.graph ? h("div.left", this.graph.root, zooms) : this.crowd();
    this.root = h("div", { class: "fk", role: "region", "aria-label": "flowkit: " + visible(scene.title) },
      h("style", rules(scene)), top, this.bar, this.sentence, this.help, h("div.body", left, this.card.root), this.strip.root);
    el.append(this.root);
  }

  /** For flows too large to draw: how many tasks are in each state. */
  crowd() {
    this.counts = h("div");
    return h("div.left", h("p.why", `${this.scene.tasks} tasks: too many to draw one by one.`), this.counts);
  }

  // What Python tells -----------------------------------------------------------------------------------------

  /** All at once: from the kernel, or as saved (then without head and events, and no kernel is needed). */
  snap(message) {
    if (this.graph) this.graph.change(unpackStates(message.s));
    if (message.e) this.strip.take(message.e, true);
    if (!message.head) this.head = { run: message.run };
    this.asked = null;
    this.takeHead(message);
  }

  delta(message) {
    if (this.graph && message.s) this.graph.change(message.s);
    if (message.e) this.strip.take(message.e, false);
    this.takeHead(message);
  }

  takeHead(message) {
    if (message.n !== undefined) this.seq = message.n;
    if (message.head) {
      this.head = message.head;
      this.trouble = "";
      this.marks();
      if (this.counts && message.head.counts) this.crowded(message.head.counts);
      this.look();
    }
    this.refresh();
  }

  /** The two marks: what changed last (thin), and what the next step would do (thick). */
  marks() {
    if (!this.graph) return;
    const { next = -1, flags = {} } = this.head;
    const last = this.strip.events.at(-1);
    this.graph.mark(next, last ? last[2] : -1, new Map(Object.entries(flags).map(([i, words]) => [Number(i), words])));
  }

  crowded(counts) {
    this.counts.replaceChildren(...Object.entries(counts).map(([state, n]) =>
      h("p", this.card.badge(state), " " + n)));
  }

  take(card) {
    if (card.key !== this.wanted()) return;
    this.card.show(card);
    if (this.onceShown) this.onceShown();
    this.onceShown = null;
  }

  // What the card is about -------------------------------------------------------------------------------------

  /** The key that the card should show: the selected one; while somebody types, theirs; else what needs a person. */
  wanted() {
    if (this.chosen !== null) return this.chosen;
    if (this.card.form && this.card.form.dirty) return this.card.data.key;
    return this.head.focus || "";
  }

  look(again) {
    const key = this.wanted();
    if (key === this.asked && !again) return;
    this.asked = key;
    this.wire.send({ t: "look", key });
  }

  choose(key) {
    this.chosen = key;
    this.card.receipt("");
    const i = key === null ? -1 : this.index.get(key);
    if (this.graph && i !== undefined) this.graph.select(i); // an item leaves its task selected
    this.look(true);
  }

  /** Enter or a double click: the one most sensible thing with this task. */
  enter(i) {
    const at = i >= 0 ? i : this.head.next;
    if (!(at >= 0)) return;
    const [, , , , , kind, key] = this.scene.nodes[at];
    const state = this.scene.states[this.graph.states[at]];
    this.choose(key);
    if (key === this.head.step?.key || (state === "ready" && kind === "task")) this.act("step", { task: key });
    else this.onceShown = () => (state === "failed" ? this.card.openTrace() : this.card.focusForm()); // the card is still to come
  }

  // What a person asks -----------------------------------------------------------------------------------------

  press(act) {
    const button = this.buttons[act];
    if (button.getAttribute("aria-disabled") === "true") {
      this.trouble = button.title;
      this.refresh();
      return;
    }
    const [words, label] = this.head.asks[act] || [];
    this.ask(words, label, () => this.act(act, act === "step" ? { task: this.head.step.key } : {}));
  }

  act(act, more, done) {
    if (act === "step" && this.wire.waiting("step", more.task)) return;
    if (this.lost) {
      if (done) done({ error: "No kernel answers, so nothing was sent. What you typed stays here." });
      return;
    }
    this.trouble = "";
    this.card.receipt("");
    this.wire.command(act, more, (answer) => {
      if (done) done(answer);
      if (answer.ok) this.card.receipt(answer.receipt || "");
      else if (!done) this.trouble = answer.error || "refused";
      this.refresh();
      this.look(true);
    });
  }

  /** What can't be taken back is asked about once, in place. */
  ask(words, label, go) {
    if (!words) return go();
    const before = this.root.getRootNode().activeElement;
    const close = (then) => {
      this.bar.classList.remove("fk-asking");
      this.sure.replaceChildren();
      then.focus();
    };
    const no = button("button", "Keep it", () => close(before || this.buttons.step));
    const yes = button("button.danger", label, () => {
      close(this.buttons.step);
      go();
    });
    this.sure.onkeydown = (event) => event.key === "Escape" && no.click();
    this.sure.replaceChildren(h("span", marked(words)), yes, no);
    this.bar.classList.add("fk-asking");
    no.focus();
  }

  key(event) {
    const key = event.key.toLowerCase();
    if (key === "s" || key === " ") this.press("step");
    else if (key === "r") this.press("run");
    else if (key === "p") this.press(this.buttons.pause.hidden ? "resume" : "pause");
    else if (key === "w") this.card.sayWhy();
    else if (key === "j") this.strip.open(this.strip.list.hidden);
    else if (key === "?") this.toggleHelp();
    else if (key === "escape") this.escape();
    else return false;
    return true;
  }

  escape() {
    if (!this.help.hidden) this.toggleHelp();
    else if (this.chosen !== null) this.choose(null);
    else this.graph.root.blur();
  }

  toggleHelp() {
    this.help.hidden = !this.help.hidden;
    this.helper.setAttribute("aria-expanded", String(!this.help.hidden));
  }

  // What is on the screen --------------------------------------------------------------------------------------

  /** Whether it is certain that no kernel answers. */
  get lost() {
    return Boolean(this.wire.gone) && !this.wire.maybe;
  }

  refresh() {
    if (!this.wire) return;
    const { head, wire } = this;
    const gone = this.lost;
    this.root.classList.toggle("fk-gone", gone);
    this.fresh("badge", head.run, (state) => this.runBadge(state));
    this.counter.textContent = `event ${this.seq}${head.playing && !gone ? " · runs in the background" : ""}`;
    this.labels(gone);
    if (gone && !this.card.data) {
      const why = "Inputs, results and forms come from a kernel: run this cell again.";
      this.card.show({ key: "", label: this.scene.title, state: head.run, why });
    }
    this.fresh("sentence", this.saying(gone), marked);
    this.sentence.classList.toggle("fk-bad", Boolean(this.trouble && !gone));
  }

  /** Fill an element anew if what it shows is another text now; so a reader is told once. */
  fresh(name, text, make) {
    if (this.told[name] === text) return;
    this.told[name] = text;
    this[name].replaceChildren(...[text ? make(text) : []].flat());
  }

  runBadge(state) {
    const as = { failing: "failed", pausing: "waiting", paused: "waiting" }[state] || state;
    const badge = this.card.badge(as);
    badge.lastChild.data = state;
    return badge;
  }

  labels(gone) {
    const can = this.head.can || {};
    const resting = this.head.run === "paused" || this.head.run === "pausing";
    this.buttons.pause.hidden = resting;
    this.buttons.resume.hidden = !resting;
    this.buttons.revert.hidden = (can.revert ?? null) === null;
    const step = this.head.step || {};
    if (this.stepSays !== step.say) {
      this.stepSays = step.say;
      this.buttons.step.replaceChildren(...marked(step.say || "Step"));
    }
    for (const act of Object.keys(LABELS)) {
      const button = this.buttons[act];
      const order = this.wire.waiting(act);
      const no = gone ? "no kernel answers" : order ? this.progress(order) : can[act] ?? "not yet";
      button.setAttribute("aria-disabled", String(Boolean(no)));
      button.title = no || "";
      button.classList.toggle("fk-sent", Boolean(order));
    }
    this.root.classList.toggle("fk-calls", !gone && can.step === "" && !this.wire.open.size);
  }

  progress(order) {
    const named = (LABELS[order.act] || order.act).replace(/…|_.*/, "");
    const what = order.task ? `${named} (\`${order.task}\`)` : named;
    return order.state === "sent" ? `${what}: sent, waits for the kernel` : `${what}: at work`;
  }

  saying(gone) {
    const { wire, head, scene } = this;
    if (gone) {
      const kept = `nothing is lost: \`engine.open(${pythonText(scene.id)})\``;
      return `${wire.gone} at event ${this.seq}; ${scene.durable ? kept : "this run was kept in that kernel's memory"}`;
    }
    // What is answered at once needs no words between.
    for (const order of wire.open.values()) if (performance.now() - order.since >= SOON) return this.progress(order);
    if (wire.gone) return `${wire.gone}. This is the picture of event ${this.seq}.`;
    return this.trouble || head.say || "asking the kernel…";
  }

  resize() {
    const width = this.root.clientWidth;
    this.strip.later();
    if (!width || width === this.width) return;
    this.width = width;
    this.root.classList.toggle("fk-narrow", width < 680);
    if (!this.graph) return;
    const room = this.graph.root.clientWidth;
    this.graph.root.style.height = this.graph.wanted(room) + "px";
    if (!this.graph.free) this.graph.fit();
  }

  /** Step takes the focus where that takes it from nobody: the cell that was run is still the one in use. */
  firstFocus() {
    requestAnimationFrame(() => {
      const active = document.activeElement;
      const cell = this.root.closest(".jp-Cell");
      const idle = !active || active === document.body;
      const own = cell && cell.classList.contains("jp-mod-active") && active && active.contains(cell);
      if (idle || own) this.buttons.step.focus({ preventScroll: true });
    });
  }

  close() {
    this.wire.close();
    this.root.remove();
  }
}

function render({ model, el, signal }) {
  let view, ends;
  const drop = () => {
    if (!view) return;
    ends.abort();
    view.close();
    view = null;
  };
  const draw = () => {
    drop();
    ends = new AbortController();
    view = new PanelView(model, el, ends.signal);
  };
  const close = () => {
    model.off("change:scene", draw);
    drop();
  };
  model.on("change:scene", draw); // the run took over an edited flow
  signal?.addEventListener("abort", close);
  draw();
  return close;
}

export { pythonText, pythonValue, tone, towards, unpackStates, visible };
export default { render };

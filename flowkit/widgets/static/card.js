// The card: one task (or the whole run) in words. Each part is replaced only when its own content changed, and a form
// is kept as it is for as long as its attempt lives, so that nothing that is being typed or read is disturbed.

/** Drafts of forms over a reload of the page, in this tab alone. */
class Drafts {
  constructor(name) {
    this.name = "flowkit:" + name + ":";
  }

  keep(id, draft) {
    try {
      const key = this.name + id;
      if (draft === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(draft));
    } catch { /* the page may not store */ }
  }

  kept(id) {
    try {
      return JSON.parse(sessionStorage.getItem(this.name + id));
    } catch {
      return null;
    }
  }
}

/** A line of code with a button that copies it. */
function codeLine(text, label) {
  const code = h("code.cell", text);
  const copier = button("copy", "copy", async () => {
    copier.textContent = await copy(code);
    setTimeout(() => { copier.textContent = "copy"; }, 1600);
  }, { "aria-label": "copy this cell" });
  const root = h("span.line", label && h("span.quiet", label + " "), code, copier);
  return { root, set: (now) => { if (code.textContent !== now) code.textContent = now; } };
}

class CardView {
  /** `told`: {act(act, more, done), ask(words, label, go), choose(key)}; `prefix` makes ids unique. */
  constructor(scene, prefix, told) {
    this.scene = scene;
    this.prefix = prefix;
    this.told = told;
    this.forms = new Map();
    this.made = 0;
    this.seen = {};
    this.form = null;
    this.data = null;
    this.drafts = scene.durable ? new Drafts(scene.place + "/" + scene.id) : null;
    this.slots = {};
    for (const name of ["receipt", "head", "why", "progress", "inputs", "form", "acts", "parts", "result", "failure", "output", "attempts"]) {
      this.slots[name] = h("div.slot.slot-" + name);
    }
    this.slots.why.setAttribute("role", "status");
    this.slots.receipt.setAttribute("role", "status");
    this.root = h("section.card", { "aria-label": "what is selected" }, Object.values(this.slots));
  }

  receipt(text) {
    this.put("receipt", text, () => h("p.receipt", marked(text)));
  }

  /** Fill a slot with what `make(content)` gives, if the content is another one now; nothing for empty content. */
  put(name, content, make) {
    const key = JSON.stringify(content || null);
    if (this.seen[name] === key) return;
    this.seen[name] = key;
    const made = content && content.length !== 0 ? make(content) : [];
    const slot = this.slots[name];
    const buttons = () => [...slot.querySelectorAll("button")];
    const at = buttons().findIndex((each) => each.matches(":focus")); // a list that is renewed keeps the focus
    slot.replaceChildren(...[made].flat().filter(Boolean));
    buttons()[at]?.focus({ preventScroll: true });
  }

  show(card) {
    this.data = card;
    const lines = (look, value) => h(look, { tabindex: "0" }, visibleLines(value));
    this.put("head", [card.label, card.kind, card.state, card.flag, card.doc], () => this.head(card));
    this.put("why", card.why, (words) => h("p.why", marked(words)));
    this.put("progress", card.progress, ([part, words]) => [
      h("progress", { value: part, max: 1, "aria-label": "how far it is" }), h("span.quiet", " " + visible(words)),
    ]);
    this.put("inputs", card.inputs, (rows) => this.table("what it gets", rows));
    this.put("result", card.result, (value) => this.section("result", lines("pre.value", value)));
    this.put("output", card.output, (value) => this.section("what it printed", lines("pre.output", value)));
    this.put("failure", card.failure, (failure) => this.failure(failure));
    this.put("attempts", card.attempts, (rows) => this.table("attempts", rows));
    this.put("parts", card.parts, (parts) => this.parts(parts));
    this.put("acts", card.acts, (acts) => h("div.acts", acts.map(([label, act, more, title, words]) =>
      button("small", label, () => this.told.ask(words, label, () => this.told.act(act, more)), { title }))));
    this.showForm(card.form);
  }

  head(card) {
    const looks = this.scene.looks;
    const kind = looks.kinds[card.kind];
    const name = h("h3.title", kind && kind.icon && h("span", { title: kind.word }, icon(kind.icon)), visible(card.label));
    return [
      h("div.headline", name, this.badge(card.state), card.flag && h("span.flag", visible(card.flag))),
      card.doc && h("p.doc", visibleLines(card.doc)),
    ];
  }

  badge(state) {
    if (!state) return null;
    const number = this.scene.states.indexOf(state);
    const look = this.scene.looks.states[state] || this.scene.looks.plain;
    return h("span.badge", { "data-s": number }, icon(look.icon || "M0 0", look.solid), look.word || state);
  }

  section(title, ...content) {
    return h("div.section", h("h4", title), content);
  }

  /** Rows of texts; a number among them is a moment. */
  table(title, rows) {
    const shown = (cell) => (cell === +cell ? new Date(cell * 1000).toLocaleTimeString() : visible(cell));
    const lines = rows.map(([name, ...rest]) =>
      h("tr", h("th", { scope: "row" }, visible(name)), rest.map((cell) => h("td", shown(cell)))));
    return this.section(title, h("table.table", lines));
  }

  failure({ line, traceback, chain }) {
    const text = traceback && h("pre.output", { tabindex: "0" }, visibleLines(traceback));
    this.trace = text && h("details", { open: true }, h("summary", "traceback"), text);
    const causes = chain.map((cause) => h("p.quiet", visible(cause)));
    return this.section("failure", h("p.problem", visibleLines(line)), causes, this.trace);
  }

  /** Items, or what is in a subflow: one button each, which leads to its card. */
  parts({ title, rows, more }) {
    return this.section(title, rows.map(([key, name, state, said]) => h("div", button("part",
      [this.badge(state), h("code", visible(name)), h("span", visible(said))], () => this.told.choose(key)))), more);
  }

  /** The form of this attempt: found again if it was here before, made if not. */
  showForm(about) {
    const typed = [...this.forms.values()].find((form) => form.dirty && form.about.key === this.data.key
      && (!about || about.kind === form.about.kind));
    const form = about ? this.forms.get(about.id) || this.makeForm(about, typed) : typed || null;
    if (form && !about) form.outrun();
    if (form === this.form) return;
    this.form = form;
    this.slots.form.replaceChildren(...(form ? [form.frame] : []));
  }

  makeForm(about, typed) {
    const line = codeLine("", "as a cell");
    const form = new Form(about, this.prefix + "f" + ++this.made, {
      cell: (text) => line.set(text),
      dropped: () => this.showForm(this.data.form),
      send: (act, data) => this.told.act(act, { task: about.key, attempt: about.attempt, kind: about.kind, data }, (answer) => {
        form.answer(answer);
        if (!answer.ok) return;
        this.forms.delete(form.id);
        if (this.form === form) this.showForm(null);
      }),
    }, this.drafts);
    if (typed) {
      form.restore(typed.draft()); // an attempt that ended otherwise takes no typing with it
      this.forms.delete(typed.id);
    }
    form.changed();
    form.frame = about.summary
      ? h("details.asks", { open: form.dirty }, h("summary", about.summary), form.root, line.root)
      : h("div.asks", form.root, line.root);
    this.forms.set(form.id, form);
    return form;
  }

  focusForm() {
    if (!this.form) return false;
    if (this.form.frame.tagName === "DETAILS") this.form.frame.open = true;
    return this.form.field.focus() || (this.form.send.focus(), true);
  }

  /** Have readers of the screen read the sentence again: what changes in a live region is read out. */
  sayWhy() {
    const { why } = this.slots;
    const words = [...why.childNodes];
    why.replaceChildren();
    requestAnimationFrame(() => why.replaceChildren(...words));
  }

  openTrace() {
    if (!this.trace) return;
    this.trace.open = true;
    this.trace.querySelector("pre").focus();
  }
}

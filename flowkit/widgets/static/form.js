// Forms: fields typed by a schema. A form only gathers what was typed; what it means is judged in Python, which answers
// with problems by path. A form is made once for an attempt and never rebuilt while it lives.

const CHOICES_IN_SIGHT = 5;

/** A text as a Python literal. */
function pythonText(text) {
  const escape = (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0");
  return JSON.stringify(text).replace(/[^\x20-\x7e\p{L}\p{N}\p{P}\p{S}]/gu, escape);
}

/** What JSON gave, as a Python literal. */
function pythonValue(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return pythonText(value);
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  return `{${Object.entries(value).map(([key, inner]) => `${pythonText(key)}: ${pythonValue(inner)}`).join(", ")}}`;
}

/** One field. `read()` gives what was typed, `write(data)` puts it back, `blame(path, text)` shows a problem at it. */
class Field {
  constructor(schema, name, path, id, changed) {
    this.schema = schema;
    this.path = path;
    this.boxes = []; // what a person types into or clicks
    this.problem = h("p.problem", { id: id + "-p", hidden: true });
    const label = visible(schema.label || name);
    const hints = [schema.hint, visible(schema.doc || ""), schema.spare && "may be left empty"];
    const hint = hints.filter(Boolean).join(" · ");
    if (schema.fields) {
      this.parts = schema.fields.map((field, i) =>
        new Field(field, field.name, (path ? path + "." : "") + field.name, `${id}-${i}`, changed));
      this.inner = h("fieldset.fields", h("legend", label), this.parts.map((part) => part.root));
    } else {
      const input = this.input(id, changed);
      const single = this.boxes[0] === input;
      const about = { for: single ? id : null, id: id + "-l" };
      const head = h(single ? "label.label" : "span.label", about, label, h("span.hint", hint));
      if (!single) input.setAttribute("aria-labelledby", id + "-l");
      this.inner = h("div", head, input);
    }
    if (schema.optional) {
      this.none = h("input", { type: "checkbox", onchange: () => {
        this.shut();
        changed();
      } });
    }
    this.root = h("div.field", this.inner, this.none && h("label.none", this.none, " no value (None)"), this.problem);
  }

  input(id, changed) {
    const { kind, choices, long } = this.schema;
    const about = { id, "aria-describedby": id + "-p", oninput: changed, onchange: changed };
    if (kind === "none") return h("p.quiet", "Nothing to give: say that it is done.");
    if (kind === "bool" || (choices && choices.length <= CHOICES_IN_SIGHT)) {
      const labels = choices ? choices.map(([text]) => text) : ["yes", "no"];
      this.boxes = labels.map((_, i) => h("input", { ...about, id: `${id}-${i}`, type: "radio", name: id, value: i }));
      this.radios = true;
      return h("div.radios", { role: "radiogroup" }, labels.map((text, i) => h("label", this.boxes[i], " " + visible(text))));
    }
    const typed = { ...about, spellcheck: kind === "str" ? null : "false", autocomplete: "off" };
    const box = () => {
      if (choices) {
        const options = choices.map(([text], i) => h("option", { value: i }, visible(text)));
        return h("select", about, h("option", { value: "" }, "choose…"), options);
      }
      if (long) return h("textarea.code", { ...typed, rows: 2 });
      return kind === "str" ? h("textarea", { ...typed, rows: 1 }) : h("input", { ...typed, type: "text" });
    };
    this.boxes = [box()];
    return this.boxes[0];
  }

  shut() {
    for (const box of this.inner.querySelectorAll("input,textarea,select")) box.disabled = this.none.checked;
  }

  read() {
    if (this.none && this.none.checked) return { none: true };
    if (this.parts) return { fields: Object.fromEntries(this.parts.map((part) => [part.schema.name, part.read()])) };
    const [box] = this.boxes;
    if (!box) return { none: true };
    const chosen = this.radios ? this.boxes.findIndex((radio) => radio.checked) : box.value === "" ? -1 : Number(box.value);
    return this.radios || this.schema.choices ? { choice: chosen < 0 ? null : chosen } : { text: box.value };
  }

  write(data) {
    if (!data) return;
    if (this.none && data.none) {
      this.none.checked = true;
      this.shut();
    } else if (this.parts) {
      for (const part of this.parts) part.write((data.fields || {})[part.schema.name]);
    } else if (this.radios) {
      if (this.boxes[data.choice]) this.boxes[data.choice].checked = true;
    } else if (this.boxes.length) {
      this.boxes[0].value = this.schema.choices ? data.choice ?? "" : data.text ?? "";
    }
  }

  get touched() {
    if (this.none && this.none.checked) return true;
    if (this.parts) return this.parts.some((part) => part.touched);
    return this.boxes.some((box) => (this.radios ? box.checked : box.value));
  }

  /** Show a problem at the field whose path is the beginning of `path`; true if it found its place. */
  blame(path, text) {
    const inside = path.slice(this.path.length);
    if (!path.startsWith(this.path) || (this.path && inside && !/^[.[]/.test(inside))) return false;
    if (this.parts && this.parts.some((part) => part.blame(path, text))) return true;
    const before = this.problem.hidden ? "" : this.problem.textContent + "; ";
    this.problem.textContent = before + (inside ? `at ${inside}: ` : "") + visible(text);
    this.problem.hidden = false;
    for (const box of this.boxes) box.setAttribute("aria-invalid", "true");
    return true;
  }

  forgive() {
    this.problem.hidden = true;
    for (const box of this.boxes) box.removeAttribute("aria-invalid");
    for (const part of this.parts || []) part.forgive();
  }

  focus() {
    if (this.parts) return this.parts.some((part) => part.focus());
    if (this.boxes.length) (this.boxes.find((box) => box.checked) || this.boxes[0]).focus();
    return this.boxes.length > 0;
  }

  /** The value as Python would write it, or null while that can't be told. */
  python() {
    const { kind, choices, call, long } = this.schema;
    const { none, choice, text } = this.read();
    if (none) return "None";
    if (this.parts) {
      const parts = this.parts.filter((part) => part.touched || !part.schema.spare);
      const given = parts.map((part) => [part.schema.name, part.python()]);
      if (given.some(([, value]) => value === null)) return null;
      if (call) return `${call}(${given.map(([name, value]) => `${name}=${value}`).join(", ")})`;
      return `{${given.map(([name, value]) => `${pythonText(name)}: ${value}`).join(", ")}}`;
    }
    if (choice !== undefined) return choice === null ? null : choices ? choices[choice][1] : choice ? "False" : "True";
    if (kind === "str") return text && pythonText(text);
    if (kind === "int" || kind === "float") return /^[-+\d._e]+$/i.test(text.trim()) ? text.trim() : null;
    try {
      return long ? pythonValue(JSON.parse(text)) : null;
    } catch {
      return null;
    }
  }
}

/** The form of one attempt: its field, a note, Complete and It failed…. */
class Form {
  /** `told`: {send(act, data), cell(text), dropped()}; `store` keeps drafts over a reload of the page, or is null. */
  constructor(about, id, told, store) {
    Object.assign(this, { about, told, store, failing: false, id: about.id });
    const changed = () => this.changed();
    const hinted = (name, hint, box) => h("div.field", h("label.label", { for: box.id }, name, h("span.hint", hint)), box);
    this.field = new Field(about.schema, "your answer", "", id + "-f", changed);
    this.note = h("input", { type: "text", id: id + "-n", autocomplete: "off", oninput: changed });
    this.error = h("textarea", { id: id + "-e", rows: 1, oninput: changed });
    this.send = h("button.button.main", { type: "submit" }, about.complete);
    this.turner = button("button", about.failed, () => this.turn(!this.failing));
    this.why = hinted("what went wrong", "becomes the failure's message", this.error);
    this.why.hidden = true;
    this.says = h("p.says", { role: "status" });
    this.aside = h("div");
    this.root = h("form.form", { novalidate: true, autocomplete: "off" },
      about.warning && h("p.quiet", about.warning), about.text && h("pre.output", visibleLines(about.text)), this.field.root, this.why,
      hinted("note", "kept in the journal", this.note), h("div.acts", this.send, this.turner), this.says, this.aside);
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.root.addEventListener("keydown", (event) => {
      const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey);
      const back = event.key === "Escape" && this.failing;
      if (sends) this.submit();
      if (back) this.turn(false);
      if (sends || back) event.preventDefault();
      // What is typed here is nobody else's key; Ctrl+S and the like still reach the notebook.
      if (sends || back || !(event.ctrlKey || event.metaKey || event.key === "Escape")) event.stopPropagation();
    });
    this.restore(store && store.kept(this.id));
  }

  restore(draft) {
    if (!draft) return;
    this.field.write(draft.value);
    this.note.value = draft.note;
    this.error.value = draft.error;
    if (draft.failing) this.turn(true);
  }

  /** The task was answered elsewhere while somebody typed: the typing stays until it is thrown away. */
  outrun() {
    if (this.says.textContent || this.busy) return;
    this.say("Answered meanwhile. What you typed stays here; it was not sent.", true);
    this.aside.append(this.bin());
  }

  /** A button that throws away what was typed. */
  bin() {
    return button("small", "throw away what you typed", () => {
      this.root.reset();
      this.changed();
      this.told.dropped();
    });
  }

  turn(failing) {
    this.failing = failing;
    this.why.hidden = !failing;
    this.field.root.hidden = failing;
    this.turner.textContent = failing ? "Back" : this.about.failed;
    this.send.textContent = failing ? "Report the failure" : this.about.complete;
    this.send.classList.toggle("fk-danger", failing);
    if (failing) this.error.focus();
    this.changed();
  }

  get dirty() {
    return this.field.touched || Boolean(this.note.value || this.error.value);
  }

  draft() {
    return { value: this.field.read(), note: this.note.value, error: this.error.value, failing: this.failing };
  }

  changed() {
    if (this.store) this.store.keep(this.id, this.dirty ? this.draft() : null);
    const note = this.note.value && `, note=${pythonText(this.note.value)}`;
    const value = this.failing ? pythonText(this.error.value || "…") : this.field.python() || "…";
    this.told.cell(`run.${this.failing ? "fail" : "complete"}(${pythonText(this.about.key)}, ${value}${note})`);
  }

  submit() {
    if (this.busy) return;
    this.field.forgive();
    this.aside.replaceChildren();
    this.say("sent, waits for the kernel");
    this.busy = true;
    this.send.setAttribute("aria-disabled", "true");
    this.told.send(this.failing ? "fail" : "complete", this.draft());
  }

  say(text, bad) {
    this.says.textContent = text;
    this.says.classList.toggle("fk-bad", Boolean(bad));
  }

  /** Show what Python answered. What was typed stays, unless it was accepted. */
  answer({ ok, problems = [], error, recorded, sent }) {
    this.busy = false;
    this.send.removeAttribute("aria-disabled");
    this.say("");
    if (ok) {
      if (this.store) this.store.keep(this.id, null);
      return;
    }
    for (const { path, message } of problems) this.field.blame(path, message);
    this.say(problems.length ? "Nothing was recorded." : visibleLines(error), true);
    const wrong = this.root.querySelector("[aria-invalid]");
    if (wrong) wrong.focus();
    if (recorded === undefined) return;
    const row = (tag, ...texts) => h("tr", texts.map((text) => h(tag, visibleLines(text))));
    this.aside.append(h("table.sides", row("th", "recorded", "you sent"), row("td", recorded, sent)), this.bin());
  }
}

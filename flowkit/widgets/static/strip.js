// Time: a strip with one mark for each event, the latest in words, and the journal as a list. It shows what it was
// told and asks for nothing.

const KEPT = 200;

const TONES = [
  ["bad", /Failed|Failing|Lost|Refused/],
  ["hand", /Paus|Resum|Cancel|Break|Released/],
  ["run", /^Run/],
];

/** The family that an event's mark belongs to. */
function tone(kind) {
  const found = TONES.find(([, pattern]) => pattern.test(kind));
  return found ? found[0] : "task";
}

class StripView {
  /** `told`: {select(i)}. An event is [seq, kind, position of its task or -1, words]. */
  constructor(told) {
    this.told = told;
    this.events = [];
    this.drawn = false;
    this.pointed = -1;
    this.marks = {};
    this.svg = s("svg.strip", { height: 26, width: "100%", role: "img", "aria-label": "the events of the run" });
    this.svg.append(s("path.rail"));
    for (const name of ["task", "run", "hand", "bad"]) this.svg.append((this.marks[name] = s("path.tick.tick-" + name)));
    this.head = s("path.tick-head", {});
    this.svg.append(this.head);
    this.number = h("span.number");
    this.words = h("span.words");
    this.list = h("ol.journal", { tabindex: "0", hidden: true, "aria-label": "the journal" });
    this.toggle = button("small", "journal", () => this.open(this.list.hidden), { "aria-expanded": "false" });
    this.root = h("section.time", { "aria-label": "time", hidden: true },
      h("div.railway", this.svg, this.toggle),
      h("p.latest", this.number, this.words), this.list);
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => {
      this.pointed = -1;
      this.tell();
    });
    this.svg.addEventListener("click", () => {
      const event = this.events[this.pointed];
      if (event && event[2] >= 0) this.told.select(event[2]);
    });
  }

  /** Replace all events (`whole`) or add some. */
  take(events, whole) {
    if (whole) {
      this.events = events.slice(-KEPT);
      this.list.replaceChildren();
      if (!this.list.hidden) this.list.append(...this.events.map((event) => this.row(event)));
    } else {
      const last = this.events.length ? this.events[this.events.length - 1][0] : 0;
      const fresh = events.filter((event) => event[0] > last);
      if (!fresh.length) return;
      this.events = this.events.concat(fresh).slice(-KEPT);
      if (!this.list.hidden) {
        const low = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 24;
        this.list.append(...fresh.slice(-KEPT).map((event) => this.row(event)));
        while (this.list.childElementCount > KEPT) this.list.firstChild.remove();
        if (low) this.list.scrollTop = this.list.scrollHeight;
      }
    }
    this.root.hidden = this.events.length === 0;
    this.later();
  }

  row([seq, kind, i, words]) {
    const text = h("span.words", marked(words));
    const row = h("li.row-" + tone(kind), h("span.number", String(seq)), text);
    if (i >= 0) row.addEventListener("click", () => this.told.select(i));
    return row;
  }

  open(open) {
    this.list.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.list.replaceChildren(...this.events.map((event) => this.row(event)));
    this.list.scrollTop = this.list.scrollHeight;
  }

  later() {
    if (this.drawn) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      this.draw();
    });
  }

  /** Marks as dots of four paths: a few hundred events cost four attributes. */
  draw() {
    const width = this.svg.clientWidth || 600;
    const many = this.events.length;
    this.gap = Math.min(22, (width - 20) / Math.max(1, many - 1));
    const dots = { task: "", run: "", hand: "", bad: "" };
    this.events.forEach((event, n) => { dots[tone(event[1])] += `M${(10 + n * this.gap).toFixed(1)} 13h0`; });
    for (const [name, path] of Object.entries(dots)) this.marks[name].setAttribute("d", path || "M-9 13");
    this.svg.firstChild.setAttribute("d", `M4 13H${width - 4}`);
    this.tell();
  }

  point(event) {
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    const n = Math.round((x - 10) / (this.gap || 22));
    const inside = n >= 0 && n < this.events.length;
    if ((inside ? n : -1) === this.pointed) return;
    this.pointed = inside ? n : -1;
    this.tell();
  }

  /** The event pointed at, else the latest, in words. */
  tell() {
    const n = this.pointed >= 0 ? this.pointed : this.events.length - 1;
    const event = this.events[n];
    if (!event) return;
    this.head.setAttribute("d", `M${(10 + n * this.gap).toFixed(1)} 3v20`);
    this.number.textContent = event[0];
    this.words.replaceChildren(...marked(event[3]).filter((part) => part !== ""));
    this.svg.classList.toggle("fk-some", event[2] >= 0);
  }
}

// The wire: messages from and to Python, for one view. It keeps what must not be lost: a command stays here, under its
// id, until it is answered, and is sent again when no word comes (Python does an id once). It never judges a message.

const SILENCE = 4000; // milliseconds
const SOON = 250; // milliseconds within which an answer needs no "sent"

class Wire {
  /**
   * `heard` maps the kinds of message to functions; `changed()` is called when a command or the kernel moves on;
   * `cut()` tells whether the front end marks this view as one without a kernel.
   */
  constructor(model, heard, changed, cut) {
    this.model = model;
    this.cut = cut;
    this.heard = heard;
    this.changed = changed;
    this.view = Math.random().toString(36).slice(2, 10);
    this.count = 0;
    this.open = new Map();
    this.q = null; // the number of the last delta that is shown; null: a snapshot is needed
    this.gone = ""; // why no kernel answers, in words
    this.maybe = false; // whether it may be only busy
    this.stops = [];
    this.watchKernel();
  }

  send(message) {
    try {
      this.model.send({ ...message, view: this.view });
    } catch {
      this.lose("kernel gone"); // the channel is closed
    }
  }

  /** Ask for everything; answered by a "snap" message. */
  hello() {
    this.q = null;
    this.send({ t: "hello" });
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (this.q !== null || (this.gone && !this.maybe)) return;
      this.lose(this.cut() ? "kernel gone" : "no answer yet: the kernel is busy, or there is none", !this.cut());
      if (this.maybe) this.hello();
    }, SILENCE);
  }

  /** Send a command and keep it until it is answered; `done(answer)` is called once. */
  command(act, more, done) {
    const id = `${this.view}-${++this.count}`;
    const message = { t: "do", id, act, ...more };
    const order = { act, task: more.task, message, done, state: "sent", tries: 0, since: performance.now() };
    this.open.set(id, order);
    this.send(order.message);
    this.repeatLater(id, order);
    this.changed();
    setTimeout(this.changed, SOON);
  }

  /** The unanswered command of that name (and task), or undefined. */
  waiting(act, task) {
    return [...this.open.values()].find((order) => order.act === act && (task === undefined || order.task === task));
  }

  repeatLater(id, order) {
    order.timer = setTimeout(() => {
      if (!this.open.has(id) || order.state !== "sent") return;
      order.tries += 1;
      if (!this.gone) this.send(order.message);
      this.changed();
      this.repeatLater(id, order);
    }, SILENCE * 2 ** Math.min(order.tries, 3));
  }

  receive(message) {
    if (!message || typeof message !== "object") return;
    if (this.gone) {
      this.gone = "";
      this.maybe = false;
      this.changed();
    }
    if (message.t === "d") {
      if (this.q === null || message.q <= this.q) return;
      if (message.q !== this.q + 1) return this.hello(); // one is missing
      this.q = message.q;
    } else if (message.t === "snap") {
      this.q = message.q;
    } else if (message.t === "ack" || message.t === "done") {
      const order = this.open.get(message.id);
      if (!order) return;
      clearTimeout(order.timer);
      order.state = "taken";
      if (message.t === "done") {
        this.open.delete(message.id);
        order.done(message);
      }
      return this.changed();
    }
    this.heard[message.t]?.(message);
  }

  /** No kernel answers: certainly, or (`maybe`) it may only be busy. */
  lose(why, maybe) {
    this.gone = why;
    this.maybe = Boolean(maybe);
    const orders = maybe ? [] : [...this.open.values()];
    if (!maybe) this.open.clear();
    for (const order of orders) order.done({ error: "The kernel is gone. The journal tells whether this was recorded." });
    this.changed();
  }

  /** Where the front end tells of its kernel, listen: a restarted kernel does not know this panel any more. */
  watchKernel() {
    const listen = (name, heard) => {
      this.model.on(name, heard);
      this.stops.push(() => this.model.off(name, heard));
    };
    const connect = (place, heard) => {
      if (!place || !place.connect) return;
      place.connect(heard);
      this.stops.push(() => place.disconnect(heard));
    };
    listen("msg:custom", (message) => this.receive(message));
    listen("comm:close", () => this.lose("this panel was closed"));
    listen("comm_live_update", () => setTimeout(() => this.cut() && this.lose("kernel gone")));
    try {
      const kernel = this.model.widget_manager && this.model.widget_manager.kernel;
      if (!kernel) return;
      connect(kernel.statusChanged, (_, state) => {
        if (/restarting|dead|terminating/.test(state)) this.lose("kernel gone");
      });
      connect(kernel.connectionStatusChanged, (_, state) => {
        if (state === "connected" && !this.gone) this.hello();
      });
    } catch { /* another front end: silence tells in time */ }
  }

  close() {
    clearTimeout(this.silence);
    for (const order of this.open.values()) clearTimeout(order.timer);
    if (!this.gone) this.send({ t: "bye" });
    for (const stop of this.stops) stop();
  }
}

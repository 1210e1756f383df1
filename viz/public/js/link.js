// The line to the session: requests with answers, and what the session tells by itself. Arrays arrive as bytes.

const TYPES = { float32: Float32Array, int32: Int32Array, int16: Int16Array, int8: Int8Array, uint8: Uint8Array, uint16: Uint16Array };

const PATIENCE = 2500; // milliseconds without an answer after which a request is sent again, at first
const LARGEST = 900_000; // bytes of a request; the server cuts the line when there are more than 2 ** 20

/**
 * Both sides number what they say (see viz/line.py). What the line loses when it is cut comes again, in order; what comes
 * twice is taken once. So a step is never made twice, and no month is missed.
 */
export class Link {
  /** @param model the anywidget model, which sends and hears custom messages */
  constructor(model) {
    this.model = model;
    this.name = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.waiting = new Map(); // number -> {message, resolve, reject, again}
    this.listeners = new Map();
    this.jobs = new Set(); // work under way, of which more will be heard
    this.playing = () => false; // whether months are expected
    this.last = 0;
    this.heard = 0;
    this.heardAt = performance.now();
    this.asked = 0;
    this.hear = (content, buffers) => this.#hear(content, buffers ?? []);
    model.on("msg:custom", this.hear);
    this.status = model.widget_manager?.kernel?.connectionStatusChanged;
    this.state = "connected";
    this.line = (_, status) => {
      this.#line(status === "connected" ? "connected" : "cut");
      if (status === "connected") this.#again();
    };
    this.status?.connect(this.line);
    hideOverlay();
    this.timer = setInterval(() => this.#look(), 1000);
  }

  /** Ask for something; resolves to the answer, rejects with words for the reader. */
  ask(what, fields = {}) {
    const content = JSON.stringify(fields);
    if (content.length > LARGEST / 3 && new TextEncoder().encode(content).length > LARGEST) return Promise.reject(new Error("This is too large to be sent to the session."));
    this.last += 1;
    const message = { id: this.last, do: what, ...fields };
    return new Promise((resolve, reject) => {
      this.waiting.set(message.id, { message, resolve, reject, patience: PATIENCE, sent: performance.now() });
      this.#send(message);
    });
  }

  /** Say something that needs no answer. */
  say(what) {
    this.#send({ do: what });
  }

  /** Listen to what the session tells: "month", "paused", "job", "lost"; and of the line: "line". */
  on(push, listener) {
    const all = this.listeners.get(push) ?? [];
    this.listeners.set(push, [...all, listener]);
  }

  close() {
    clearInterval(this.timer);
    this.status?.disconnect(this.line);
    this.model.off("msg:custom", this.hear);
  }

  #send(message) {
    this.model.send({ ...message, line: [this.name, this.heard] });
  }

  /** The line is back, or silent for long: ask for what was missed, and say again what was not answered. */
  #again() {
    this.asked = performance.now();
    this.say("resume");
    for (const each of this.waiting.values()) this.#send(each.message);
  }

  /** Tell the page that the line is cut, connected again, or that the session behind it has ended. */
  #line(state) {
    if (this.state === state || this.state === "ended") return;
    this.state = state;
    for (const listener of this.listeners.get("line") ?? []) listener(state);
  }

  #look() {
    if (window.app?.$data?.needsRefresh) this.#line("ended");
    const now = performance.now();
    const late = [...this.waiting.values()].filter((each) => now - each.sent > each.patience);
    if (late.length) {
      for (const each of late) Object.assign(each, { sent: now, patience: Math.min(20_000, 2 * each.patience) });
      this.#again();
    } else if ((this.playing() || this.jobs.size) && now - Math.max(this.heardAt, this.asked) > 2 * PATIENCE) this.#again();
  }

  #hear(content, buffers) {
    this.heardAt = performance.now();
    if (content.push === "again") {
      for (const [number, each] of this.waiting) if (number > content.after) this.#send(each.message);
      return;
    }
    if (content.push === "lost") {
      if (content.n <= this.heard) return;
      this.heard = content.n;
      for (const { reject } of this.waiting.values()) reject(new Error("The line was cut for too long; please ask again."));
      this.waiting.clear();
      this.jobs.clear();
    } else if (content.n !== undefined) {
      if (content.n <= this.heard) return;
      if (content.n > this.heard + 1) {
        if (this.heardAt - this.asked > 500) this.#again();
        return;
      }
      this.heard = content.n;
    }
    const message = unpack(content, buffers);
    if (message.push) {
      if (message.push === "job") this.jobs[["done", "failed", "stopped"].includes(message.state) ? "delete" : "add"](message.number);
      for (const listener of this.listeners.get(message.push) ?? []) listener(message);
      return;
    }
    const waiting = this.waiting.get(message.re);
    if (!waiting) return;
    this.waiting.delete(message.re);
    if (message.ok) waiting.resolve(message);
    else waiting.reject(new Error(message.error));
  }
}

/** Solara's own sign of a cut line fails inside Vue and would lie over the page; the page has one of its own. */
function hideOverlay() {
  const data = window.app?.$data;
  if (data && "wasConnected" in data) Object.defineProperty(data, "wasConnected", { configurable: true, get: () => false, set() {} });
}

/** Put arrays back where `{"$": number, type, shape}` stands. */
export function unpack(content, buffers) {
  if (Array.isArray(content)) return content.map((item) => unpack(item, buffers));
  if (content === null || typeof content !== "object") return content;
  if (Number.isInteger(content.$) && content.type in TYPES) {
    const view = buffers[content.$];
    const copy = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    const flat = new TYPES[content.type](copy);
    if (content.shape.length < 2) return flat;
    const width = content.shape[1];
    return Array.from({ length: content.shape[0] }, (_, row) => flat.subarray(row * width, (row + 1) * width));
  }
  return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, unpack(value, buffers)]));
}

// The line to the session: requests with answers, and what the session tells by itself. Arrays arrive as bytes.

const TYPES = { float32: Float32Array, int32: Int32Array, int16: Int16Array, int8: Int8Array, uint8: Uint8Array, uint16: Uint16Array };

export class Link {
  /** @param model the anywidget model, which sends and hears custom messages */
  constructor(model) {
    this.model = model;
    this.waiting = new Map();
    this.listeners = new Map();
    this.last = 0;
    this.hear = (content, buffers) => this.#hear(content, buffers ?? []);
    model.on("msg:custom", this.hear);
  }

  /** Ask for something; resolves to the answer, rejects with words for the reader. */
  ask(what, fields = {}) {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.model.send({ id, do: what, ...fields });
    });
  }

  /** Say something that needs no answer. */
  say(what) {
    this.model.send({ do: what });
  }

  /** Listen to what the session tells: "month", "paused", "job". */
  on(push, listener) {
    const all = this.listeners.get(push) ?? [];
    this.listeners.set(push, [...all, listener]);
  }

  close() {
    this.model.off("msg:custom", this.hear);
  }

  #hear(content, buffers) {
    const message = unpack(content, buffers);
    if (message.push) {
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

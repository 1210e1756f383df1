// Measures the app from inside the page: `speed.step()`, `speed.frames(ms)`.
window.speed = {
  frame: () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(performance.now());
    channel.port2.postMessage(0); // comes after the frame has been painted
  })),

  /** Milliseconds from a click on Step until charts and network show the new month. */
  async step() {
    const button = [...document.querySelectorAll(".transport button")].find((each) => each.textContent === "Step");
    const month = new Promise((resolve) => { this.made = resolve; });
    if (!this.listens) {
      this.listens = true;
      const first = talent.link.listeners.get("month");
      talent.link.listeners.set("month", [() => { this.came = performance.now(); }, ...first, () => this.made?.()]); // before and after the app
    }
    const began = performance.now();
    button.click();
    await month;
    const drawn = await this.frame();
    return { drawn: drawn - began, heard: this.came - began };
  },

  /** Intervals between frames for some time, and how long each drawing of the network took; something is moved meanwhile. */
  async frames(ms) {
    talent.network.times.length = 0;
    const intervals = [];
    const began = performance.now();
    let before = began;
    await new Promise((resolve) => {
      const next = (now) => {
        intervals.push(now - before);
        before = now;
        if (now - began < ms) requestAnimationFrame(next);
        else resolve();
      };
      requestAnimationFrame(next);
    });
    return { intervals: intervals.slice(2), drawing: [...talent.network.times] };
  },
};

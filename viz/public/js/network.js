// The living network, on one canvas: employers as anchors, people in their teams, ties, movers on their way, offers as
// sparks. It draws what `state.js` knows of a month and owns nothing but the view: zoom, hover, selection.

import { h, s } from "./dom.js";
import { num, plural } from "./format.js";
import { Layout, NOT_HERE, OUTSIDE, seat } from "./layout.js";
import { framed } from "./pictures.js";

const MOVE_MS = 650;
const SPARK_MS = 900;
const MOST_SPARKS = 260;
const NAMES_FROM = 17; // radius on the screen from which an employer's name is written
const TEAM_NAMES_FROM = 3.4; // zoom from which teams are named
const DRAWN = 1200; // width of the drawing that is saved, pixels
const at = (value) => value.toFixed(2); // a coordinate in a drawing

export class Network {
  /** @param onPick called with (kind, row) when something is clicked, (null) when nothing is */
  constructor(app, onPick) {
    this.app = app;
    this.onPick = onPick;
    this.canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": "The network; open a scenario to fill it", class: "network" });
    this.tip = h("div", { class: "tip", "aria-hidden": "true" });
    this.node = h("div", { class: "stage" }, this.canvas, this.tip);
    this.view = { k: 1, x: 0, y: 0 };
    this.colour = "home";
    this.showTies = true;
    this.ties = null;
    this.sparks = [];
    this.moving = null;
    this.frame = 0;
    this.times = []; // milliseconds of the last frames, for the test of speed
    this.selected = null;
    this.#listen();
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this.node);
  }

  /** Draw another market. */
  open(market) {
    this.market = market;
    this.month = market.cursor;
    this.ties = null;
    this.sparks = [];
    this.moving = null;
    this.selected = null;
    this.#place(true);
    this.refresh();
  }

  /** Show a month; movers travel if it is the one after that which was shown. */
  show(month, animate) {
    const calm = !animate || matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
    const before = { x: this.x, y: this.y };
    this.#founded();
    this.#positions(month);
    this.month = month;
    this.#paint();
    this.moving = null;
    this.sparks = [];
    if (!calm && before.x) {
      const moved = this.market.movedIn(month);
      this.moving = { before, people: moved, began: performance.now(), ms: this.app.pace < 0.3 ? 200 : MOVE_MS };
      this.#light(month);
    }
    this.#describe();
    this.#draw();
  }

  /** Colours may have changed (theme, mode); draw again. */
  refresh() {
    if (!this.market) return;
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    this.ink = Object.fromEntries(["bg", "panel", "ink", "muted", "line", "ghost", "accent", "blue", "rest"].map((name) => [name, value(`--${name}`)]));
    const numbered = (letter) => [1, 2, 3, 4, 5, 6].map((k) => value(`--${letter}${k}`));
    this.palette = [value("--accent"), ...numbered("c"), value("--rest")]; // of employers
    this.dots = this.colour === "cohort" ? [...numbered("k"), value("--rest"), value("--rest")] : this.palette; // of people
    this.show(this.month, false);
  }

  paintBy(mode) {
    this.colour = mode;
    this.refresh();
  }

  select(kind, row) {
    this.selected = kind ? { kind, row } : null;
    this.#draw();
  }

  setTies(ties) {
    this.ties = ties;
    this.#draw();
  }

  /** Zoom to an employer, a team, or everything. */
  fit(box) {
    const [x0, y0, x1, y1] = box ?? this.layout.box();
    const [w, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const [above, below] = this.#margins();
    const k = Math.min((w - 24) / (x1 - x0), (height - above - below) / (y1 - y0));
    this.home ??= k;
    if (!box) this.home = k;
    this.view = { k, x: w / 2 - (k * (x0 + x1)) / 2, y: (above + height - below) / 2 - (k * (y0 + y1)) / 2 };
    this.#draw();
  }

  /** The picture as it is on the screen, framed: `told` as for `framed`, less the size. */
  asSeen(told) {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    return framed(s("image", { href: this.canvas.toDataURL("image/png") }), { ...told, width, height });
  }

  /** The whole network of the month shown as a framed drawing, people as dots in one path for each colour. */
  asDrawing(told) {
    const { layout, market, month, ink } = this;
    const [x0, y0, x1, y1] = layout.box();
    const pixel = (x1 - x0 + 4) / DRAWN; // in units of the map
    const written = (words, x, y, size, look) => s("text", { x: at(x), y: at(y), "text-anchor": "middle", "font-size": at(size * pixel), stroke: ink.bg, "stroke-width": at(3.5 * pixel), "stroke-linejoin": "round", "paint-order": "stroke", ...look, text: words });
    const shown = [...layout.employers.values()].filter(({ row }) => market.isOpen(row, month));
    const ring = ({ row, x, y, r, startup }) => {
      const colour = market.colourOf(row) < 7 ? this.palette[market.colourOf(row)] : ink.ghost;
      const look = { fill: ink.panel, stroke: colour, "stroke-width": 0.3 };
      return startup ? s("path", { d: `M${at(x)},${at(y - 1.12 * r)}l${at(1.12 * r)},${at(1.12 * r)}l${at(-1.12 * r)},${at(1.12 * r)}l${at(-1.12 * r)},${at(-1.12 * r)}z`, ...look }) : s("circle", { cx: at(x), cy: at(y), r: at(r), ...look });
    };
    const rooms = [...layout.spots].filter(([place]) => place < 0).map(([place, { x, y, r }]) => [
      s("circle", { cx: at(x), cy: at(y), r: at(r), fill: "none", stroke: ink.line, "stroke-width": 0.3 }),
      written(OUTSIDE[place], x, y - r - 4 * pixel, 11, { fill: ink.muted }),
    ]);
    const dots = this.dots.map((colour, k) => {
      const mine = Array.from(this.x, (x, person) => (this.class[person] === k && !Number.isNaN(x) ? `M${at(x)},${at(this.y[person])}h0` : "")).join("");
      return s("path", { d: mine, stroke: colour, "stroke-width": 0.9, "stroke-linecap": "round", fill: "none" });
    });
    const names = shown.filter(({ startup }) => !startup).map(({ row, x, y, r }) => written(market.employerName(row), x, y - r + 2 * pixel, 13, { "font-weight": 600, fill: ink.ink }));
    const drawing = s("svg", { viewBox: [x0 - 2, y0 - 8, x1 - x0 + 4, y1 - y0 + 10].map(at).join(" ") }, shown.map(ring), rooms, this.#tied(), dots, this.#marked(), names);
    return framed(drawing, { ...told, width: DRAWN, height: Math.round((DRAWN * (y1 - y0 + 10)) / (x1 - x0 + 4)) });
  }

  /** The ties that are shown, as lines: all as a fog, those of the chosen person on their own. */
  #tied() {
    if (!this.showTies || !this.ties) return null;
    const line = (a, b) => `M${at(this.x[a])},${at(this.y[a])}L${at(this.x[b])},${at(this.y[b])}`;
    const { fog, own } = this.#shownTies();
    return s("g", { class: "ties", fill: "none" }, s("path", { d: fog.map(([a, b]) => line(a, b)).join(""), stroke: this.ink.rest, "stroke-width": 0.12, "stroke-opacity": 0.3 }),
      own.map(([a, b, weight]) => s("path", { d: line(a, b), stroke: this.ink.ink, "stroke-width": at(0.1 + 0.25 * weight), "stroke-opacity": at(0.35 + 0.6 * Math.min(1, weight)) })));
  }

  /** The ring around what is chosen. */
  #marked() {
    const spot = this.#chosenSpot();
    return spot ? s("circle", { class: "chosen", cx: at(spot.x), cy: at(spot.y), r: at(spot.r), fill: "none", stroke: this.ink.ink, "stroke-width": 0.45 }) : null;
  }

  /** Heights that the controls and the key take from the picture; on a phone they stand below it. */
  #margins() {
    return matchMedia("(max-width: 900px)").matches ? [26, 6] : [56, 36];
  }

  // ---- places ------------------------------------------------------------------------------------------------------

  #place(fit) {
    this.shape = this.node.clientWidth / Math.max(1, this.node.clientHeight);
    const [above, below] = this.#margins();
    this.layout = new Layout(this.market, this.node.clientWidth / Math.max(1, this.node.clientHeight - above - below));
    this.#founded();
    this.#positions(this.month);
    if (fit) this.fit();
  }

  #founded() {
    for (const startup of this.market.startups) this.layout.found(startup.row, startup.team);
  }

  #positions(month) {
    const { place, seats } = this.market.at(month);
    const n = place.length;
    const [x, y] = [new Float32Array(n), new Float32Array(n)];
    for (let person = 0; person < n; person += 1) {
      const spot = place[person] === NOT_HERE ? null : this.layout.spots.get(place[person]);
      if (!spot) {
        x[person] = NaN;
        continue;
      }
      const [dx, dy] = seat(seats[person]);
      const squeeze = place[person] === -6 ? 0.8 : 1;
      x[person] = spot.x + dx * squeeze;
      y[person] = spot.y + dy * squeeze;
    }
    this.x = x;
    this.y = y;
    this.here = place;
  }

  /**
   * The colour class of each person in the month shown: by home employer, present employer, or membership of the cohorts.
   * Who belongs to a cohort is known from the month in which it is fixed, and holds for the months before it as well.
   */
  #paint() {
    const { market } = this;
    const n = market.n;
    this.class = new Uint8Array(n).fill(7);
    if (this.colour === "cohort") {
      market.cohorts.slice(0, 6).forEach((cohort, k) => cohort.members?.forEach((person) => (this.class[person] = k)));
    } else {
      const { place } = market.at(this.colour === "home" ? 0 : this.month);
      const known = new Map();
      for (let person = 0; person < n; person += 1) {
        const spot = place[person];
        if (!known.has(spot)) known.set(spot, market.colourOf(spot >= 0 ? market.employerOf(spot) : -1));
        this.class[person] = known.get(spot);
      }
    }
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------

  #draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const began = performance.now();
      const more = this.#picture(began);
      this.times.push(performance.now() - began);
      if (this.times.length > 240) this.times.shift();
      if (more) this.#draw();
    });
  }

  #picture(now) {
    const { canvas, view, market } = this;
    if (!market || !canvas.width) return false;
    const pen = canvas.getContext("2d");
    const ratio = canvas.width / canvas.clientWidth;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = this.ink.bg;
    pen.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    pen.setTransform(ratio * view.k, 0, 0, ratio * view.k, ratio * view.x, ratio * view.y);
    this.#grounds(pen);
    if (this.showTies && this.ties) this.#lines(pen);
    const travelling = this.#people(pen, now);
    const sparking = this.#flashes(pen, now);
    this.#ring(pen);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#names(pen);
    return travelling || sparking;
  }

  #grounds(pen) {
    const { layout, view, market } = this;
    pen.lineWidth = 1 / view.k;
    for (const employer of layout.employers.values()) {
      if (!market.isOpen(employer.row, this.month)) continue;
      pen.beginPath();
      if (employer.startup) diamond(pen, employer.x, employer.y, employer.r * 1.12);
      else pen.arc(employer.x, employer.y, employer.r, 0, 7);
      pen.fillStyle = this.ink.panel;
      pen.fill();
      const colour = market.colourOf(employer.row);
      pen.strokeStyle = colour < 7 ? this.palette[colour] : this.ink.ghost;
      pen.stroke();
    }
    pen.strokeStyle = this.ink.line;
    pen.beginPath();
    for (const [place, spot] of layout.spots) {
      if (place < 0) {
        pen.moveTo(spot.x + spot.r, spot.y);
        pen.arc(spot.x, spot.y, spot.r, 0, 7);
      } else if (view.k > this.home * 1.3 && !layout.employers.get(spot.employer)?.startup) {
        pen.moveTo(spot.x + spot.r, spot.y);
        pen.arc(spot.x, spot.y, spot.r, 0, 7);
      }
    }
    pen.stroke();
  }

  /** Which ties are drawn: [a, b] of the many, [a, b, strength] of the person who is chosen. */
  #shownTies() {
    const chosen = this.selected?.kind === "person" ? this.selected.row : -1;
    const fog = this.ties.pairs.filter(([a, b]) => a !== chosen && b !== chosen && this.here[a] >= 0 && this.here[b] >= 0);
    const own = chosen < 0 || !this.ego || Number.isNaN(this.x[chosen]) ? [] : [...this.ego].filter(([other]) => !Number.isNaN(this.x[other])).map(([other, weight]) => [chosen, other, weight]);
    return { fog, own };
  }

  #lines(pen) {
    const { fog, own } = this.#shownTies();
    const line = (a, b) => {
      pen.moveTo(this.x[a], this.y[a]);
      pen.lineTo(this.x[b], this.y[b]);
    };
    pen.strokeStyle = this.ink.rest;
    pen.globalAlpha = 0.13;
    pen.lineWidth = 0.7 / this.view.k;
    pen.beginPath();
    for (const [a, b] of fog) line(a, b);
    pen.stroke();
    pen.strokeStyle = this.ink.ink;
    for (const [a, b, weight] of own) {
      pen.globalAlpha = 0.35 + 0.6 * Math.min(1, weight);
      pen.lineWidth = (0.6 + 1.6 * weight) / this.view.k;
      pen.beginPath();
      line(a, b);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  #people(pen, now) {
    const { x, y, view } = this;
    const r = Math.min(0.46, Math.max(0.36, 1.1 / view.k));
    const asSquares = r * view.k < 1.7;
    const moving = this.moving;
    const t = moving ? Math.min(1, (now - moving.began) / moving.ms) : 1;
    const travels = moving && t < 1 ? moving.set ?? (moving.set = new Set(moving.people)) : null;
    const [left, top] = [-view.x / view.k - 1, -view.y / view.k - 1];
    const [right, bottom] = [left + this.canvas.clientWidth / view.k + 2, top + this.canvas.clientHeight / view.k + 2];
    for (let colour = 7; colour >= 0; colour -= 1) {
      pen.fillStyle = this.dots[colour];
      pen.beginPath();
      for (let person = 0; person < x.length; person += 1) {
        if (this.class[person] !== colour || travels?.has(person)) continue;
        const [px, py] = [x[person], y[person]];
        if (!(px > left && px < right && py > top && py < bottom)) continue;
        if (asSquares) pen.rect(px - r, py - r, 2 * r, 2 * r);
        else {
          pen.moveTo(px + r, py);
          pen.arc(px, py, r, 0, 7);
        }
      }
      pen.fill();
    }
    if (!travels) return false;
    const ease = t < 0.5 ? 4 * t * t * t : 1 - (-2 * t + 2) ** 3 / 2;
    for (const person of moving.people) {
      const [fx, fy] = [moving.before.x[person], moving.before.y[person]];
      const [tx, ty] = [x[person], y[person]];
      const appears = Number.isNaN(fx);
      if (appears && Number.isNaN(tx)) continue;
      const px = appears ? tx : Number.isNaN(tx) ? fx : fx + (tx - fx) * ease;
      const py = appears ? ty : Number.isNaN(tx) ? fy : fy + (ty - fy) * ease - Math.sin(Math.PI * ease) * Math.min(6, Math.abs(tx - fx) * 0.12);
      pen.globalAlpha = appears ? t : Number.isNaN(tx) ? 1 - t : 1;
      pen.fillStyle = this.dots[this.class[person]];
      pen.beginPath();
      pen.arc(px, py, r * 1.9, 0, 7);
      pen.fill();
      pen.lineWidth = 1 / view.k;
      pen.strokeStyle = this.ink.bg;
      pen.stroke();
    }
    pen.globalAlpha = 1;
    return true;
  }

  /** Offers of the month fly from the team to the person: full when taken, faint when not. */
  #light(month) {
    const offers = this.market.offersIn(month);
    if (!offers) return;
    const began = performance.now();
    const stride = Math.max(1, Math.ceil(offers.researcher.length / MOST_SPARKS));
    for (let k = 0; k < offers.researcher.length; k += 1) {
      const accepted = offers.state[k] === 1;
      if (!accepted && k % stride) continue;
      const spot = this.layout.spots.get(offers.team[k]);
      const person = offers.researcher[k];
      const [px, py] = this.moving ? [this.moving.before.x[person], this.moving.before.y[person]] : [this.x[person], this.y[person]];
      if (!spot || Number.isNaN(px)) continue;
      this.sparks.push({ sx: spot.x, sy: spot.y, px, py, accepted, began: began + (k % 7) * 25 });
    }
  }

  #flashes(pen, now) {
    this.sparks = this.sparks.filter((spark) => now - spark.began < SPARK_MS);
    for (const { sx, sy, px, py, accepted, began } of this.sparks) {
      const t = Math.max(0, (now - began) / SPARK_MS);
      const head = Math.min(1, t * 1.6);
      const tail = Math.max(0, head - 0.25);
      pen.globalAlpha = (accepted ? 0.7 : 0.3) * (1 - Math.max(0, t - 0.6) / 0.4);
      pen.strokeStyle = accepted ? this.ink.ink : this.ink.muted;
      pen.lineWidth = (accepted ? 1.2 : 0.8) / this.view.k;
      pen.beginPath();
      pen.moveTo(sx + (px - sx) * tail, sy + (py - sy) * tail);
      pen.lineTo(sx + (px - sx) * head, sy + (py - sy) * head);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    return this.sparks.length > 0;
  }

  /** Where what is chosen is, and how wide the ring around it: {x, y, r}; null if nothing is, or it is not there now. */
  #chosenSpot() {
    const { kind, row } = this.selected ?? {};
    if (kind === "person") return Number.isNaN(this.x[row]) ? null : { x: this.x[row], y: this.y[row], r: Math.max(0.9, 5 / this.view.k) };
    const spot = kind === "team" ? this.layout.spots.get(row) : kind === "employer" ? this.layout.employers.get(row) : null;
    return spot ? { x: spot.x, y: spot.y, r: spot.r + 0.3 } : null;
  }

  #ring(pen) {
    const spot = this.#chosenSpot();
    if (!spot) return;
    pen.strokeStyle = this.ink.ink;
    pen.lineWidth = 2.2 / this.view.k;
    pen.beginPath();
    pen.arc(spot.x, spot.y, spot.r, 0, 7);
    pen.stroke();
  }

  #names(pen) {
    const { view, market, layout } = this;
    const write = (words, x, y, size, weight, colour) => {
      pen.font = `${weight} ${size}px ${this.font ?? (this.font = getComputedStyle(document.documentElement).getPropertyValue("--sans"))}`;
      pen.textAlign = "center";
      pen.lineJoin = "round";
      pen.lineWidth = 3.5;
      pen.strokeStyle = this.ink.bg;
      pen.fillStyle = colour;
      pen.strokeText(words, x, y);
      pen.fillText(words, x, y);
    };
    const taken = [];
    const free = (x, y, width) => {
      const mine = [x - width / 2, y - 12, x + width / 2, y + 4];
      const hit = taken.some((box) => mine[0] < box[2] && box[0] < mine[2] && mine[1] < box[3] && box[1] < mine[3]);
      if (!hit) taken.push(mine);
      return !hit;
    };
    for (const employer of [...layout.employers.values()].sort((a, b) => b.r - a.r)) {
      const r = employer.r * view.k;
      if (r < (employer.startup ? NAMES_FROM * 0.85 : NAMES_FROM) || !market.isOpen(employer.row, this.month)) continue;
      const [x, y] = [employer.x * view.k + view.x, (employer.y - employer.r) * view.k + view.y];
      const name = market.employerName(employer.row);
      const size = employer.startup ? 11 : Math.min(15, 10 + r / 24);
      if (free(x, y + 2, name.length * size * 0.56)) write(name, x, y + 2, size, 600, this.ink.ink);
    }
    for (const [place, spot] of layout.spots) {
      const [x, y] = [spot.x * view.k + view.x, (spot.y - spot.r) * view.k + view.y - 4];
      if (place < 0 && spot.r * view.k > 9) {
        const words = OUTSIDE[place];
        const half = words.length * 3 + 4;
        const inside = Math.min(this.canvas.clientWidth - half, Math.max(half, x));
        if (free(inside, y, 2 * half)) write(words, inside, y, 11.5, 500, this.ink.muted);
      } else if (view.k > this.home * TEAM_NAMES_FROM && spot.r * view.k > 16 && !layout.employers.get(spot.employer)?.startup) {
        const words = market.teamName(place);
        if (free(x, y + 3, words.length * 6)) write(words, x, y + 3, 11, 400, this.ink.muted);
      }
    }
  }

  #describe() {
    const { market, month } = this;
    const counts = market.headcounts(month);
    const largest = [...counts.entries()].sort((a, b) => b[1] - a[1]).slice(0, 3);
    const list = largest.map(([row, count]) => `${market.employerName(row)} ${num(count)}`).join(", ");
    const moved = market.movedIn(month).length;
    this.canvas.setAttribute("aria-label",
      `Network in ${market.words(month)}: ${plural(market.employed(month), "researcher")} in teams. Largest: ${list}. ${plural(moved, "change")} of place in the last month. ` +
      "Arrow keys move the view, plus and minus zoom, zero shows everything.");
  }

  // ---- hands -------------------------------------------------------------------------------------------------------

  #resize() {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [w, height] = [this.node.clientWidth, this.node.clientHeight];
    const box = [w, height, ratio].join();
    if (!w || !height || (box === this.box && this.shape > 0)) return; // another page was open: nothing has changed
    this.box = box;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(height * ratio);
    if (!this.market) return;
    if (Math.abs(Math.log(w / height / this.shape)) > 0.25) this.#place(true);
    else this.fit();
  }

  #listen() {
    const { canvas } = this;
    let held = null;
    const pointers = new Map();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
      held = { x: event.offsetX, y: event.offsetY, moved: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = [event.offsetX, event.offsetY];
      if (pointers.size === 2 && pointers.has(event.pointerId)) {
        const [other] = [...pointers.entries()].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
        const before = pointers.get(event.pointerId);
        const scale = Math.hypot(at[0] - other[0], at[1] - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1]));
        this.#zoom(scale, (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
        held = null;
      } else if (held) {
        const [dx, dy] = [at[0] - held.x, at[1] - held.y];
        if (held.moved || Math.hypot(dx, dy) > 4) {
          Object.assign(held, { x: at[0], y: at[1], moved: true });
          this.view.x += dx;
          this.view.y += dy;
          this.#draw();
        }
      } else this.#hover(event);
      if (pointers.has(event.pointerId)) pointers.set(event.pointerId, at);
    });
    const up = (event) => {
      pointers.delete(event.pointerId);
      if (held && !held.moved && event.type === "pointerup") this.#click(event.offsetX, event.offsetY);
      held = null;
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.tip.classList.remove("on"));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX, event.offsetY);
    }, { passive: false });
    canvas.addEventListener("dblclick", () => this.fit());
    canvas.addEventListener("keydown", (event) => {
      const [w, height] = [canvas.clientWidth, canvas.clientHeight];
      const move = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (move) {
        this.view.x += move[0];
        this.view.y += move[1];
        this.#draw();
      } else if (event.key === "+" || event.key === "=") this.#zoom(1.25, w / 2, height / 2);
      else if (event.key === "-") this.#zoom(0.8, w / 2, height / 2);
      else if (event.key === "0") this.fit();
      else return;
      event.preventDefault();
    });
  }

  #zoom(factor, sx, sy) {
    const { view } = this;
    const k = Math.min(this.home * 40, Math.max(this.home * 0.4, view.k * factor));
    view.x = sx - ((sx - view.x) * k) / view.k;
    view.y = sy - ((sy - view.y) * k) / view.k;
    view.k = k;
    this.#draw();
  }

  /** What is under a point of the screen: a person, else a team, else an employer. */
  under(sx, sy) {
    if (!this.market) return null;
    const [wx, wy] = [(sx - this.view.x) / this.view.k, (sy - this.view.y) / this.view.k];
    const near = Math.max(0.5, 5 / this.view.k);
    let [best, distance] = [-1, near * near];
    for (let person = 0; person < this.x.length; person += 1) {
      const d = (this.x[person] - wx) ** 2 + (this.y[person] - wy) ** 2;
      if (d < distance) [best, distance] = [person, d];
    }
    if (best >= 0) return { kind: "person", row: best };
    const inside = ({ x, y, r }) => (x - wx) ** 2 + (y - wy) ** 2 < r * r;
    for (const [place, spot] of this.layout.spots) if (place >= 0 && inside(spot) && this.view.k > this.home * 1.3) return { kind: "team", row: place };
    for (const employer of this.layout.employers.values()) if (inside(employer) && this.market.isOpen(employer.row, this.month)) return { kind: "employer", row: employer.row };
    return null;
  }

  #click(sx, sy) {
    const found = this.under(sx, sy);
    this.onPick(found?.kind ?? null, found?.row);
  }

  #hover(event) {
    const found = this.under(event.offsetX, event.offsetY);
    this.canvas.style.cursor = found ? "pointer" : "grab";
    if (!found) {
      this.tip.classList.remove("on");
      return;
    }
    this.tip.textContent = this.market.tip(found.kind, found.row, this.month);
    const [w] = [this.node.clientWidth];
    this.tip.style.transform = `translate(${Math.min(event.offsetX + 14, w - 240)}px, ${event.offsetY + 14}px)`;
    this.tip.classList.add("on");
  }
}

function diamond(pen, x, y, r) {
  pen.moveTo(x, y - r);
  pen.lineTo(x + r, y);
  pen.lineTo(x, y + r);
  pen.lineTo(x - r, y);
  pen.closePath();
}

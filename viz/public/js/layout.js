// Where everything stands. Employers and their teams are packed once, by the room they will need; people take numbered
// seats in a team and keep them, so that nobody jumps when nothing happened.

import { packSiblings, packEnclose } from "../vendor/plot.js";


const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const ROUNDS = 600;
const ROOMS = 0.24; // of the width of the field of employers: waiting rooms and start-ups beside it
const SEAT = 1; // distance between seats, the unit of the map

/** Codes of people without a team, as `place` has them: -1 - Status. */
export const OUTSIDE = {
  "-3": "On leave before the next job",
  "-4": "Looking for a job",
  "-5": "Founding a company",
  "-6": "Left the field",
};
export const NOT_HERE = -1;

/** Offset of a seat from the middle of its team: a sunflower, even at every size. */
export function seat(number) {
  const r = SEAT * Math.sqrt(number + 0.5);
  return [r * Math.cos(number * GOLDEN), r * Math.sin(number * GOLDEN)];
}

const radiusFor = (people) => SEAT * (Math.sqrt(people) + 0.6);

/**
 * Places of employers, teams and waiting rooms.
 * @param market employers `{row, name, kind}`, teams `{row, employer, size, posts}`, `n` people
 * @param aspect width over height of the page. On a wide one start-ups stand to the right and the waiting rooms to the
 *   left, on a high one below and above.
 */
export class Layout {
  constructor(market, aspect) {
    const wide = aspect >= 1;
    this.wide = wide;
    this.employers = new Map();
    this.spots = new Map(); // place code -> {x, y, r, employer}
    const blocks = market.employers.map((employer) => this.#block(market, employer)).sort((a, b) => b.r - a.r);
    for (const block of blocks) block.r += 1.6;
    packSiblings(blocks);
    if (wide) fill(blocks, aspect);
    for (const block of blocks) {
      block.r -= 1.6;
      this.employers.set(block.row, { row: block.row, x: block.x, y: block.y, r: block.r, startup: false });
      for (const team of block.teams) {
        this.spots.set(team.row, { x: block.x + team.dx, y: block.y + team.dy, r: team.r, employer: block.row });
      }
    }
    this.left = Math.min(...blocks.map(({ x, r }) => x - r));
    this.right = Math.max(...blocks.map(({ x, r }) => x + r));
    this.top = Math.min(...blocks.map(({ y, r }) => y - r));
    this.bottom = Math.max(...blocks.map(({ y, r }) => y + r));
    this.#rooms(market.n);
    this.startups = 0;
    this.room = radiusFor(Math.min(14, Math.max(3, market.n / 100)));
  }

  /** A new start-up takes the next free spot of its quarter, once and for good. */
  found(row, team) {
    if (this.employers.has(row)) return;
    const gap = 2.6 * this.room;
    const [from, to] = this.wide ? [this.top, this.bottom] : [this.left, this.right];
    const perLine = Math.max(3, Math.floor((to - from) / gap));
    const line = Math.floor(this.startups / perLine);
    const at = from + (0.5 + (this.startups % perLine)) * gap;
    const out = (this.wide ? this.right : this.bottom) + 3 + (line + 0.5) * gap;
    const [x, y] = this.wide ? [out, at] : [at, out];
    this.employers.set(row, { row, x, y, r: this.room, startup: true });
    this.spots.set(team, { x, y, r: this.room, employer: row });
    this.startups += 1;
  }

  /** The box that holds everything: [x0, y0, x1, y1]; with room for the first start-ups from the beginning. */
  box() {
    const quarter = 4 + 2.6 * this.room;
    let [x0, y0, x1, y1] = [this.left, this.top, this.right + (this.wide ? quarter : 0), this.bottom + (this.wide ? 0 : quarter)];
    for (const { x, y, r } of this.spots.values()) {
      [x0, y0, x1, y1] = [Math.min(x0, x - r), Math.min(y0, y - r), Math.max(x1, x + r), Math.max(y1, y + r)];
    }
    return [x0, y0 - 2.5, x1, y1];
  }

  #block(market, employer) {
    const teams = market.teams
      .filter((team) => team.employer === employer.row)
      .map((team) => ({ row: team.row, r: radiusFor(Math.max(team.size, team.posts, 3) * 1.15) }))
      .sort((a, b) => b.r - a.r);
    packSiblings(teams.map((team) => Object.assign(team, { r: team.r + 0.35 })));
    const hull = teams.length ? packEnclose(teams) : { x: 0, y: 0, r: 2 };
    for (const team of teams) {
      team.dx = team.x - hull.x;
      team.dy = team.y - hull.y;
      team.r -= 0.35;
    }
    return { row: employer.row, r: hull.r + 0.9, teams };
  }

  /** Waiting rooms at the side that start-ups leave free, the fullest at the foot. */
  #rooms(n) {
    const shares = { "-6": 0.2, "-4": 0.05, "-3": 0.04, "-5": 0.01 };
    let at = this.wide ? this.bottom : this.left;
    const gap = 0.03 * (this.wide ? this.bottom - this.top : this.right - this.left);
    for (const [code, share] of Object.entries(shares)) {
      const r = radiusFor(Math.max(3, n * share)) * (code === "-6" ? 0.8 : 1);
      const out = (this.wide ? this.left : this.top) - r - 0.8 * gap;
      const middle = this.wide ? at - r : at + r;
      const [x, y] = this.wide ? [out, middle] : [middle, out];
      this.spots.set(Number(code), { x, y, r, employer: -1 });
      at += (this.wide ? -1 : 1) * (2 * r + 1.1 * gap);
    }
  }
}

/** Of several ways to draw circles into a landscape, the one that fills a page of this shape best. */
function fill(circles, aspect) {
  const start = circles.map(({ x, y }) => [x, y]);
  let best = null;
  for (const down of [0.02, 0.03, 0.05, 0.07, 0.1, 0.14]) {
    circles.forEach((circle, k) => ([circle.x, circle.y] = start[k]));
    stretch(circles, Math.min(2, aspect), down);
    const [width, height] = extent(circles);
    const size = Math.max((width * (1 + ROOMS)) / aspect, height); // of the page that it needs
    if (!best || size < best.size) best = { size, at: circles.map(({ x, y }) => [x, y]) };
  }
  circles.forEach((circle, k) => ([circle.x, circle.y] = best.at[k]));
}

function extent(circles) {
  const span = (low, high) => Math.max(...circles.map(high)) - Math.min(...circles.map(low));
  return [span(({ x, r }) => x - r, ({ x, r }) => x + r), span(({ y, r }) => y - r, ({ y, r }) => y + r)];
}

/** A pull to the middle, stronger up and down, and no overlaps. Always ends the same. */
function stretch(circles, wide, down) {
  for (const circle of circles) {
    circle.x *= wide;
    circle.y /= wide;
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const calm = 1 - round / ROUNDS;
    for (const circle of circles) {
      circle.x -= circle.x * 0.009 * calm;
      circle.y -= circle.y * down * calm;
    }
    for (let i = 0; i < circles.length; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const [a, b] = [circles[i], circles[j]];
        let [dx, dy] = [b.x - a.x, b.y - a.y];
        const distance = Math.hypot(dx, dy) || 1e-6;
        const over = a.r + b.r - distance;
        if (over <= 0) continue;
        [dx, dy] = [(dx / distance) * over, (dy / distance) * over];
        const share = (b.r * b.r) / (a.r * a.r + b.r * b.r);
        a.x -= dx * share;
        a.y -= dy * share;
        b.x += dx * (1 - share);
        b.y += dy * (1 - share);
      }
    }
  }
}

/** Who sits where: the lowest free seat of each place. */
export class Seats {
  constructor(n) {
    this.seat = new Int32Array(n).fill(-1);
    this.taken = new Map(); // place -> array of booleans
    this.lowest = new Map();
  }

  leave(person, place) {
    if (this.seat[person] < 0) return;
    this.taken.get(place)[this.seat[person]] = false;
    this.lowest.set(place, Math.min(this.lowest.get(place), this.seat[person]));
    this.seat[person] = -1;
  }

  take(person, place) {
    const taken = this.taken.get(place) ?? [];
    this.taken.set(place, taken);
    let free = this.lowest.get(place) ?? 0;
    while (taken[free]) free += 1;
    taken[free] = true;
    this.lowest.set(place, free + 1);
    this.seat[person] = free;
  }
}

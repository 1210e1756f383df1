// Where everything stands. Employers and their teams are packed once, by the room they will need; people take numbered
// seats in a team and keep them, so that nobody jumps when nothing happened.

import { packSiblings, packEnclose } from "../vendor/plot.js";

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
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
 * @param wide true for a landscape page: start-ups stand to the right and the waiting rooms to the left
 */
export class Layout {
  constructor(market, wide) {
    this.wide = wide;
    this.employers = new Map();
    this.spots = new Map(); // place code -> {x, y, r, employer}
    const blocks = market.employers.map((employer) => this.#block(market, employer)).sort((a, b) => b.r - a.r);
    packSiblings(blocks.map((block) => Object.assign(block, { r: block.r + 1.6 })));
    const hull = packEnclose(blocks);
    for (const block of blocks) {
      block.x -= hull.x;
      block.y -= hull.y;
      block.r -= 1.6;
      this.employers.set(block.row, { row: block.row, x: block.x, y: block.y, r: block.r, startup: false });
      for (const team of block.teams) {
        this.spots.set(team.row, { x: block.x + team.dx, y: block.y + team.dy, r: team.r, employer: block.row });
      }
    }
    this.hull = hull.r;
    this.#rooms(market.n);
    this.startups = 0;
    this.room = radiusFor(14);
  }

  /** A new start-up takes the next free spot of its quarter, once and for good. */
  found(row, team) {
    if (this.employers.has(row)) return;
    const perLine = Math.max(3, Math.floor((2 * this.hull) / (2.5 * this.room)));
    const line = Math.floor(this.startups / perLine);
    const at = -this.hull + 1.25 * this.room + (this.startups % perLine) * 2.5 * this.room;
    const out = this.hull + 3 + (2 * line + 1) * 1.25 * this.room;
    const [x, y] = this.wide ? [out, at] : [at, out];
    this.employers.set(row, { row, x, y, r: this.room, startup: true });
    this.spots.set(team, { x, y, r: this.room, employer: row });
    this.startups += 1;
  }

  /** The box that holds everything: [x0, y0, x1, y1]. */
  box() {
    let [x0, y0, x1, y1] = [-this.hull, -this.hull, this.hull, this.hull];
    for (const { x, y, r } of [...this.spots.values()]) {
      [x0, y0, x1, y1] = [Math.min(x0, x - r), Math.min(y0, y - r), Math.max(x1, x + r), Math.max(y1, y + r)];
    }
    const quarter = this.hull + 4 + 2.5 * this.room; // room for the first start-ups from the beginning
    return this.wide ? [x0, y0, Math.max(x1, quarter), y1] : [x0, y0, x1, Math.max(y1, quarter)];
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

  #rooms(n) {
    const shares = { "-6": 0.22, "-4": 0.05, "-3": 0.04, "-5": 0.01 };
    let at = -this.hull;
    for (const [code, share] of Object.entries(shares)) {
      const r = radiusFor(Math.max(12, n * share)) * (code === "-6" ? 0.8 : 1);
      at += r + 2.5;
      const out = -this.hull - r - 3;
      const [x, y] = this.wide ? [out, at] : [at, out];
      this.spots.set(Number(code), { x, y, r, employer: -1 });
      at += r + 2.5;
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

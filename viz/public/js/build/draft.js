// The scenario that is being edited: plain content in the shape of the file, its history, and the names that things have.

const MOST_STEPS = 100;
const TOGETHER = 1200; // ms in which changes of one field are one step of undo

export class Draft {
  /** @param form what the session says of the schema; @param changed called after every change with (path, isStructure) */
  constructor(form, changed) {
    this.form = form;
    this.changed = changed;
    this.begin({}, "");
  }

  /** Start over with other content; the history begins anew. */
  begin(content, saved = null) {
    this.content = content;
    this.past = [];
    this.future = [];
    this.saved = saved ?? JSON.stringify(content);
    this.last = { key: "", at: 0 };
  }

  get dirty() {
    return JSON.stringify(this.content) !== this.saved;
  }

  keep() {
    this.saved = JSON.stringify(this.content);
  }

  get(path) {
    return path.reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), this.content);
  }

  /** Give a key a value; undefined leaves it out. `structure` says that the form must be made anew. */
  set(path, value, structure = false) {
    this.step(path);
    let into = this.content;
    for (let k = 0; k < path.length - 1; k += 1) {
      if (into[path[k]] === undefined || into[path[k]] === null) into[path[k]] = typeof path[k + 1] === "number" ? [] : {};
      into = into[path[k]];
    }
    const key = path.at(-1);
    if (value === undefined) delete into[key];
    else into[key] = value;
    this.changed(path, structure);
  }

  /** Put an item into a list, at a place or at its end; gives the place. */
  insert(path, item, at = null) {
    this.step(null);
    if (!Array.isArray(this.get(path))) this.#put(path, []);
    const list = this.get(path);
    const place = at ?? list.length;
    list.splice(place, 0, item);
    this.changed(path, true);
    return place;
  }

  remove(path) {
    this.step(null);
    this.get(path.slice(0, -1)).splice(path.at(-1), 1);
    this.changed(path, true);
  }

  /** Several changes as one step. */
  together(change) {
    this.step(null);
    change(this.content);
    this.changed([], true);
  }

  step(path) {
    const key = path ? JSON.stringify(path) : "";
    const now = Date.now();
    if (key && key === this.last.key && now - this.last.at < TOGETHER) {
      this.last.at = now;
      return;
    }
    this.last = { key, at: now };
    this.past.push(JSON.stringify(this.content));
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
  }

  undo() {
    this.#swap(this.past, this.future);
  }

  redo() {
    this.#swap(this.future, this.past);
  }

  #swap(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(this.content));
    this.content = JSON.parse(from.pop());
    this.last = { key: "", at: 0 };
    this.changed([], true);
  }

  #put(path, value) {
    let into = this.content;
    for (const key of path.slice(0, -1)) into = into[key];
    into[path.at(-1)] = value;
  }

  // ---- names ---------------------------------------------------------------------------------------------------------

  list(key) {
    const found = this.content[key];
    return Array.isArray(found) ? found : [];
  }

  teams() {
    return this.list("employers").flatMap((employer) => (employer.teams ?? []).flatMap((team) => parts(team).map((name) => ({ name, employer: employer.name }))));
  }

  /** The names that a key may hold: [[value, words], ...]. */
  names(of, employer = null) {
    const plain = (values) => [...new Set(values.filter((value) => typeof value === "string" && value))].map((value) => [value, value]);
    const employers = plain(this.list("employers").map(({ name }) => name));
    if (of === "site") return plain(this.list("sites").map(({ name }) => name));
    if (of === "place") return plain(this.list("sites").flatMap(({ name, country }) => [name, country]));
    if (of === "topic") return plain(Array.isArray(this.content.topics) ? this.content.topics : []);
    if (of === "cohort") return plain(this.list("cohorts").map(({ name }) => name));
    if (of === "rule") return this.form.tables.employer.find(({ key }) => key === "allocation").choices.map((rule) => [rule, rule.replaceAll("_", " ")]);
    if (of === "team") return this.teams().filter((team) => !employer || team.employer === employer).map(({ name, employer: owner }) => [name, employer ? name : `${name} (${owner})`]);
    if (of === "lever") return Object.keys(this.form.levers).map((lever) => [lever, lever.replaceAll("_", " ")]);
    if (of === "parameter") return this.form.parameters.filter(({ phase }) => phase !== "build").map(({ name }) => [name, name]);
    if (of === "employer or left_field") return [...employers, ["left_field", "leaves the field"]];
    if (of === "employer or inside") return [...employers, ["inside", "from inside"]];
    return employers;
  }

  /** A name like this one that nothing else of its kind has. */
  free(stem, of) {
    const taken = new Set(this.names(of).map(([name]) => name.toLowerCase()));
    for (let k = 1; ; k += 1) {
      const name = k === 1 ? stem : `${stem} ${k}`;
      if (!taken.has(name.toLowerCase())) return name;
    }
  }

  /** Where a thing is named, name it otherwise; gives how many places. */
  rename(of, before, after) {
    if (!before || !after || before === after) return 0;
    let count = 0;
    const visit = (holder, keys) => {
      if (!holder || typeof holder !== "object") return;
      for (const spec of keys) {
        const value = holder[spec.key];
        const fits = spec.of === of || (of === "employer" && /^employer or/.test(spec.of ?? "")) || (of === "site" && spec.of === "place");
        if (fits && value === before) {
          holder[spec.key] = after;
          count += 1;
        } else if (fits && Array.isArray(value)) {
          value.forEach((item, k) => {
            if (item === before) {
              value[k] = after;
              count += 1;
            }
          });
        } else if (spec.control === "tables" && Array.isArray(value)) value.forEach((item) => visit(item, this.form.tables[spec.table]));
        else if (spec.control === "table") visit(value, this.form.tables[spec.table]);
        else if (spec.control === "effects" && Array.isArray(value)) value.forEach((effect) => visit(effect, this.form.effects[effect?.kind]?.fields ?? []));
        else if (spec.control === "policies" && Array.isArray(value)) value.forEach((policy) => visit(policy, this.form.policies[policy?.name]?.knobs ?? []));
        else if (spec.control === "members" && of === "team" && value && Object.hasOwn(value, before)) {
          holder[spec.key] = Object.fromEntries(Object.entries(value).map(([team, number]) => [team === before ? after : team, number]));
          count += 1;
        }
      }
    };
    visit(this.content, this.form.tables.scenario);
    return count;
  }
}

/** The names of a team: its own, and numbered ones when it is split. */
function parts(team) {
  const count = Number.isInteger(team?.count) && team.count > 1 ? Math.min(team.count, 200) : 1;
  return [team?.name, ...(count > 1 ? Array.from({ length: count }, (_, k) => `${team.name} ${k + 1}`) : [])];
}

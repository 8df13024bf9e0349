// D: variants, instances, outcomes, origins, errors, and runs as lists of
// [instance, variant, seed, outcome, time, seconds, value, bound, limit, nodes, memory, started, origin, error].
const [I, V, SEED, OUTCOME, TIME, SECONDS, VALUE, BOUND, LIMIT, NODES, MEMORY, STARTED, ORIGIN, ERROR] = Array(14).keys();
const isSolved = run => D.solved.includes(run[OUTCOME]);
const byId = id => document.getElementById(id);
const node = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  return made;
};
const digits = x => {
  if (x === null || x === undefined) return "";
  const size = Math.abs(x);
  if (x === 0) return "0";
  if (size < 1e-3 || size >= 1e6) return x.toExponential(2);
  return x.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size))));
};
// Values as they are, but for what rounding leaves.
const exact = x => x === null || x === undefined ? "" : String(Number(x.toPrecision(9)));
const median = list => {
  const sorted = [...list].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

// Tables sort by what their cells show: numbers where data-value says so, else words.
const sortable = table => {
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = node("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      table.querySelectorAll("tr.told").forEach(row => row.remove());
      const key = row => {
        const cell = row.cells[column], number = cell.dataset.value ?? cell.textContent;
        return number === "" ? NaN : Number(number);
      };
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (Number.isNaN(x) && Number.isNaN(y)) return a.cells[column].textContent.localeCompare(b.cells[column].textContent);
        return Number.isNaN(x) ? 1 : Number.isNaN(y) ? -1 : x - y;
      };
      const rows = [...table.tBodies[0].rows].sort((a, b) => rising ? compare(a, b) : compare(b, a));
      table.tBodies[0].append(...rows);
    });
  });
};
const header = (table, names) => {
  const row = node("tr");
  names.forEach(name => row.append(node("th", name, { scope: "col" })));
  table.replaceChildren(node("thead"), node("tbody"));
  table.tHead.append(row);
  sortable(table);
};

// The runs that are listed, and how many of them so far.
let listed = [], count = 0;
const PAGE = 100;
const list = (runs, words, jump) => {
  [listed, count] = [runs, 0];
  byId("shown").textContent = `${runs.length} ${runs.length === 1 ? "run" : "runs"}${words ? ": " + words : ""}`;
  header(byId("records"), ["instance", "variant", "seed", "outcome", "seconds", "value", "bound", "nodes"]);
  byId("records").querySelectorAll("thead th").forEach((head, i) => { if (i === 1 || i === 3) head.className = "word"; });
  more();
  if (jump) byId("runs").scrollIntoView();
};
const more = () => {
  const body = byId("records").tBodies[0];
  for (const run of listed.slice(count, count + PAGE)) {
    const row = node("tr"), name = node("td", undefined, { title: D.instances[run[I]].name });
    const open = node("button", D.instances[run[I]].name, { type: "button", "aria-expanded": "false" });
    name.append(open);
    row.append(name, node("td", D.variants[run[V]].name, { class: "word" }), node("td", run[SEED]),
      node("td", D.outcomes[run[OUTCOME]], { class: D.failed.includes(run[OUTCOME]) ? "word bad" : "word" }));
    for (const part of [SECONDS, VALUE, BOUND, NODES]) {
      row.append(node("td", (part === SECONDS ? digits : exact)(run[part]), { "data-value": run[part] ?? "" }));
    }
    open.addEventListener("click", () => {
      if (row.nextSibling?.className === "told") { row.nextSibling.remove(); open.setAttribute("aria-expanded", "false"); return; }
      const told = node("tr", undefined, { class: "told" }), cell = node("td", undefined, { colspan: 8 }), facts = node("dl");
      for (const [term, fact] of details(run)) if (fact !== null && fact !== undefined && fact !== "") facts.append(node("dt", term), node("dd", fact));
      cell.append(facts); told.append(cell); row.after(told); open.setAttribute("aria-expanded", "true");
    });
    body.append(row);
  }
  count = Math.min(count + PAGE, listed.length);
  byId("more").hidden = count === listed.length;
};
const details = run => {
  const instance = D.instances[run[I]], variant = D.variants[run[V]], origin = D.origins[run[ORIGIN]];
  return [
    ["run", `${instance.name} | ${variant.name} | seed ${run[SEED]}`],
    ["options", variant.words], ["outcome", D.outcomes[run[OUTCOME]]], ["error", D.errors[run[ERROR]]],
    ["value", run[VALUE]], ["bound", run[BOUND]], ["reference", instance.reference],
    ["seconds", `${run[SECONDS]} of ${run[LIMIT]}`], ["counted as", run[TIME]], ["nodes", run[NODES]],
    ["memory", run[MEMORY] === null ? null : `${(run[MEMORY] / 1048576).toFixed(1)} MB`],
    ["started", new Date(1000 * run[STARTED]).toISOString()],
    ["program", origin.program], ["machine", origin.machine],
    ["instance, SHA-256", instance.sha256], ["network, SHA-256", instance.network],
  ];
};

const cases = () => {
  const table = byId("instances"), of = new Map();
  D.runs.forEach(run => {
    const key = run[I] * D.variants.length + run[V];
    of.has(key) ? of.get(key).push(run) : of.set(key, [run]);
  });
  header(table, ["instance", ...D.variants.map(variant => variant.name)]);
  D.instances.forEach((instance, i) => {
    const row = node("tr"), name = node("td", undefined, { title: instance.name });
    const all = node("button", instance.name, { type: "button" });
    all.addEventListener("click", () => list(D.runs.filter(run => run[I] === i), instance.name, true));
    name.append(all); row.append(name);
    D.variants.forEach((variant, v) => {
      const runs = of.get(i * D.variants.length + v);
      if (!runs) { row.append(node("td", "")); return; }
      const solved = runs.filter(isSolved).length, time = median(runs.map(run => run[TIME]));
      const failed = runs.every(run => D.failed.includes(run[OUTCOME]));
      const text = failed ? D.outcomes[runs[0][OUTCOME]] : solved === 0 ? "open" : digits(time) + (solved < runs.length ? ` (${solved}/${runs.length})` : "");
      const cell = node("td", undefined, { "data-value": solved === 0 ? 1e300 : time });
      const button = node("button", text, { type: "button", class: failed ? "bad" : solved === 0 ? "open" : "" });
      button.addEventListener("click", () => list(runs, `${instance.name}, ${variant.name}`, true));
      cell.append(button); row.append(cell);
    });
    table.tBodies[0].append(row);
  });
  byId("wanted").addEventListener("input", event => {
    const wanted = event.target.value.toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
  });
};

const SVG = "http://www.w3.org/2000/svg";
const shape = (name, attributes, text) => {
  const made = document.createElementNS(SVG, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  return made;
};
const scatter = () => {
  const [x, y] = [Number(byId("across").value), Number(byId("up").value)];
  const times = new Map(D.runs.filter(run => run[V] === x).map(run => [run[I] + " " + run[SEED], run]));
  const pairs = D.runs.filter(run => run[V] === y).map(run => [times.get(run[I] + " " + run[SEED]), run]).filter(pair => pair[0]);
  const least = 1e-3, limit = D.runs.reduce((most, run) => Math.max(most, run[LIMIT] ?? run[TIME]), least);
  const low = Math.log10(pairs.flat().reduce((most, run) => Math.min(most, Math.max(run[TIME], least)), limit)) - .1, high = Math.log10(limit) + .1;
  const at = time => (Math.log10(Math.max(time, least)) - low) / (high - low);
  const [left, top, side] = [70, 12, 500], px = share => left + share * side, py = share => top + (1 - share) * side;
  const picture = shape("svg", { viewBox: "0 0 640 570", role: "img", style: "max-width: 44rem" });
  picture.append(shape("title", {}, `${D.variants[y].name} against ${D.variants[x].name}`), shape("rect", { x: left, y: top, width: side, height: side, class: "frame" }));
  const line = (a, b, c, d) => picture.append(shape("line", { x1: px(a), y1: py(b), x2: px(c), y2: py(d), class: "guide" }));
  line(0, 0, 1, 1); line(at(limit), 0, at(limit), 1); line(0, at(limit), 1, at(limit));
  for (let power = Math.ceil(low); power <= high; power++) {
    const share = (power - low) / (high - low), label = power < -3 || power > 4 ? `1e${power}` : String(Number((10 ** power).toPrecision(1)));
    picture.append(shape("text", { x: px(share), y: top + side + 18, "text-anchor": "middle" }, label), shape("text", { x: left - 8, y: py(share) + 4, "text-anchor": "end" }, label));
  }
  picture.append(shape("text", { x: left + side / 2, y: top + side + 42, "text-anchor": "middle" }, `${D.variants[x].name} (s)`),
    shape("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(16 ${top + side / 2}) rotate(-90)` }, `${D.variants[y].name} (s)`));
  for (const pair of pairs) {
    const dot = shape("circle", { cx: px(at(pair[0][TIME])), cy: py(at(pair[1][TIME])), r: 4, class: "dot", tabindex: 0 });
    const words = `${D.instances[pair[1][I]].name}, seed ${pair[1][SEED]}`;
    dot.append(shape("title", {}, `${words}: ${digits(pair[0][TIME])} s, ${digits(pair[1][TIME])} s`));
    const show = () => list(pair, words, true);
    dot.addEventListener("click", show);
    dot.addEventListener("keydown", event => { if (event.key === "Enter") show(); });
    picture.append(dot);
  }
  byId("scatter").replaceChildren(picture);
};

for (const id of ["across", "up"]) {
  D.variants.forEach((variant, v) => byId(id).append(node("option", variant.name, { value: v })));
  byId(id).addEventListener("change", scatter);
}
byId("across").value = String(Math.min(1, D.variants.length - 1));
byId("up").value = "0";
byId("more").addEventListener("click", more);
byId("all").addEventListener("click", () => list(D.runs, "", false));
const kinds = {
  all: () => true, solved: isSolved, open: run => !isSolved(run),
  killed: run => D.killed.includes(run[OUTCOME]), failed: run => D.failed.includes(run[OUTCOME]),
};
document.querySelectorAll("[data-variant]").forEach(button => button.addEventListener("click", () => {
  const v = D.variants.findIndex(variant => variant.name === button.dataset.variant), kind = button.dataset.kind;
  list(D.runs.filter(run => run[V] === v && kinds[kind](run)), D.variants[v].name + (kind === "all" ? "" : ", " + kind), true);
}));
document.querySelectorAll("table.static").forEach(sortable);
cases();
scatter();
list(D.runs, "", false);

"use strict";
const RUNS = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const SAYS = {
  input: "i, how much of the candidate is written", forget: "f, how much of c is kept", output: "o, how much of c is shown",
  update: "z, how much of h is kept", reset: "r, how much of h the candidate sees", candidate: "g, what is written",
  retained: "what is left of the old memory, noise counted in", hidden: "h, what the layer hands on", cell: "c, the memory",
};
const INKS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6", "--series-7"];
const state = { sequence: 0, layer: 0, what: "", order: "number", step: 0, unit: 0, timer: null };

function unpack(array) {
  if (array.numbers) return array;
  const bytes = Uint8Array.from(atob(array.base64), (letter) => letter.charCodeAt(0));
  const whole = new Int16Array(bytes.buffer);
  array.numbers = Float32Array.from(whole, (value) => value * array.unit);
  return array;
}

function element(tag, attributes = {}, ...children) {
  const made = tag.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const ink = (role) => getComputedStyle(document.documentElement).getPropertyValue(role).trim();
const layerOf = (run) => run.layers[Math.min(state.layer, run.layers.length - 1)];
const valuesOf = (run) => layerOf(run).values[state.sequence];
const tokens = () => RUNS[0].sequences[state.sequence].tokens;
const value = (run, what, unit, step) => { const a = unpack(valuesOf(run)[what]); return a.numbers[unit * a.shape[1] + step]; };

function ranks(run) {
  const layer = layerOf(run), places = layer.units.map((_, place) => place), by = layer.order[state.order];
  return by ? places.sort((one, other) => (by[other] ?? Infinity) - (by[one] ?? Infinity) || one - other) : places;
}

const memory = (run) => layerOf(run).states.at(-1);
const signed = (run, what) => what === "candidate" || layerOf(run).states.includes(what);

function options(select, entries, chosen) {
  select.replaceChildren(...entries.map(([key, text]) => element("option", { value: key }, text)));
  select.value = chosen;
}

function menus() {
  options($("sequence"), RUNS[0].sequences.map((one, at) => [at, `${at + 1}: ${one.tokens.slice(0, 6).join(" ").slice(0, 40)}`]), state.sequence);
  options($("layer"), RUNS[0].layers.map((one, at) => [at, one.name]), state.layer);
  const names = Object.keys(valuesOf(RUNS[0]));
  if (!names.includes(state.what)) state.what = memory(RUNS[0]);
  options($("what"), names.map((name) => [name, name]), state.what);
  const orders = Object.keys(layerOf(RUNS[0]).order);
  const label = (name) => name === "correlation" ? `correlation with ${RUNS[0].label}` : name;
  options($("order"), [["number", "number"], ...orders.map((name) => [name, label(name)])], state.order);
}

function strip() {
  $("tokens").replaceChildren(...tokens().map((token, step) => {
    const one = element("span", { role: "option", id: `token-${step}`, "aria-selected": "false" }, token || "·");
    one.addEventListener("pointerenter", () => go(step));
    one.addEventListener("click", () => go(step));
    return one;
  }));
  const said = RUNS.map((run) => {
    const one = run.sequences[state.sequence];
    return [one.label && `label ${one.label}`, one.prediction && `${run.name} predicts ${one.prediction}`].filter(Boolean).join("; ");
  });
  $("said").textContent = said.filter(Boolean).join(". ");
}

function figure(title, body, caption) {
  return element("figure", {}, element("h3", {}, title), ...body, element("figcaption", {}, caption));
}

function build() {
  $("runs").replaceChildren(...RUNS.map((run, number) => {
    const section = element("section", { class: "run", "aria-labelledby": `run-${number}` });
    section.append(element("h2", { id: `run-${number}` }, run.name + " ", element("small", {}, run.about)));
    const map = element("canvas", { id: `map-${number}`, role: "img", tabindex: "0" });
    map.addEventListener("pointermove", (event) => point(event, map, run));
    map.addEventListener("click", (event) => point(event, map, run, true));
    section.append(figure("All units over the steps", [element("div", { class: "scale", id: `scale-${number}` }), element("div", { class: "map" }, map, element("i", { class: "column" }), element("i", { class: "row" }))],
      "A row is a unit, a column a step. Look for rows of one colour, which are units that remember, and for columns that change in all rows at once, which are tokens that matter."));
    section.append(figure("One unit: its memory as the backbone", [element("div", { id: `line-${number}` })],
      "The thick line is the memory that runs through the steps, thin lines are the gates. Where a forget or update gate stays near 1, the thick line stays level; where an input gate opens, it bends."));
    section.append(figure("This step", [element("table", { id: `now-${number}`, "aria-label": `Values of ${run.name} at this step` })],
      "Every gate, state and candidate of the unit at this step, as the run computes them with noise off. Look for gates near 0 or 1: they are saturated, so the unit learns little there."));
    section.append(element("div", { id: `masks-${number}` }));
    return section;
  }));
}

function point(event, map, run, chooses = false) {
  const box = map.getBoundingClientRect(), order = ranks(run);
  const at = (part, size, count) => Math.max(0, Math.min(count - 1, Math.floor(part / size * count)));
  if (chooses || event.buttons) state.unit = order[at(event.clientY - box.top, box.height, order.length)];
  go(at(event.clientX - box.left, box.width, tokens().length));
}

function colors() {
  const parse = (role) => { const hex = ink(role).replace("#", ""); return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)); };
  const paper = parse("--paper"), high = parse("--series-1"), below = parse("--series-2");
  const mix = (one, other, part) => one.map((from, at) => Math.round(from + (other[at] - from) * part));
  return (part) => part >= 0 ? mix(paper, high, Math.min(1, part)) : mix(paper, below, Math.min(1, -part));
}

function paint(canvas, rows, columns, at, color) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    image.data.set([...color(at(row, column)), 255], 4 * (row * columns + column));
  }
  context.putImageData(image, 0, 0);
}

function bound(run) {
  if (!signed(run, state.what)) return 1;
  return Math.max(1e-6, ...RUNS.map((one) => valuesOf(one)[state.what]).filter(Boolean).map((array) => unpack(array).numbers.reduce((most, v) => Math.max(most, Math.abs(v)), 0)));
}

function heat(run, number) {
  const canvas = $(`map-${number}`), scale = $(`scale-${number}`), steps = tokens().length, order = ranks(run);
  const what = valuesOf(run)[state.what] ? state.what : memory(run), top = bound(run), color = colors();
  paint(canvas, order.length, steps, (row, step) => value(run, what, order[row], step) / top, color);
  canvas.style.height = `${Math.max(120, Math.min(420, 6 * order.length))}px`;
  const layer = layerOf(run), thinned = layer.units.length < layer.size ? `${layer.units.length} of ${layer.size} units` : `${layer.size} units`;
  canvas.setAttribute("aria-label", `${what} of ${thinned} over ${steps} steps, sorted by ${state.order}`);
  const low = signed(run, what) ? -top : 0;
  const ends = [-1, 0, 1].filter((part) => part * top >= low).map((part) => `rgb(${color(part)})`).join(",");
  const ramp = element("i");
  ramp.style.background = `linear-gradient(90deg,${ends})`;
  scale.replaceChildren(`${what}: ${low.toPrecision(3)}`, ramp, `${top.toPrecision(3)}; ${thinned}`);
}

function mark(run, number) {
  const order = ranks(run), [column, row] = $(`map-${number}`).parentElement.querySelectorAll("i");
  const part = (size, at) => `${100 * at / size}%`;
  column.style.cssText = `left:${part(tokens().length, state.step)};width:${part(tokens().length, 1)}`;
  row.style.cssText = `top:${part(order.length, order.indexOf(state.unit))};height:${part(order.length, 1)}`;
}

function path(run, what, x, y) {
  return tokens().map((_, step) => `${step ? "L" : "M"}${x(step).toFixed(1)} ${y(value(run, what, state.unit, step)).toFixed(1)}`).join("");
}

function lines(run, number) {
  const steps = tokens().length, width = Math.max(260, $(`line-${number}`).clientWidth || 600), height = 210, left = 34, base = memory(run), gates = Object.keys(valuesOf(run)).filter((name) => !signed(run, name) && name !== "retained");
  const x = (step) => left + (width - left - 8) * (steps > 1 ? step / (steps - 1) : 0.5);
  const all = tokens().map((_, step) => Math.abs(value(run, base, state.unit, step))), top = Math.max(0.1, ...all);
  const upper = (v) => 60 - 48 * v / top, lower = (v) => height - 20 - 70 * v;
  const svg = element("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${SAYS[base]} of unit ${layerOf(run).units[state.unit]}, and its gates, over the steps` });
  svg.append(element("svg:path", { class: "now", d: `M${x(state.step)} 4V${height - 16}` }));
  svg.append(element("svg:path", { d: `M${left} ${upper(0)}H${width - 8}M${left} ${lower(0)}H${width - 8}M${left} ${lower(1)}H${width - 8}`, stroke: "var(--grid)" }));
  gates.forEach((name, place) => svg.append(element("svg:path", { class: "gate", d: path(run, name, x, lower), stroke: `var(${INKS[place]})` })));
  svg.append(element("svg:path", { class: "backbone", d: path(run, base, x, upper) }));
  const text = (at, height, said, fill) => svg.append(element("svg:text", { x: at, y: height, style: fill ? `fill:var(${fill})` : "" }, said));
  text(0, 14, top.toPrecision(2)); text(0, 64, "0"); text(0, 112, (-top).toPrecision(2)); text(8, lower(1) + 4, "1"); text(8, lower(0) + 4, "0");
  text(left, height - 4, { cell: "c", hidden: "h" }[base] ?? base, "--ink");
  gates.forEach((name, place) => text(left + 26 + 74 * place, height - 4, name, INKS[place]));
  $(`line-${number}`).replaceChildren(svg);
}

function table(run, number) {
  const rows = Object.keys(valuesOf(run)).map((name, place) => {
    const v = value(run, name, state.unit, state.step), top = Math.max(1, Math.abs(v));
    const bar = element("i"), part = Math.min(1, Math.abs(v) / top) * 50;
    bar.style.cssText = signed(run, name) ? `left:${v < 0 ? 50 - part : 50}%;width:${part}%` : `left:0;width:${2 * part}%`;
    bar.style.background = `var(${v < 0 ? "--series-2" : "--series-1"})`;
    return element("tr", {}, element("th", { scope: "row", title: SAYS[name] || "" }, name), element("td", { class: "number", "data-value": name }, v.toFixed(4)), element("td", { "aria-hidden": "true" }, element("div", { class: "bar" }, bar)));
  });
  const layer = layerOf(run), sorts = Object.entries(layer.order).map(([name, by]) => `${name} ${by[state.unit] == null ? "infinite" : Number(by[state.unit].toPrecision(3))}`);
  $(`now-${number}`).replaceChildren(element("caption", {}, `step ${state.step + 1}, ${tokens()[state.step]}; unit ${layer.units[state.unit]}${sorts.length ? ` (${sorts.join(", ")})` : ""}`), element("tbody", {}, ...rows));
}

function masks(run, number) {
  const drawn = Object.entries(layerOf(run).masks), place = $(`masks-${number}`);
  if (!drawn.length) {
    place.replaceChildren(figure("Masks", [], "No mask is drawn in this layer. Dropout on inputs, outputs and the recurrence is off, or acts on the weights."));
    return;
  }
  place.replaceChildren(...drawn.map(([site, mask]) => {
    const array = unpack(mask.rows[state.sequence]), [gates, steps, width] = array.shape, color = colors();
    const top = array.numbers.reduce((most, v) => Math.max(most, v), 1e-6), long = tokens().length;
    const grid = element("div", { class: "masks" }, ...Array.from({ length: gates }, (_, gate) => {
      const canvas = element("canvas", { role: "img", "aria-label": `mask of ${site}${gates > 1 ? `, gate ${gate + 1}` : ""}: ${width} units by ${long} steps` });
      paint(canvas, width, long, (unit, step) => array.numbers[(gate * steps + (steps > 1 ? step : 0)) * width + unit] / top, color);
      canvas.style.height = "130px";
      return element("div", {}, canvas, element("p", {}, gates > 1 ? `gate ${gate + 1} of ${gates}` : "all gates share it"));
    }));
    const lives = mask.lifetime === "step" ? "Every column is a new draw: the mask changes at every step." : "All columns are alike: one draw serves the whole sequence.";
    const shares = mask.tied ? "The gates share one mask (tied)." : "Every gate has a mask of its own (untied), so the pictures differ.";
    return figure(`Mask at ${site}, rate ${mask.rate}`, [grid], `${lives} ${shares} ${site.startsWith("hold") ? "Coloured: the old value is kept." : "Empty: dropped; coloured: kept."}`);
  }));
}

function show() {
  RUNS.forEach((run, number) => { mark(run, number); lines(run, number); table(run, number); });
  for (const one of document.querySelectorAll("#tokens [aria-selected=true]")) one.setAttribute("aria-selected", "false");
  const token = $(`token-${state.step}`);
  token.setAttribute("aria-selected", "true");
  $("tokens").setAttribute("aria-activedescendant", token.id);
  token.scrollIntoView({ block: "nearest" });
}

function tell() {
  const run = RUNS[0];
  $("live").textContent = `step ${state.step + 1}, ${tokens()[state.step]}, unit ${layerOf(run).units[state.unit]}: ` +
    Object.keys(valuesOf(run)).map((name) => `${name} ${value(run, name, state.unit, state.step).toFixed(2)}`).join(", ");
}

function go(step) {
  if (step === state.step) { show(); return; }
  state.step = Math.max(0, Math.min(tokens().length - 1, step));
  show();
}

function turn(by) {
  const order = ranks(RUNS[0]), row = order.indexOf(state.unit);
  state.unit = order[Math.max(0, Math.min(order.length - 1, row + by))];
  show();
}

function again() {
  state.step = Math.min(state.step, tokens().length - 1);
  state.unit = Math.min(state.unit, ...RUNS.map((run) => layerOf(run).units.length - 1));
  menus();
  strip();
  RUNS.forEach(masks);
  RUNS.forEach(heat);
  show();
}

function play() {
  const plays = state.timer === null;
  if (plays) {
    if (state.step >= tokens().length - 1) state.step = -1;
    state.timer = setInterval(() => state.step + 1 < tokens().length ? go(state.step + 1) : play(), 350);
  } else { clearInterval(state.timer); state.timer = null; }
  $("play").textContent = plays ? "Pause" : "Play";
  $("play").setAttribute("aria-pressed", String(plays));
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("select,button")) return;
  const moves = { ArrowLeft: () => go(state.step - 1), ArrowRight: () => go(state.step + 1), ArrowUp: () => turn(-1), ArrowDown: () => turn(1),
    Home: () => go(0), End: () => go(tokens().length - 1), " ": play };
  if (!moves[event.key]) return;
  event.preventDefault();
  moves[event.key]();
  if (event.key !== " ") tell();
});
for (const name of ["sequence", "layer", "what", "order"]) $(name).addEventListener("change", (event) => {
  state[name] = ["sequence", "layer"].includes(name) ? Number(event.target.value) : event.target.value;
  if (name === "order") state.unit = ranks(RUNS[0])[0];
  again();
});
$("play").addEventListener("click", play);
$("swap").hidden = RUNS.length < 2;
$("swap").addEventListener("click", () => { RUNS.reverse(); build(); again(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
addEventListener("resize", show);
$("facts").textContent = RUNS.map((run) => run.name).join(" beside ") + ". Values are computed with noise off; masks are one draw as in training.";
state.what = "";
build();
again();

"use strict";
const RUNS = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
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

"use strict";
const SAYS = {
  input: "i, how much of the candidate is written", forget: "f, how much of c is kept", output: "o, how much of c is shown",
  update: "z, how much of h is kept", reset: "r, how much of h the candidate sees", candidate: "g, what is written",
  retained: "what is left of the old memory, noise counted in", hidden: "h, what the layer hands on", cell: "c, the memory",
};
const INKS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6", "--series-7"];

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

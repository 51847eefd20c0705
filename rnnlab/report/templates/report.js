"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(table, heads, column)));
}

function sort(table, heads, column) {
  const up = heads[column].getAttribute("aria-sort") !== "ascending";
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => order(key(one.cells[column]), key(other.cells[column])) * (up ? 1 : -1));
  table.tBodies[0].append(...rows);
}

function key(cell) {
  const value = cell.dataset.key ?? cell.textContent;
  return value !== "" && isFinite(value) ? Number(value) : value;
}

function order(one, other) {
  if (typeof one === typeof other) return one < other ? -1 : Number(one > other);
  return typeof one === "number" ? -1 : 1;
}

for (const row of document.querySelectorAll("[data-series]")) {
  row.addEventListener("pointerenter", () => show(row.dataset.series));
  row.addEventListener("pointerleave", () => show(null));
}

function show(series) {
  document.body.classList.toggle("one", series !== null);
  for (const part of document.querySelectorAll("svg .hot")) part.classList.remove("hot");
  if (series) for (const part of document.querySelectorAll("svg ." + series)) part.classList.add("hot");
}

const filter = document.getElementById("filter");
if (filter) filter.addEventListener("input", () => {
  const rows = [...document.querySelectorAll("#table [data-series]")];
  const wanted = (row) => row.cells[0].textContent.toLowerCase().includes(filter.value.toLowerCase());
  const shown = new Set(rows.filter(wanted).map((row) => row.dataset.series));
  for (const row of document.querySelectorAll("[data-series]")) row.classList.toggle("away", !shown.has(row.dataset.series));
  for (const part of document.querySelectorAll("svg [class^=series]")) part.classList.toggle("away", !shown.has(part.classList[0]));
  document.getElementById("shown").textContent = `${shown.size} of ${rows.length}`;
});

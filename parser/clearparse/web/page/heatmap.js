// Heat maps: one cell for each value; the mouse or the arrow keys choose a cell, whose value is then read.
import {counted, el, precise} from "./dom.js";

const LOWEST_ASPECT = 0.9; // width by height
const drawn = new Set(); // to draw them again when the color scheme changes

/** Forget the heat maps of an earlier step. */
export const clearHeatMaps = () => drawn.clear();

/**
 * A heat map of `rows` by `columns` values, and the line that reads a cell. value(i) is the value of cell i, counted row
 * by row; place(row, column) names it.
 */
export function heatMap({label, rows, columns, value, place, flat = false}) {
  const values = Float32Array.from({length: rows * columns}, (_, i) => value(i));
  const per = flat ? Math.min(columns, 50) : columns, lines = Math.ceil(values.length / per);
  const [least, most] = values.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
  const range = `from ${precise(least)} to ${precise(most)}`;
  const canvas = el("canvas", {
    width: per, height: lines, tabindex: 0, role: "slider", class: flat ? "strip" : "map",
    "aria-label": `${label}: ${counted(values.length)} values ${range}; arrow keys read them`,
    "aria-valuemin": 0, "aria-valuemax": values.length - 1, "aria-valuenow": 0, "aria-valuetext": range,
  });
  canvas.style.aspectRatio = flat ? `${per} / ${lines * 1.6}` : `${Math.max(per / Math.max(lines, 40) / 0.75, LOWEST_ASPECT)}`;
  const cursor = el("i", {class: "cursor", hidden: true});
  const reading = el("p", {class: "reading", "aria-hidden": "true"}, range);
  let cell = 0;
  const read = (i) => {
    cell = i;
    const [row, column] = [Math.floor(i / columns), i % columns];
    reading.textContent = `${place(row, column)}: ${precise(values[i])}`;
    canvas.setAttribute("aria-valuenow", i);
    canvas.setAttribute("aria-valuetext", reading.textContent);
    cursor.hidden = false;
    Object.assign(cursor.style, {
      left: `${100 * (i % per) / per}%`, top: `${100 * Math.floor(i / per) / lines}%`, width: `${100 / per}%`, height: `${100 / lines}%`,
    });
  };
  const leave = () => { cursor.hidden = true; reading.textContent = range; };
  canvas.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * per), row = Math.floor((event.clientY - box.top) / box.height * lines);
    if (column >= 0 && column < per && row >= 0 && row * per + column < values.length) read(row * per + column);
  });
  canvas.addEventListener("mouseleave", leave);
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("focus", () => read(cell));
  canvas.addEventListener("keydown", (event) => {
    const move = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -per, ArrowDown: per, Home: -cell, End: values.length - 1 - cell}[event.key];
    if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // the same keys step through the sentence
    if (cell + move >= 0 && cell + move < values.length) read(cell + move);
  });
  const map = {canvas, values, largest: Math.max(-least, most, 1e-12)};
  drawn.add(map);
  paint(map);
  return [el("div", {class: "heat"}, canvas, cursor), reading];
}

function paint({canvas, values, largest}) {
  const style = getComputedStyle(document.documentElement);
  const [zero, plus, minus] = ["--zero", "--for", "--against"].map((name) => rgb(style.getPropertyValue(name)));
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, i) => {
    const strength = Math.sqrt(Math.abs(value) / largest), to = value < 0 ? minus : plus;
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = zero[k] + strength * (to[k] - zero[k]);
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.trim().slice(k, k + 2), 16));

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(paint));

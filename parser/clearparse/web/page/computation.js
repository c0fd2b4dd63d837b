// The computation: each quantity with its shape, its first values, and a heat map of all of them.
import {at, counted, decimal, el} from "./dom.js";

const FIRST = 5;
const DRAWN = new Map(); // the values of each heat map, to draw it again when the colour scheme changes

/** Fill in the cards of all quantities. */
export function showNumbers(trace, numbers) {
  const slot = (i) => `${numbers.slots[i].channel.replace("_", " ")} of ${numbers.slots[i].address}`;
  const transition = (c) => numbers.scores[c].name;
  const names = {x: slot, "dtheta/dL": slot, "dJ/dL": slot, theta: transition, y_hat: transition, delta_1: transition};
  DRAWN.clear();
  for (const [key, quantity] of Object.entries(numbers.computation)) fill(key, quantity, names[key]);
  at("loss").hidden = !numbers.loss;
  at("no-loss").hidden = Boolean(numbers.loss);
  at("no-loss").textContent = trace.gold
    ? "No loss here: only one transition is legal, or the oracle’s transition is not a class of this model."
    : "The loss needs a gold tree: open a CoNLL-U file with trees.";
  if (!numbers.loss) return;
  at("target").replaceChildren("The target is ", el("b", {}, numbers.loss.target_name),
    ", the transition of lowest cost that the parser scores highest, with the gold label. So ",
    el("span", {class: "equation"}, el("var", {}, "y")), " is 1 there and 0 elsewhere.");
  card("J", el("p", {class: "value"}, decimal(numbers.loss.J, 4)));
  for (const [key, quantity] of Object.entries(numbers.loss.quantities)) fill(key, quantity, names[key]);
}

function card(key, ...content) {
  const article = document.querySelector(`article[data-key="${key}"]`);
  article.querySelector(".filled")?.remove();
  article.append(el("div", {class: "filled"}, ...content));
}

function fill(key, quantity, name) {
  const shape = quantity.shape.map(counted).join(" × ");
  if (!quantity.values) {
    const zeros = quantity.shape.reduce((a, b) => a * b) - quantity.nonzero;
    card(key, el("p", {class: "shape"}, shape), el("p", {class: "first"},
      `norm ${quantity.norm}, largest absolute value ${quantity.largest}, ${counted(zeros)} zeros`));
    return;
  }
  const [rows, columns] = quantity.shape;
  const flat = key === "x" ? `1 × ${counted(rows * columns)}, as ${shape}` : shape;
  const first = quantity.values.slice(0, FIRST).map((value) => decimal(value, 3)).join("  ");
  const active = key === "h" ? el("p", {class: "first"}, `${quantity.values.filter((value) => value > 0).length} of ${columns} units are active`) : null;
  card(key, el("p", {class: "shape"}, flat), el("p", {class: "first"}, `${first}  …`), active, ...heatMap(key, quantity, name));
}

/** A heat map with one cell for each value, a long row broken into several; below it the value under the mouse. */
function heatMap(key, {shape: [rows, columns], values}, name) {
  const per = rows > 1 ? columns : Math.min(columns, 50);
  const lines = Math.ceil(values.length / per);
  const least = Math.min(...values), most = Math.max(...values);
  const canvas = el("canvas", {
    width: per, height: lines, role: "img", class: rows > 1 ? "map" : "strip",
    "aria-label": `${counted(values.length)} values from ${decimal(least, 3)} to ${decimal(most, 3)}`,
  });
  canvas.style.aspectRatio = `${per} / ${lines * (rows > 1 ? 0.6 : 1.6)}`;
  const reading = el("p", {class: "reading", "aria-hidden": "true"}, `from ${decimal(least, 3)} to ${decimal(most, 3)}`);
  canvas.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * per), row = Math.floor((event.clientY - box.top) / box.height * lines);
    const i = row * per + column;
    if (column < 0 || row < 0 || i >= values.length) return;
    const place = name ? (rows > 1 ? `${name(row)}, dimension ${column + 1}` : name(i)) : `index ${i + 1}`;
    reading.textContent = `${place}: ${values[i]}`.replace("-", "−");
  });
  canvas.addEventListener("mouseleave", () => { reading.textContent = `from ${decimal(least, 3)} to ${decimal(most, 3)}`; });
  DRAWN.set(key, {canvas, values, largest: Math.max(-least, most, 1e-12)});
  paint(DRAWN.get(key));
  return [canvas, reading];
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

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => DRAWN.forEach(paint));

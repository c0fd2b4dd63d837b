// The computation: a card for each quantity, with its shape, its first values and a heat map.
import {at, counted, decimal, el, precise} from "./dom.js";
import {equation} from "./equation.js";
import {clearHeatMaps, heatMap} from "./heatmap.js";
import {BACKWARD, FORWARD} from "./quantities.js";

const FIRST = 5;
const NOTES = "https://web.stanford.edu/class/cs224n/readings/gradient-notes.pdf";

/** Make the cards, without values. */
export function makeCards() {
  at("forward").replaceChildren(...FORWARD.map(emptyCard));
  at("backward").replaceChildren(...BACKWARD.map(emptyCard));
}

function emptyCard({key, equation: text, text: meaning, notes, derivation}) {
  return el("article", {"data-key": key, tabindex: -1},
    el("h4", {}, equation(text)), el("p", {}, meaning),
    el("p", {class: "sources"}, el("a", {href: NOTES, rel: "noreferrer"}, `notes, ${notes}`), " · ",
      el("a", {href: `gradients.md#:~:text=${encodeURIComponent(derivation).replaceAll("-", "%2D")}`}, "derivation")));
}

/** Move to the card of a quantity. */
export function goToCard(key) {
  const article = document.querySelector(`article[data-key="${key}"]`);
  article.focus({preventScroll: true});
  article.scrollIntoView({block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"});
}

/** Fill in the cards of all quantities. */
export function showNumbers(numbers) {
  clearHeatMaps();
  const slot = (i) => `${numbers.slots[i].channel.replace("_", " ")} of ${numbers.slots[i].address}`;
  const names = {slot, unit: (i) => `unit ${i + 1}`, transition: (c) => numbers.scores[c].name, dimension: (i) => `dimension ${i + 1}`};
  for (const [key, {shape, values}] of Object.entries(numbers.computation)) fillVector(key, shape, values, names);
  at("backward").hidden = !numbers.loss;
  if (!numbers.loss) {
    at("target-line").textContent = "Only one transition is legal here: its probability is 1, so J and all gradients are 0.";
    return;
  }
  const {J, target_name, advised, quantities} = numbers.loss;
  at("target-line").replaceChildren("The target is ", el("b", {}, target_name),
    advised ? ", the transition of lowest cost that the parser scores highest, with the gold label" : ", as if it were right", ": y is 1 there and 0 elsewhere.");
  card("J", el("p", {class: "value"}, loss(J)));
  for (const key of ["delta_1", "delta_2", "dJ/dL"]) fillVector(key, quantities[key].shape, quantities[key].values, names);
  fillProducts(numbers, names);
}

/** A loss; null stands for one beyond the largest number. */
export const loss = (J) => J === null ? "∞" : precise(J);

function card(key, ...content) {
  const article = document.querySelector(`article[data-key="${key}"]`);
  article.querySelector(".filled")?.remove();
  article.append(el("div", {class: "filled"}, ...content));
}

const CELLS = { // what the rows and columns of a quantity stand for
  x: ["slot", "dimension"], "dtheta/dL": ["slot", "dimension"], "dJ/dL": ["slot", "dimension"],
  z: [null, "unit"], h: [null, "unit"], delta_2: [null, "unit"], theta: [null, "transition"], y_hat: [null, "transition"], delta_1: [null, "transition"],
};

function fillVector(key, [rows, columns], values, names) {
  const [row, column] = CELLS[key].map((what) => names[what]);
  const shape = key === "x" ? `1 × ${counted(rows * columns)}, as ${rows} × ${columns}` : `${counted(rows)} × ${counted(columns)}`;
  const active = key === "h" ? `; ${values.filter((value) => value > 0).length} of ${columns} units are active` : "";
  card(key, el("p", {class: "shape"}, shape + active),
    el("p", {class: "first"}, `${values.slice(0, FIRST).map((value) => decimal(value, 3)).join("  ")}  …`),
    ...heatMap({label: key, rows, columns, value: (i) => values[i], flat: rows === 1, place: (i, j) => row ? `${row(i)}, ${column(j)}` : column(j)}));
}

/** dJ/dU and dJ/dW, whose cells are products of the values of two vectors. */
function fillProducts({computation: {x, h}, loss: {quantities}}, names) {
  const {delta_1, delta_2, "dJ/dU": dU, "dJ/dW": dW} = quantities;
  const [m, d] = x.shape, [, H] = h.shape, [, C] = delta_1.shape;
  const largest = Array.from({length: m}, (_, i) => x.values.slice(i * d, (i + 1) * d).reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a));
  card("dJ/dU", ...summary(dU), ...heatMap({label: "dJ/dU", rows: H, columns: C,
    value: (i) => h.values[Math.floor(i / C)] * delta_1.values[i % C], place: (i, c) => `${names.unit(i)}, ${names.transition(c)}`}));
  card("dJ/dW", ...summary(dW), ...heatMap({label: "dJ/dW", rows: m, columns: H,
    value: (i) => largest[Math.floor(i / H)] * delta_2.values[i % H], place: (i, j) => `${names.slot(i)}, ${names.unit(j)}`}));
}

function summary({shape: [rows, columns], norm, largest, nonzero}) {
  return [el("p", {class: "shape"}, `${counted(rows)} × ${counted(columns)}; ${counted(rows * columns - nonzero)} zeros`),
    el("p", {class: "first"}, `norm ${precise(norm)}, largest absolute value ${precise(largest)}`)];
}

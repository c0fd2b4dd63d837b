// The picture of the layers: forward from x to J, backward from J to the gradients; each box leads to its card.
import {at, counted, el} from "./dom.js";
import {equation} from "./equation.js";

/** The columns of the picture: what goes forward, and below it what comes back. An arrow has no key. */
const columns = ({m, d, H, C}) => {
  const x = m * d;
  return [
    [box("x", "*x*", [1, x]), box("dJ/dL", "∂*J*/∂*L*", [m, d])],
    [arrow("*W*, *b*_{1}", [x, H]), box("dJ/dW", "∂*J*/∂*W*", [x, H], true)],
    [box("z", "*z*", [1, H]), box("delta_2", "δ_{2}", [1, H])],
    [arrow("ReLU"), back("∘ sgn(*h*)")],
    [box("h", "*h*", [1, H]), back("δ_{1}*U*^{T}")],
    [arrow("*U*, *b*_{2}", [H, C]), box("dJ/dU", "∂*J*/∂*U*", [H, C], true)],
    [box("theta", "θ", [1, C]), box("delta_1", "δ_{1}", [1, C])],
    [arrow("softmax"), back("ŷ − *y*")],
    [box("y_hat", "ŷ", [1, C]), back("")],
    [arrow("CE"), back("")],
    [box("J", "*J*", null), null],
  ];
};

const box = (key, text, shape, parameter = false) => ({key, text, shape, parameter});
const arrow = (text, shape) => ({text, shape, sign: "→"});
const back = (text) => ({text, sign: "←"});

/** Draw it. go(key) is called when a box is chosen. */
export function drawLayers(sizes, go) {
  at("layers").replaceChildren(...columns(sizes).map(([forward, backward]) =>
    el("li", {}, part(forward, "ahead", go), backward ? part(backward, "back", go) : null)));
}

function part({key, text, shape, sign, parameter}, direction, go) {
  const content = [equation(text), shape ? el("small", {}, shape.map(counted).join(" × ")) : null];
  if (key) return el("button", {type: "button", class: `${direction}${parameter ? " parameter" : ""}`, "data-to": key, click: () => go(key)}, ...content);
  return el("span", {class: `arrow ${direction}`}, ...content, el("i", {"aria-hidden": "true"}, sign));
}

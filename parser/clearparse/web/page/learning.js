// If a transition were right: its loss and error signal, and one step of SGD on it.
import {loss} from "./computation.js";
import {at, el, percent, precise} from "./dom.js";
import {equation} from "./equation.js";

const FEW_ERRORS = 3, FEW_FORMS = 5;

/** Fill in the choice of the target, the loss and the gradients. go(key) leads to the card of a quantity. */
export function showLearning(step, numbers, chosen, go) {
  const options = numbers.scores.map((score, c) => ({...score, c})).filter((score) => score.legal).sort((a, b) => b.theta - a.theta);
  const usual = step.target === null ? "the transition taken here" : "the oracle’s, by the gold tree";
  at("target").replaceChildren(
    el("option", {value: "", selected: chosen === null}, usual),
    ...options.map(({name, c}) => el("option", {value: c, selected: c === chosen}, name)));
  at("lesson").hidden = !numbers.loss;
  at("no-lesson").hidden = Boolean(numbers.loss);
  if (!numbers.loss) return;
  const {J, target, target_name, quantities} = numbers.loss;
  const p = numbers.scores[target].p;
  at("loss-line").replaceChildren(el("b", {}, target_name), ": ", equation("*J* = −log ŷ_{*y*}"), ` = −log ${percent(p)} = `, el("b", {}, loss(J)),
    el("span", {class: "quiet"}, ". Learning moves each score against its error "), equation("δ_{1} = ŷ − *y*"), ":");
  const errors = quantities.delta_1.values.map((value, c) => ({value, c})).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, FEW_ERRORS);
  at("errors").replaceChildren(...errors.filter(({value}) => value).map(({value, c}) => {
    const bar = el("span", {class: "diverging", "aria-hidden": "true"}, el("i", {class: value < 0 ? "against" : "for"}));
    bar.firstChild.style.width = `${50 * Math.abs(value)}%`;
    return el("li", {}, el("span", {class: "what"}, numbers.scores[c].name), bar, el("span", {class: "number"}, `${value > 0 ? "+" : ""}${precise(value)}`));
  }));
  const norms = {
    delta_2: ["δ_{2}", norm(quantities.delta_2.values)], "dJ/dU": ["∂*J*/∂*U*", quantities["dJ/dU"].norm],
    "dJ/dW": ["∂*J*/∂*W*", quantities["dJ/dW"].norm], "dJ/dL": ["∂*J*/∂*L*", norm(quantities["dJ/dL"].values)],
  };
  at("norms").replaceChildren("Norms: ", ...Object.entries(norms).map(([key, [text, value]]) =>
    el("button", {type: "button", class: "small", "aria-label": `${key}: norm ${precise(value)}; show its card`, click: () => go(key)}, equation(text), ` ${precise(value)}`)));
}

const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** What the lessons have changed, in one line. */
export function showOutcome(lessons, outcomes, words) {
  at("learned").hidden = !lessons.length;
  if (!lessons.length) return;
  const {J: [before, after], p: [p, q], changed, name} = outcomes[outcomes.length - 1];
  const times = lessons.length === 1 ? "Learned" : `Step ${lessons.length} of learning:`;
  const forms = changed.slice(0, FEW_FORMS).flatMap((word, i) => [i ? ", “" : "“", el("bdi", {}, words[word - 1].form), "”"]);
  const more = changed.length > FEW_FORMS ? ` and ${changed.length - FEW_FORMS} more` : "";
  at("learned").firstElementChild.replaceChildren(`${times} `, el("b", {}, name), `: J ${loss(before)} → `, el("b", {}, loss(after)),
    `, ŷ ${percent(p)} → `, el("b", {}, percent(q)), ". ",
    ...(changed.length ? ["New heads or labels: ", ...forms, `${more}.`] : ["The tree is the same as before."]));
}

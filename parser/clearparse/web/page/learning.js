// If a transition were right: its loss and error signal, and one step of SGD on it.
import {loss} from "./computation.js";
import {at, decimal, el, percent, signed} from "./dom.js";
import {equation} from "./equation.js";

const FEW_ERRORS = 5, FEW_FORMS = 5;

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
    el("span", {class: "quiet"}, ". Its error signal "), equation("δ_{1} = ŷ − *y*"), el("span", {class: "quiet"}, " pulls the scores against its sign:"));
  const errors = quantities.delta_1.values.map((value, c) => ({value, c})).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, FEW_ERRORS);
  at("errors").replaceChildren(...errors.filter(({value}) => value).map(({value, c}) => {
    const bar = el("span", {class: "diverging", "aria-hidden": "true"}, el("i", {class: value < 0 ? "against" : "for"}));
    bar.firstChild.style.width = `${50 * Math.abs(value)}%`;
    return el("li", {}, el("span", {class: "what"}, numbers.scores[c].name), bar, el("span", {class: "number"}, signed(value, 3)));
  }));
  const norms = {
    delta_2: ["δ_{2}", norm(quantities.delta_2.values)], "dJ/dU": ["∂*J*/∂*U*", quantities["dJ/dU"].norm],
    "dJ/dW": ["∂*J*/∂*W*", quantities["dJ/dW"].norm], "dJ/dL": ["∂*J*/∂*L*", norm(quantities["dJ/dL"].values)],
  };
  at("norms").replaceChildren("Norms: ", ...Object.entries(norms).map(([key, [text, value]]) =>
    el("button", {type: "button", class: "small", "aria-label": `${key}: norm ${decimal(value, 3)}; show its card`, click: () => go(key)}, equation(text), ` ${decimal(value, 3)}`)));
}

const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** What the lessons have changed, in one line. */
export function showOutcome(lessons, outcomes, words) {
  at("learned").hidden = !lessons.length;
  if (!lessons.length) return;
  const {J: [before, after], p: [p, q], changed, name} = outcomes[outcomes.length - 1];
  const times = lessons.length === 1 ? "Learned" : `Step ${lessons.length} of learning:`;
  const forms = changed.slice(0, FEW_FORMS).map((word) => `“${words[word - 1].form}”`).join(", ");
  const more = changed.length > FEW_FORMS ? ` and ${changed.length - FEW_FORMS} more words` : "";
  at("learned").firstElementChild.replaceChildren(`${times} `, el("b", {}, name), `: J ${decimal(before, 3)} → `, el("b", {}, decimal(after, 3)),
    `, ŷ ${percent(p)} → `, el("b", {}, percent(q)), ". ",
    changed.length ? `Other arcs than before learning: ${forms}${more}.` : "The tree is the same as before learning.");
}

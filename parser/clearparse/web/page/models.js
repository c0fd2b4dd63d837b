// The choice of a model, and what it knows.
import {at, counted, el} from "./dom.js";
import {state} from "./state.js";

/** Fill in the choice. changed() is called after another model was chosen. */
export function showModels(changed) {
  at("model").replaceChildren(...state.models.map(({name, language}) => el("option", {value: name}, language ? `${name} (${language})` : name)));
  at("model").hidden = state.models.length === 1;
  at("model").addEventListener("change", () => { useModel(at("model").value); changed(); });
}

export const modelInUse = () => state.models.find(({name}) => name === state.model);

export function useModel(name) {
  state.model = name;
  at("model").value = name;
  const model = modelInUse(), {m, d, H, C, V} = model.sizes;
  const {UAS, LAS} = model.scores;
  at("model-name").replaceChildren(el("span", {class: "what"}, state.models.length === 1 ? name : "about"), LAS === undefined ? "" : el("span", {class: "desktop"}, `\u00a0· LAS ${LAS.toFixed(1)}`));
  const sentences = model.sentences === null ? "" : ` (${counted(model.sentences)} sentences)`;
  const facts = {
    model: name,
    language: model.language ?? "not recorded",
    "trained on": model.train.length ? model.train.join(", ") + sentences : "not recorded",
    scores: UAS === undefined || LAS === undefined ? "not recorded" : `UAS ${UAS.toFixed(1)} %, LAS ${LAS.toFixed(1)} % on ${model.dev ?? "its dev set"}, with gold tokens`,
    reads: model.reads_text ? "plain text" : "CoNLL-U with tags, not plain text",
    system: model.system + (model.networks > 1 ? `; the first of ${model.networks} networks is shown` : ""),
    sizes: `m = ${m} slots, d = ${d}, H = ${H}, C = ${C} transitions, V = ${counted(V)} rows`,
  };
  at("model-facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  const reads = model.reads_text;
  at("text").disabled = at("parse").disabled = !reads;
  at("text").placeholder = reads ? "" : "This model cannot read plain text. Open a CoNLL-U file with tags, or the sample treebank.";
}

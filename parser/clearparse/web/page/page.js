// The controls of the page, and what it opens on.
import {goToCard, makeCards} from "./computation.js";
import {at, download, request} from "./dom.js";
import {attempt, hideResult, learn, loadTrace, open, openSentence, openTab, redraw, show, showDetails, step, unlearn} from "./explore.js";
import {watchScrollers} from "./hints.js";
import {drawLayers} from "./layers.js";
import {copyLink, fromFragment} from "./link.js";
import {modelInUse, showModels, useModel} from "./models.js";
import {togglePlay} from "./play.js";
import {firstSource, fold, showExamples, sourceOf} from "./sources.js";
import {state} from "./state.js";

const on = (id, event, act) => at(id).addEventListener(event, act);

on("skip", "click", (event) => { event.preventDefault(); at("steps").focus(); });
on("form", "submit", (event) => {
  event.preventDefault();
  open({text: at("text").value});
});
on("text", "keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); at("form").requestSubmit(); }
});
on("text", "input", () => {
  at("result").classList.add("waiting"); // the tree is not that of the text
  at("example").value = "";
});
on("edit", "click", () => { fold(false); at("text").focus(); });
on("open", "click", () => at("file").click());
on("file", "change", () => {
  const [file] = at("file").files;
  if (file) attempt(async () => open(await sourceOf(file)), hideResult);
  at("file").value = "";
});
on("sample", "click", () => open({sample: true}));
on("link", "click", copyLink);
const goTo = (sentence) => attempt(() => openSentence(sentence), hideResult);
on("sentence", "change", () => goTo(Number(at("sentence").value)));
on("previous-sentence", "click", () => goTo(state.sentence - 1));
on("next-sentence", "click", () => goTo(state.sentence + 1));
on("save-svg", "click", () => download(`sentence-${state.sentence + 1}.svg`, "image/svg+xml", (at("show-gold").checked && state.trace.gold || state.trace).svg));
on("save-conllu", "click", () => download(`sentence-${state.sentence + 1}.conllu`, "text/plain", state.trace.conllu));
on("show-gold", "change", redraw);
on("follow", "change", () => {
  state.followGold = at("follow").querySelector(":checked").value === "oracle";
  state.moves = [];
  attempt(() => loadTrace((trace) => Math.min(state.k, trace.steps.length)));
});
on("undo", "click", () => {
  const k = state.k;
  state.moves = [];
  attempt(async () => {
    await loadTrace((trace) => Math.min(k, trace.steps.length));
    at("steps").focus({preventScroll: true});
  });
});
on("learn", "click", learn);
on("unlearn", "click", unlearn);
on("first", "click", () => step(0));
on("back", "click", () => step(state.k - 1));
on("on", "click", () => step(state.k + 1));
on("last", "click", () => step(state.trace.steps.length));
on("play", "click", () => togglePlay(() => {
  attempt(() => show(state.k + 1));
  return state.k < state.trace.steps.length;
}));
on("slider", "input", () => step(Number(at("slider").value)));
on("against", "change", () => { state.against = at("against").value || null; attempt(showDetails); });
on("target", "change", () => { state.target = at("target").value === "" ? null : Number(at("target").value); attempt(showDetails); });
on("all-scores", "click", () => { state.allScores = !state.allScores; attempt(showDetails); });
on("all-parts", "click", () => { state.allParts = !state.allParts; attempt(showDetails); });
for (const choice of document.querySelectorAll("[name=by]")) {
  choice.addEventListener("change", () => { state.by = choice.value; attempt(showDetails); });
}
for (const name of ["reasons", "learning"]) {
  on(`${name}-tab`, "click", () => openTab(name));
  on(`${name}-tab`, "keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.stopPropagation();
    const other = name === "reasons" ? "learning" : "reasons";
    openTab(other);
    at(`${other}-tab`).focus();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
  if (!state.trace?.steps || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("textarea, select, input")) return;
  const k = {ArrowLeft: state.k - 1, ArrowRight: state.k + 1, Home: 0, End: state.trace.steps.length}[event.key];
  if (k === undefined) return;
  event.preventDefault();
  step(k);
});
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});

/** Open what the address names, or the first example. */
function openAddress() {
  const linked = fromFragment(location.hash);
  if (linked && state.models.some(({name}) => name === linked.model)) changeModel(linked.model);
  const source = linked ? linked.source : firstSource();
  if (source) return open(source, linked ?? {});
  fold(false);
}

function changeModel(name) {
  useModel(name);
  drawLayers(modelInUse().sizes, goToCard);
}

addEventListener("hashchange", openAddress);
watchScrollers();
makeCards();
attempt(async () => {
  const {models, size, words} = await request("page/models");
  Object.assign(state, {models, size, words});
  showModels(() => {
    drawLayers(modelInUse().sizes, goToCard);
    const source = state.source && (modelInUse().reads_text || state.source.text === undefined) ? state.source : firstSource();
    if (source) open(source); else hideResult();
  });
  changeModel(models[0].name);
  showExamples((text) => open({text}));
  await openAddress();
});

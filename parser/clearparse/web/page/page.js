// The state of the page, and the actions of the user.
import {showAgainst, showParts, showScores} from "./attribution.js";
import {showNumbers} from "./computation.js";
import {at, counted, download, el, request, RequestError} from "./dom.js";
import {drawTimeline, showConfiguration} from "./steps.js";
import {drawGold, drawTree, showStep, tint} from "./tree.js";

const state = {
  size: Infinity, // limit of a request, in bytes
  sentences: [], sentence: 0, // all sentences, and the index of the one shown
  followGold: false, moves: [], // follow the oracle? transitions that the user has chosen
  trace: null, k: 0, // the steps of the sentence, and the index of the one shown; k = number of steps is the end
  of: null, against: "runner-up", by: "word", allScores: false, allParts: false,
};
let numbers = new Map(); // answers about the steps of this trace
let latest = 0, reads = 0; // numbers of the latest request and read; answers to earlier ones are ignored

async function attempt(act, onError = () => {}) {
  at("error").hidden = true;
  try {
    await act();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    at("error").textContent = error.message;
    at("error").hidden = false;
    onError();
  }
}

/** The text of a file. Throws RequestError. */
async function textOf(file) {
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(await file.arrayBuffer());
  } catch {
    throw new RequestError(`${file.name}: not UTF-8 text`);
  }
}

/** Read a text or a CoNLL-U file, and show its first sentence. */
async function read(question) {
  const size = new Blob([JSON.stringify(question)]).size;
  if (size > state.size) throw new RequestError(`The request has ${counted(size)} bytes; the limit is ${counted(state.size)} (option --max-size).`);
  const mine = ++reads;
  at("status").textContent = "…";
  try {
    const found = await request("page/read", question);
    if (mine !== reads) return;
    at("notes").replaceChildren(...found.notes.map((note) => el("li", {}, note)));
    at("notes").hidden = !found.notes.length;
    if (!found.sentences.length) throw new RequestError("There is no sentence in the input.");
    state.sentences = found.sentences;
    at("sentence").replaceChildren(...found.sentences.map(({text}, i) =>
      el("option", {value: i}, `${i + 1}. ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`)));
    at("sentences").hidden = found.sentences.length === 1;
    state.followGold = false;
    at("follow").querySelector("[value=predicted]").checked = true;
    await attempt(() => openSentence(0), hideTree);
  } catch (error) {
    if (mine === reads) throw error;
  } finally {
    if (mine === reads) at("status").textContent = "";
  }
}

/** Show the complete tree of a sentence. */
async function openSentence(sentence) {
  state.sentence = sentence;
  state.moves = [];
  at("sentence").value = sentence;
  at("previous-sentence").disabled = sentence === 0;
  at("next-sentence").disabled = sentence === state.sentences.length - 1;
  await loadTrace((trace) => trace.steps.length);
}

function question() {
  const {conllu, gold} = state.sentences[state.sentence];
  return {conllu, gold, follow_gold: state.followGold, moves: state.moves};
}

/** Load the trace of the sentence, and show the step that `where` returns for it. */
async function loadTrace(where) {
  const mine = ++latest;
  const trace = await request("page/explain", question());
  if (mine !== latest) return;
  state.trace = trace;
  numbers = new Map();
  showResult(true);
  at("follow").hidden = !trace.gold;
  at("score").hidden = !trace.gold;
  if (trace.gold) at("score").textContent = score(trace);
  at("manual").hidden = !state.moves.length;
  at("manual").firstElementChild.textContent = `You chose the transition in step ${state.moves.length}.`;
  drawTree(trace, chooseArc);
  drawGold(trace);
  drawTimeline(trace, step);
  await show(where(trace));
}

/** After an error nothing of an earlier text may be shown or saved. */
function hideResult() {
  state.trace = null;
  at("result").hidden = true;
}

/** Hide the tree of the previous sentence; another sentence can still be chosen. */
function hideTree() {
  state.trace = null;
  showResult(false);
  at("details").hidden = at("gold").hidden = at("score").hidden = true;
}

function showResult(complete) {
  at("result").hidden = false;
  at("tree").hidden = at("steps").hidden = !complete;
  at("save-svg").disabled = at("save-conllu").disabled = !complete;
}

function score(trace) {
  const right = trace.heads.map((head, i) => head === trace.gold.heads[i]);
  const labelled = right.filter((is, i) => is && trace.labels[i] === trace.gold.labels[i]).length;
  return `Correct heads: ${right.filter(Boolean).length} of ${right.length}, ${labelled} of them with the correct label. Wrong arcs are dashed.`;
}

/** Show step k. */
async function show(k) {
  const trace = state.trace;
  state.k = Math.max(0, Math.min(k, trace.steps.length));
  state.of = null;
  showConfiguration(trace, state.k);
  showStep(trace, state.k);
  await showDetails();
}

/** Show scores, attribution and computation of the step. */
async function showDetails() {
  const {trace, k} = state, step = trace.steps[k];
  at("details").hidden = !step;
  if (!step) { tint(null); return; }
  const mine = ++latest;
  const found = await numbersOf(k, state.of, state.against);
  if (mine !== latest) return;
  showScores(trace, step, found, state.allScores, chooseScore, take);
  showAgainst(found, state.against);
  tint(showParts(trace, found, state.by, state.allParts));
  showNumbers(trace, found);
  if (state.of === null) [k + 1, k - 1].filter((near) => trace.steps[near]).forEach((near) => numbersOf(near, null, state.against).catch(() => {}));
}

function numbersOf(k, of, against) {
  const key = `${k} ${of} ${against}`;
  if (!numbers.has(key)) {
    const answer = request("page/numbers", {...question(), step: k, of, against});
    numbers.set(key, answer);
    answer.catch(() => numbers.delete(key));
  }
  return numbers.get(key);
}

function chooseArc(k) {
  attempt(async () => {
    await show(k);
    at("attribution-title").scrollIntoView({block: "nearest", behavior: smooth()});
  });
}

const smooth = () => matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

function chooseScore(c) {
  state.of = c;
  if (Number(state.against) === c && state.against !== "") state.against = "runner-up";
  attempt(async () => {
    await showDetails();
    at("scores").querySelector(".chosen .name")?.focus({preventScroll: true});
  });
}

/** Take another transition in this step. */
function take(c) {
  const k = state.k;
  state.moves = [...state.trace.steps.slice(0, k).map((step) => step.taken), c];
  attempt(async () => {
    await loadTrace(() => k);
    at("undo").focus({preventScroll: true});
  });
}

const on = (id, event, act) => at(id).addEventListener(event, act);
const step = (k) => attempt(() => show(k));

on("form", "submit", (event) => {
  event.preventDefault();
  attempt(() => read({text: at("text").value}), hideResult);
});
on("text", "keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); at("form").requestSubmit(); }
});
on("open", "click", () => at("file").click());
on("file", "change", () => {
  const [file] = at("file").files;
  if (file) attempt(async () => read({conllu: await textOf(file), name: file.name}), hideResult);
  at("file").value = "";
});
on("sentence", "change", () => attempt(() => openSentence(Number(at("sentence").value)), hideTree));
on("previous-sentence", "click", () => attempt(() => openSentence(state.sentence - 1), hideTree));
on("next-sentence", "click", () => attempt(() => openSentence(state.sentence + 1), hideTree));
on("save-svg", "click", () => download(`sentence-${state.sentence + 1}.svg`, "image/svg+xml", state.trace.svg));
on("save-conllu", "click", () => download(`sentence-${state.sentence + 1}.conllu`, "text/plain", state.trace.conllu));
on("show-gold", "click", () => {
  const shown = at("gold-tree").hidden;
  at("gold-tree").hidden = !shown;
  at("show-gold").setAttribute("aria-expanded", shown);
  at("show-gold").textContent = shown ? "Hide the gold tree" : "Show the gold tree";
});
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
on("first", "click", () => step(0));
on("back", "click", () => step(state.k - 1));
on("on", "click", () => step(state.k + 1));
on("last", "click", () => step(state.trace.steps.length));
on("slider", "input", () => step(Number(at("slider").value)));
on("against", "change", () => { state.against = at("against").value || null; attempt(showDetails); });
on("all-scores", "click", () => { state.allScores = !state.allScores; attempt(showDetails); });
on("all-parts", "click", () => { state.allParts = !state.allParts; attempt(showDetails); });
for (const choice of document.querySelectorAll("[name=by]")) {
  choice.addEventListener("change", () => { state.by = choice.value; attempt(showDetails); });
}
document.addEventListener("keydown", (event) => {
  if (!state.trace || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("textarea, select, input")) return;
  const k = {ArrowLeft: state.k - 1, ArrowRight: state.k + 1, Home: 0, End: state.trace.steps.length}[event.key];
  if (k === undefined) return;
  event.preventDefault();
  step(k);
});

attempt(async () => {
  const model = await request("page/model");
  const {m, d, H, C, V} = model.sizes;
  at("model").textContent = `${model.name} · ${model.system} · m = ${m} slots, d = ${d}, H = ${H}, C = ${C} transitions, V = ${counted(V)} rows`;
  state.size = model.size;
  if (!model.reads_text) {
    at("text").disabled = at("form").querySelector("[type=submit]").disabled = true;
    at("text").value = "This model cannot read raw text. Open a CoNLL-U file with tags.";
  }
});

// What happens when the user opens a sentence, goes to a step, or chooses a transition.
import {showAgainst, showParts, showScores} from "./attribution.js";
import {goToCard, showNumbers} from "./computation.js";
import {at, request, RequestError} from "./dom.js";
import {showLearning, showOutcome} from "./learning.js";
import {updateAddress} from "./link.js";
import {stop} from "./play.js";
import {fold, read, showNotes, showSource} from "./sources.js";
import {closeDecision, forget, numbersOf, question, readTrace, state} from "./state.js";
import {drawTimeline, showConfiguration} from "./steps.js";
import {drawTree, markChanged, showStep, tint} from "./tree.js";

let traces = 0, latest = 0; // numbers of the latest trace and of the latest request; answers to earlier ones are ignored

export async function attempt(act, onError = () => {}) {
  at("error").hidden = true;
  try {
    await act();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    stop();
    at("error").textContent = error.message;
    at("error").hidden = false;
    onError();
  }
}

/** Read a source and show a sentence of it; `wanted` names the sentence, the step and what is chosen there. */
export function open(source, wanted = {}) {
  return attempt(async () => {
    if (await read(source)) {
      const last = state.sentences.length - 1;
      await openSentence(Math.min(Math.max(wanted.sentence ?? 0, 0), last), wanted);
    }
  }, hideResult);
}

export async function openSentence(sentence, {k = null, of = null, target = null, moves = [], followGold = false} = {}) {
  Object.assign(state, {sentence, moves, followGold: followGold && state.sentences[sentence].gold, lessons: [], outcomes: []});
  await loadTrace((trace) => k ?? closeDecision(trace), {of, target});
  fold(true);
  showSource();
}

/** Load the trace of the sentence, and show the step that `where` returns for it. */
export async function loadTrace(where, chosen) {
  const mine = ++traces;
  latest++;
  stop();
  at("result").classList.add("waiting");
  try {
    const trace = await readTrace();
    if (mine !== traces) return;
    state.trace = trace;
    forget();
    showTrace(trace);
    if (trace.steps) await show(where(trace), chosen); // where() may change what is chosen
  } finally {
    if (mine === traces) at("result").classList.remove("waiting");
  }
}

function showTrace(trace) {
  at("result").hidden = false;
  at("steps").hidden = !trace.steps;
  at("details").hidden = true;
  at("score").textContent = trace.gold ? score(trace) : "";
  at("follow").hidden = !trace.steps;
  at("follow").querySelector(`[value=${state.followGold ? "oracle" : "predicted"}]`).checked = true;
  at("manual").hidden = !state.moves.length;
  at("manual").firstElementChild.textContent = `You chose the transition in step ${state.moves.length}.`;
  at("gold").hidden = !trace.gold;
  drawTree(trace, step);
  if (trace.steps) drawTimeline(trace, step);
  else tint(null);
  showNotes([...state.notes, ...(trace.steps ? [] : [tooLong(trace)])]);
  showOutcome(state.lessons, state.outcomes, trace.words);
  markChanged(state.outcomes.at(-1)?.changed ?? []);
}

const tooLong = ({words}) => `This sentence has ${words.length} words; steps are shown for at most ${state.words} (option --max-words). Its tree can be saved.`;

/** After an error nothing of an earlier text may be shown or saved. */
export function hideResult() {
  state.trace = null;
  traces++;
  latest++;
  at("result").hidden = true;
  at("example").value = "";
  fold(false);
}

function score(trace) {
  const right = trace.heads.map((head, i) => head === trace.gold.heads[i]);
  const labeled = right.filter((is, i) => is && trace.labels[i] === trace.gold.labels[i]).length;
  return `Correct heads: ${right.filter(Boolean).length} of ${right.length}, with the correct label: ${labeled}.${labeled < right.length ? " Wrong arcs are dashed." : ""}`;
}

/** Show step k. */
export async function show(k, {of = null, target = null} = {}) {
  const trace = state.trace;
  Object.assign(state, {k: Math.max(0, Math.min(k, trace.steps.length)), of, target});
  showConfiguration(trace, state.k, step);
  showStep(trace, state.k);
  await showDetails();
}

/** Show scores, attribution, learning and computation of the step. */
export async function showDetails() {
  const {trace, k} = state, step = trace.steps[k];
  updateAddress();
  at("details").hidden = !step;
  if (!step) { tint(null); return; }
  const mine = ++latest;
  let found;
  try {
    found = await numbersOf(k, state.of, state.against, state.target);
  } catch (error) {
    if (mine === latest) at("details").hidden = true; // what is there belongs to another step
    throw error;
  }
  if (mine !== latest) return;
  showScores(trace, step, found, state.allScores, {choose: chooseScore, take, learn: chooseTarget});
  showAgainst(found, state.against);
  tint(showParts(trace, found, state.by, state.allParts));
  showLearning(step, found, state.target, goToCard);
  showNumbers(found);
  const near = [k + 1, k - 1].filter((other) => trace.steps[other]);
  if (state.of === null && state.target === null) near.forEach((other) => numbersOf(other, null, state.against, null).catch(() => {}));
}

function chooseScore(c) {
  state.of = c;
  if (Number(state.against) === c && state.against !== "") state.against = "runner-up";
  openTab("reasons");
  attempt(async () => {
    await showDetails();
    at("scores").querySelector(".chosen .name")?.focus({preventScroll: true});
    revealPane();
  });
}

/** Show the loss as if a transition were right. */
function chooseTarget(c) {
  state.target = c;
  openTab("learning");
  attempt(async () => {
    await showDetails();
    at("target").focus({preventScroll: true});
    revealPane();
  });
}

/** Scroll to reasons or gradients where they are below the scores, as on phones. */
function revealPane() {
  if (matchMedia("(max-width: 63.99rem)").matches) at("why-pane").scrollIntoView({block: "nearest"});
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

/** One step of SGD on this configuration and target. */
export function learn() {
  const {k, trace} = state;
  attempt(async () => {
    const {loss} = await numbersOf(k, state.of, state.against, state.target);
    const lesson = {moves: trace.steps.slice(0, k).map((step) => step.taken), target: loss.target, learning_rate: Number(at("rate").value)};
    const outcome = await request("page/learn", {...question(), lessons: [...state.lessons, lesson]});
    state.lessons = [...state.lessons, lesson];
    state.outcomes = [...state.outcomes, {...outcome, name: loss.target_name}];
    await showAgain(trace, k, loss.target);
    at("learned").scrollIntoView({block: "nearest"});
  });
}

/** After learning: the same step if the parser comes to the same configuration, else the first one that is different. */
function showAgain(before, k, target) {
  const taken = before.steps.slice(0, k).map((step) => step.taken);
  const chosen = {target};
  return loadTrace((trace) => {
    const other = taken.findIndex((transition, i) => trace.steps[i]?.taken !== transition);
    if (other >= 0) chosen.target = null;
    return other < 0 ? k : other;
  }, chosen);
}

export function unlearn() {
  const {k, target, trace} = state;
  state.lessons = state.lessons.slice(0, -1);
  state.outcomes = state.outcomes.slice(0, -1);
  attempt(async () => {
    await showAgain(trace, k, target);
    at("learn").focus({preventScroll: true});
  });
}

export function openTab(name) {
  for (const each of ["reasons", "learning"]) {
    at(each).hidden = each !== name;
    at(`${each}-tab`).setAttribute("aria-selected", each === name);
    at(`${each}-tab`).tabIndex = each === name ? 0 : -1;
  }
}

/** Draw the tree anew, with or without the gold tree. */
export function redraw() {
  drawTree(state.trace, step);
  markChanged(state.outcomes.at(-1)?.changed ?? []);
  return attempt(() => show(state.k, state));
}

/** Show step k, which the user has chosen. */
export function step(k) {
  stop();
  return attempt(() => show(k));
}

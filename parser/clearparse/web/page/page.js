// What the page knows, what a user can do, and what is then shown.
import {ask, at, counted, el, Refused, save} from "./dom.js";
import {showNumbers} from "./numbers.js";
import {drawTimeline, showConfiguration} from "./steps.js";
import {drawGold, drawTree, showStep, tint} from "./tree.js";
import {showAgainst, showParts, showScores} from "./why.js";

const state = {
  size: Infinity, // bytes that the server takes at once
  sentences: [], sentence: 0, // those that were read, and the one that is shown
  followGold: false, moves: [], // whose way the walk goes, and moves that a user took
  walk: null, k: 0, // its steps, and the one that is shown; k = their number: the end
  of: null, against: "runner-up", by: "word", allScores: false, allParts: false,
};
let numbers = new Map(); // answers about steps of this walk
let asked = 0; // the newest question; answers to older ones are not shown

async function trying(act) {
  at("error").hidden = true;
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    at("error").textContent = error.message;
    at("error").hidden = false;
  }
}

/** The text of a file. Throws Refused. */
async function textOf(file) {
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(await file.arrayBuffer());
  } catch {
    throw new Refused(`${file.name}: not UTF-8 text`);
  }
}

/** Read a text or a file, and show its first sentence. */
async function read(question) {
  const size = new Blob([JSON.stringify(question)]).size;
  if (size > state.size) throw new Refused(`This is ${counted(size)} bytes; ${counted(state.size)} may be sent (--max-size of serve.py).`);
  const mine = ++asked;
  at("asked").textContent = "…";
  try {
    const found = await ask("page/read", question);
    if (mine !== asked) return;
    at("notes").replaceChildren(...found.notes.map((note) => el("li", {}, note)));
    at("notes").hidden = !found.notes.length;
    if (!found.sentences.length) throw new Refused("There is no sentence in it.");
    state.sentences = found.sentences;
    at("sentence").replaceChildren(...found.sentences.map(({text}, i) =>
      el("option", {value: i}, `${i + 1}. ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`)));
    at("sentences").hidden = found.sentences.length === 1;
    state.followGold = false;
    at("way").querySelector("[value=parser]").checked = true;
    await open(0);
  } finally {
    if (mine === asked || at("asked").textContent === "…") at("asked").textContent = "";
  }
}

/** Show a sentence: its tree first. */
async function open(sentence) {
  state.sentence = sentence;
  state.moves = [];
  at("sentence").value = sentence;
  at("previous-sentence").disabled = sentence === 0;
  at("next-sentence").disabled = sentence === state.sentences.length - 1;
  await goWalk((walk) => walk.steps.length);
}

function question() {
  const {conllu, gold} = state.sentences[state.sentence];
  return {conllu, gold, follow_gold: state.followGold, moves: state.moves};
}

/** Ask for the walk anew, and show the step that `where` names in it. */
async function goWalk(where) {
  const mine = ++asked;
  const walk = await ask("page/explain", question());
  if (mine !== asked) return;
  state.walk = walk;
  numbers = new Map();
  at("result").hidden = false;
  at("way").hidden = !walk.gold;
  at("score").hidden = !walk.gold;
  if (walk.gold) at("score").textContent = score(walk);
  at("hand").hidden = !state.moves.length;
  at("hand").firstElementChild.textContent = `You chose the move in step ${state.moves.length}.`;
  drawTree(walk, chooseArc);
  drawGold(walk);
  drawTimeline(walk, step);
  await show(where(walk));
}

function score(walk) {
  const right = walk.heads.map((head, i) => head === walk.gold.heads[i]);
  const labelled = right.filter((is, i) => is && walk.labels[i] === walk.gold.labels[i]).length;
  return `Of ${right.length} words ${right.filter(Boolean).length} have the gold tree’s head, ${labelled} with its label. Arcs that differ are broken lines.`;
}

/** Show step k. */
async function show(k) {
  const walk = state.walk;
  state.k = Math.max(0, Math.min(k, walk.steps.length));
  state.of = null;
  showConfiguration(walk, state.k);
  showStep(walk, state.k);
  await showInside();
}

/** Scores, parts and numbers of the step. */
async function showInside() {
  const {walk, k} = state, step = walk.steps[k];
  at("inside").hidden = !step;
  if (!step) { tint(null); return; }
  const mine = ++asked;
  const found = await numbersOf(k, state.of, state.against);
  if (mine !== asked) return;
  showScores(walk, step, found, state.allScores, chooseScore, take);
  showAgainst(found, state.against);
  tint(showParts(walk, found, state.by, state.allParts));
  showNumbers(walk, found);
  if (state.of === null) [k + 1, k - 1].filter((near) => walk.steps[near]).forEach((near) => numbersOf(near, null, state.against).catch(() => {}));
}

function numbersOf(k, of, against) {
  const key = `${k} ${of} ${against}`;
  if (!numbers.has(key)) {
    const answer = ask("page/numbers", {...question(), step: k, of, against});
    numbers.set(key, answer);
    answer.catch(() => numbers.delete(key));
  }
  return numbers.get(key);
}

function chooseArc(k) {
  trying(async () => {
    await show(k);
    at("why-title").scrollIntoView({block: "nearest", behavior: smooth()});
  });
}

const smooth = () => matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

function chooseScore(c) {
  state.of = c;
  if (Number(state.against) === c && state.against !== "") state.against = "runner-up";
  trying(async () => {
    await showInside();
    at("scores").querySelector(".chosen .name")?.focus({preventScroll: true});
  });
}

/** Take a transition instead of the one that was taken in this step. */
function take(c) {
  const k = state.k;
  state.moves = [...state.walk.steps.slice(0, k).map((step) => step.taken), c];
  trying(async () => {
    await goWalk(() => k);
    at("undo").focus({preventScroll: true});
  });
}

const on = (id, event, act) => at(id).addEventListener(event, act);
const step = (k) => trying(() => show(k));

on("ask", "submit", (event) => {
  event.preventDefault();
  trying(() => read({text: at("text").value}));
});
on("text", "keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); at("ask").requestSubmit(); }
});
on("open", "click", () => at("file").click());
on("file", "change", () => {
  const [file] = at("file").files;
  if (file) trying(async () => read({conllu: await textOf(file), name: file.name}));
  at("file").value = "";
});
on("sentence", "change", () => trying(() => open(Number(at("sentence").value))));
on("previous-sentence", "click", () => trying(() => open(state.sentence - 1)));
on("next-sentence", "click", () => trying(() => open(state.sentence + 1)));
on("save-svg", "click", () => save(`sentence-${state.sentence + 1}.svg`, "image/svg+xml", state.walk.svg));
on("save-conllu", "click", () => save(`sentence-${state.sentence + 1}.conllu`, "text/plain", state.walk.conllu));
on("show-gold", "click", () => {
  const shown = at("gold-tree").hidden;
  at("gold-tree").hidden = !shown;
  at("show-gold").setAttribute("aria-expanded", shown);
  at("show-gold").textContent = shown ? "Hide the gold tree" : "Show the gold tree";
});
on("way", "change", () => {
  state.followGold = at("way").querySelector(":checked").value === "gold";
  state.moves = [];
  trying(() => goWalk((walk) => Math.min(state.k, walk.steps.length)));
});
on("undo", "click", () => {
  const k = state.k;
  state.moves = [];
  trying(async () => {
    await goWalk((walk) => Math.min(k, walk.steps.length));
    at("steps").focus({preventScroll: true});
  });
});
on("first", "click", () => step(0));
on("back", "click", () => step(state.k - 1));
on("on", "click", () => step(state.k + 1));
on("last", "click", () => step(state.walk.steps.length));
on("slider", "input", () => step(Number(at("slider").value)));
on("against", "change", () => { state.against = at("against").value || null; trying(showInside); });
on("all-scores", "click", () => { state.allScores = !state.allScores; trying(showInside); });
on("all-parts", "click", () => { state.allParts = !state.allParts; trying(showInside); });
for (const choice of document.querySelectorAll("[name=by]")) {
  choice.addEventListener("change", () => { state.by = choice.value; trying(showInside); });
}
document.addEventListener("keydown", (event) => {
  if (!state.walk || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("textarea, select, input")) return;
  const k = {ArrowLeft: state.k - 1, ArrowRight: state.k + 1, Home: 0, End: state.walk.steps.length}[event.key];
  if (k === undefined) return;
  event.preventDefault();
  step(k);
});

trying(async () => {
  const model = await ask("page/model");
  const {m, d, H, C, V} = model.sizes;
  at("model").textContent = `${model.name} · ${model.system} · m = ${m} slots, d = ${d}, H = ${H}, C = ${C} transitions, V = ${counted(V)} rows`;
  state.size = model.size;
  if (!model.reads_text) {
    at("text").disabled = at("ask").querySelector("[type=submit]").disabled = true;
    at("text").value = "This model reads no text; open a CoNLL-U file with tags.";
  }
});

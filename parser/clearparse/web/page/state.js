// What the page shows, and the server's answers about it.
import {counted, request, RequestError} from "./dom.js";
import {isClose} from "./steps.js";

export const state = {
  models: [], model: null, size: Infinity, words: Infinity, // the models, the name of the one in use, limits of a request
  source: null, // where the sentences come from: {text}, {sample: true} or {conllu, name}
  notes: [], // about the input
  sentences: [], sentence: 0, // all sentences, and the index of the one shown
  followGold: false, moves: [], // follow the oracle? transitions that the user has chosen
  lessons: [], outcomes: [], // what the parser has learned from this sentence, and what each lesson changed
  trace: null, k: 0, // the steps of the sentence, and the index of the one shown; k = number of steps is the end
  of: null, against: "runner-up", target: null, // the transitions that are explained, compared with, and taken to be right
  by: "word", allScores: false, allParts: false,
};

let answers = new Map(); // about the steps of this trace

/** The sentence, and the transitions and lessons that the user has chosen, as the server reads them. */
export function question() {
  const {conllu, gold} = state.sentences[state.sentence];
  return {model: state.model, conllu, gold, follow_gold: state.followGold, moves: state.moves, lessons: state.lessons};
}

/** The sentences of a source. Throws RequestError. */
export async function readSource(source) {
  const asked = {model: state.model, ...source}, size = new Blob([JSON.stringify(asked)]).size;
  if (size > state.size) throw new RequestError(`The request has ${counted(size)} bytes; the limit is ${counted(state.size)} (option --max-size).`);
  const found = await request("page/read", asked);
  if (!found.sentences.length) throw new RequestError("There is no sentence in the input.");
  return found;
}

/** The steps of the sentence. Throws RequestError. */
export const readTrace = () => request("page/explain", question());

/** Forget the answers about an earlier trace. */
export function forget() {
  answers = new Map();
}

/** Scores, attribution, computation and gradients at step k. Throws RequestError. */
export function numbersOf(k, of, against, target) {
  const key = `${k} ${of} ${against} ${target}`;
  if (!answers.has(key)) {
    const answer = request("page/numbers", {...question(), step: k, of, against, target});
    answers.set(key, answer);
    const kept = answers;
    answer.catch(() => kept.delete(key));
  }
  return answers.get(key);
}

/** The first step with a close decision; without one, the closest. */
export function closeDecision(trace) {
  const free = trace.steps.map((step, k) => ({...step, k})).filter((step) => !step.forced);
  const first = free.find(isClose);
  return first ? first.k : free.reduce((least, step) => step.p < least.p ? step : least, {p: 2, k: 0}).k;
}

// One step: the transition, stack and buffer, and the oracle's advice.
import {at, percent, el} from "./dom.js";

const DOES = {
  SHIFT: "Moves the first word of the buffer to the stack.",
  SWAP: "Moves the second word of the stack back to the buffer.",
};
const ADDRESSED = 4; // words of stack and buffer whose address is shown

const form = (trace, word) => word ? trace.words[word - 1].form : "ROOT";

/** Is the transition of a step an error, by the gold tree? */
export function isError(trace, step) {
  return step.cost > step.least || wrongLabel(trace, step);
}

function wrongLabel(trace, step) {
  if (!trace.gold || !step.arc) return false;
  const [head, word, label] = step.arc;
  return trace.gold.heads[word - 1] === head && trace.gold.labels[word - 1] !== label;
}

/** Is it a close decision? */
export const isClose = (step) => !step.forced && step.p < 0.8;

/** Show step k; k = number of steps is the end. go(k) is called when an earlier step is chosen. */
export function showConfiguration(trace, k, go) {
  const n = trace.steps.length, step = trace.steps[k];
  at("slider").max = n;
  at("slider").value = k;
  at("slider").setAttribute("aria-valuetext", step ? `step ${k + 1} of ${n}: ${step.name}` : "the end");
  at("count").textContent = step ? `${k + 1} / ${n}` : `${n} / ${n} ✓`;
  for (const id of ["first", "back"]) at(id).disabled = k === 0;
  for (const id of ["on", "last", "play"]) at(id).disabled = k === n;
  at("caption").replaceChildren(...(step ? caption(trace, step, k, go) : [
    `The tree is complete after ${n} steps. Choose an arc to see why it was added, or step back.`]));
  [...at("timeline").children].forEach((mark, i) => {
    mark.classList.toggle("past", i < k);
    mark.classList.toggle("now", i === k);
  });
  at("configuration").hidden = !step;
  at("advice").hidden = !(step && trace.gold);
  if (step && trace.gold) showAdvice(trace, step);
  at("configuration").dir = trace.right_to_left ? "rtl" : "ltr";
  wordList("stack", trace, step ? step.stack : [], "s", true);
  wordList("buffer", trace, step ? step.buffer : [], "b", false);
}

/** One mark for each step, in the color of its transition, and the legend. go(k) is called when a mark is clicked. */
export function drawTimeline(trace, go) {
  at("timeline").dir = "ltr";
  at("timeline").replaceChildren(...trace.steps.map((step, k) => el("i", {
    class: `${step.move}${isError(trace, step) ? " bad" : ""}${isClose(step) ? " close" : ""}`, title: `${k + 1}: ${step.name}${step.forced ? "" : `, ${percent(step.p)}`}`, click: () => go(k),
  })));
  const moves = [...new Set(trace.steps.map((step) => step.move))];
  at("legend").replaceChildren(...moves.map((move) => el("li", {}, el("i", {class: move}), move)),
    ...(trace.steps.some(isClose) ? [el("li", {}, el("i", {class: "close"}), "close decision")] : []),
    ...(trace.gold ? [el("li", {}, el("i", {class: "bad"}), "error")] : []));
}

function caption(trace, step, k, go) {
  const parts = [el("b", {class: `move ${step.move}`}, step.name), " "];
  if (step.arc) {
    const [head, word] = step.arc;
    const [from, to, its] = [head, word, word].map((w) => el("bdi", {}, form(trace, w))); // isolated: Arabic words do not reverse the arrow
    parts.push(el("b", {}, from), " → ", el("b", {}, to), ". “", its, `” ${has(trace, word, k)}. `);
  } else parts.push(`${DOES[step.move]} `);
  const probability = step.forced ? "No other transition is legal here." : `Probability ${percent(step.p)}.`;
  parts.push(el("span", {class: "quiet"}, probability));
  if (step.taken !== step.best) parts.push(el("span", {class: "quiet"}, " The parser predicts a different transition."));
  parts.unshift(el("span", {class: "hidden"}, `Step ${k + 1}: `));
  const lost = lostHead(trace, step, k);
  if (lost) {
    parts.push(" ", el("button", {type: "button", class: "small", click: () => go(lost.k)},
      "“", el("bdi", {}, form(trace, lost.word)), `” left the stack in step ${lost.k + 1}, a close decision`));
  }
  return parts;
}

/** The word between head and dependent that was last removed by a close decision, and its step: from then on, it could not be the head. */
function lostHead(trace, {arc}, k) {
  if (!arc) return null;
  const [from, to] = arc.slice(0, 2).sort((a, b) => a - b);
  for (let earlier = k - 1; earlier >= 0; earlier--) {
    const before = trace.steps[earlier], after = new Set([...trace.steps[earlier + 1].stack, ...trace.steps[earlier + 1].buffer]);
    const word = before.stack.find((each) => each > from && each < to && !after.has(each));
    if (word && isClose(before)) return {word, k: earlier};
  }
  return null;
}

/** What an arc means for its dependent. */
function has(trace, word, k) {
  const next = trace.steps[k + 1];
  const gone = next && !next.stack.includes(word) && !next.buffer.includes(word);
  return gone ? "leaves the stack: no later word can depend on it" : "now has its head";
}

function showAdvice(trace, step) {
  const estimate = trace.exact ? "" : " (an estimate: this gold tree or this oracle has no exact costs here)";
  let text = "This transition makes no gold arc unreachable.";
  if (step.cost === null) text = "This transition system has a static oracle: it gives no advice after a transition that is not the oracle’s.";
  else if (step.cost > step.least) text = `An error: this transition makes ${arcs(step.cost)} unreachable; the best transition loses ${step.least || "none"}${estimate}.`;
  else if (wrongLabel(trace, step)) text = `Correct head, wrong label: the gold label is ${trace.gold.labels[step.arc[1] - 1]}.`;
  else if (step.cost) text = `No transition is better: each makes at least ${arcs(step.cost)} unreachable${estimate}.`;
  at("advice").textContent = text;
  at("advice").classList.toggle("bad", isError(trace, step));
}

const arcs = (n) => n === 1 ? "1 gold arc" : `${n} gold arcs`;

/** The words of the stack, whose top comes last, or of the buffer, whose front comes first. */
function wordList(id, trace, words, letter, topLast) {
  const items = words.map((word, i) => {
    const place = topLast ? words.length - 1 - i : i;
    return el("li", {class: word ? null : "root", "data-word": word},
      place < ADDRESSED ? el("span", {class: "address"}, `${letter}${place}`) : null,
      el("span", {class: "form"}, form(trace, word)),
      el("span", {class: "tag"}, word ? trace.words[word - 1].upos : "\u00a0"));
  });
  at(id).replaceChildren(...(items.length ? items : [el("li", {class: "empty"}, "empty")]));
  at(id).scrollLeft = topLast ? (trace.right_to_left ? -1 : 1) * at(id).scrollWidth : 0;
}

// The configuration of a step: caption, stack and buffer, what the gold tree says.
import {at, chance, el} from "./dom.js";

const DOES = {
  SHIFT: "The front of the buffer goes onto the stack.",
  SWAP: "The two words on top of the stack go back into the buffer, in the other order.",
};

const form = (walk, word) => word ? walk.words[word - 1].form : "ROOT";

/** Fill all that tells of step k; k = number of steps is the end. */
export function showConfiguration(walk, k) {
  const n = walk.steps.length, step = walk.steps[k];
  at("slider").max = n;
  at("slider").value = k;
  at("slider").setAttribute("aria-valuetext", step ? `step ${k + 1} of ${n}: ${step.name}` : "the end");
  at("count").textContent = step ? `${k + 1} / ${n}` : `${n} / ${n} ✓`;
  for (const id of ["first", "back"]) at(id).disabled = k === 0;
  for (const id of ["on", "last"]) at(id).disabled = k === n;
  at("caption").replaceChildren(...(step ? caption(walk, step, k) : [
    `The tree is done, in ${n} steps. Choose an arc to see why it was made, or step back.`]));
  [...at("timeline").children].forEach((mark, i) => {
    mark.classList.toggle("past", i < k);
    mark.classList.toggle("now", i === k);
  });
  at("configuration").hidden = !step;
  at("lesson").hidden = !(step && walk.gold);
  if (step && walk.gold) showLesson(walk, step);
  pile("stack", walk, step ? step.stack : [], "s", true);
  pile("buffer", walk, step ? step.buffer : [], "b", false);
}

/** A mark for each step in the colour of its move. go(k) is called when one is chosen. */
export function drawTimeline(walk, go) {
  at("timeline").replaceChildren(...walk.steps.map((step, k) => el("i", {
    class: `${step.move}${step.cost > step.least ? " bad" : ""}`, title: `${k + 1}: ${step.name}`, click: () => go(k),
  })));
}

function caption(walk, step, k) {
  const parts = [el("b", {class: `move ${step.move}`}, step.name), " "];
  if (step.arc) {
    const [head, word] = step.arc;
    parts.push(el("b", {}, form(walk, head)), " → ", el("b", {}, form(walk, word)), `. “${form(walk, word)}” has its head and leaves the stack. `);
  } else parts.push(`${DOES[step.move]} `);
  const sure = step.forced ? "Nothing else is legal here." : `The parser gives it ${chance(step.p)}.`;
  parts.push(el("span", {class: "quiet"}, sure));
  if (step.taken !== step.best) parts.push(el("span", {class: "quiet"}, " It would have chosen another."));
  parts.unshift(el("span", {class: "hidden"}, `Step ${k + 1}: `));
  return parts;
}

function showLesson(walk, step) {
  const off = walk.exact ? "" : "; off the way to this gold tree that is an estimate";
  let text = "The gold tree stays within reach.", bad = false;
  if (step.cost === null) text = "The oracle of this transition system knows only the way to the gold tree, which has been left.";
  else if (step.cost > step.least) {
    bad = true;
    text = `An error: this move puts ${arcs(step.cost)} of the gold tree out of reach, the best one ${arcs(step.least)}${off}.`;
  } else if (step.arc && walk.gold.heads[step.arc[1] - 1] === step.arc[0] && walk.gold.labels[step.arc[1] - 1] !== step.arc[2]) {
    bad = true;
    text = `The right arc with the wrong label: the gold tree has ${walk.gold.labels[step.arc[1] - 1]}.`;
  } else if (step.cost) text = `No move is better: each puts ${arcs(step.cost)} or more out of reach${off}.`;
  at("lesson").textContent = text;
  at("lesson").classList.toggle("bad", bad);
}

const arcs = (n) => n === 0 ? "no arc" : n === 1 ? "1 arc" : `${n} arcs`;

/** The words on the stack, its top at the end, or in the buffer, its front at the start. */
function pile(id, walk, words, letter, fromEnd) {
  const items = words.map((word, i) => {
    const place = fromEnd ? words.length - 1 - i : i;
    return el("li", {class: word ? null : "root", "data-word": word},
      el("span", {class: "form"}, form(walk, word)),
      el("span", {class: "tag"}, word ? walk.words[word - 1].upos : "·"),
      place < 4 ? el("span", {class: "address"}, `${letter}${place}`) : null);
  });
  at(id).replaceChildren(...(items.length ? items : [el("li", {class: "empty"}, "empty")]));
  at(id).scrollLeft = fromEnd ? at(id).scrollWidth : 0;
}

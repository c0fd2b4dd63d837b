// The scores of all transitions, and the attribution of one of them to words, channels and slots.
import {at, counted, decimal, el, percent, signed} from "./dom.js";

const FEW_SCORES = 8, FEW_ON_PHONES = 3, FEW_PARTS = 14;

/**
 * The table of scores. Its actions: choose(c) shows the attribution of a score, take(c) takes this transition instead,
 * learn(c) shows the loss as if it were right.
 */
export function showScores(trace, step, numbers, all, actions) {
  const order = numbers.scores.map((_, c) => c).sort((a, b) => {
    const [s, t] = [numbers.scores[a], numbers.scores[b]];
    return t.legal - s.legal || t.theta - s.theta;
  });
  const legal = numbers.scores.filter((score) => score.legal).length;
  const kept = new Set([numbers.of, step.taken, step.best, step.target]);
  const few = matchMedia("(max-width: 40rem)").matches ? FEW_ON_PHONES : FEW_SCORES;
  const rows = order.filter((c, place) => all || (place < few && numbers.scores[c].legal) || kept.has(c));
  const least = Math.min(...numbers.scores.map((score) => score.cost ?? Infinity));
  at("scores").tBodies[0].replaceChildren(...rows.map((c) => scoreRow(trace, step, numbers, c, least, actions)));
  at("scores").classList.toggle("with-gold", step.cost !== null);
  const more = at("all-scores");
  more.hidden = order.length <= few;
  more.textContent = all ? "Show fewer" : `Show all ${counted(order.length)} (${counted(legal)} legal)`;
  more.setAttribute("aria-expanded", all);
}

function scoreRow(trace, step, numbers, c, least, {choose, take, learn}) {
  const score = numbers.scores[c];
  const bar = el("span", {class: "meter"}, el("i"));
  bar.firstChild.style.width = `${100 * score.p}%`;
  const notes = el("td", {class: "notes"});
  if (c === step.taken) notes.append(el("span", {class: "badge taken"}, "taken"));
  else if (c === step.best) notes.append(el("span", {class: "badge predicted"}, "predicted"));
  if (c === step.target) notes.append(el("span", {class: "badge gold"}, "target"));
  if (!score.legal) notes.append(el("span", {class: "badge illegal"}, "illegal"));
  else if (c !== step.taken) notes.append(el("button", {type: "button", class: "small", click: () => take(c), "aria-label": `Take ${score.name} instead`}, "take"));
  if (score.legal) notes.append(el("button", {type: "button", class: "small", click: () => learn(c), "aria-pressed": String(numbers.loss?.target === c), "aria-label": `If ${score.name} were right`}, "if right"));
  const cheapest = score.cost !== null && score.cost === least && !score.wrong_label;
  const cost = score.cost === null ? "–" : score.wrong_label ? `${score.cost}, label ✗` : `${score.cost}${cheapest ? " ✓" : ""}`;
  return el("tr", {class: [c === numbers.of ? "chosen" : "", score.legal ? "" : "illegal"].join(" ").trim() || null},
    el("th", {scope: "row"}, el("button", {type: "button", class: "name", "aria-pressed": String(c === numbers.of), click: () => choose(c)}, score.name), attached(trace, step, score)),
    el("td", {class: "probability"}, bar, el("span", {}, score.legal ? percent(score.p) : "–")),
    el("td", {class: "number"}, decimal(score.theta)),
    el("td", {class: `number gold-only${cheapest ? " cheapest" : ""}`, title: score.wrong_label ? "the gold label is another one" : null}, cost),
    notes);
}

/** The word that a transition attaches. */
function attached(trace, step, {kind, legal}) {
  const word = step.dependents[["LEFT_ARC", "RIGHT_ARC", "ROOT_ARC"].indexOf(kind)];
  return legal && word ? el("small", {}, trace.words[word - 1].form) : null;
}

/** The transitions that the score can be compared with. */
export function showAgainst(numbers, chosen) {
  const legal = numbers.scores.map((score, c) => ({...score, c})).filter((score) => score.legal && score.c !== numbers.of);
  legal.sort((a, b) => b.theta - a.theta);
  const options = [["runner-up", "best other"], ["", "nothing (the score itself)"], ...legal.map((score) => [score.c, score.name])];
  at("comparison").hidden = !legal.length;
  at("against").replaceChildren(...options.map(([value, text]) => el("option", {value, selected: String(value) === String(chosen)}, text)));
}

/** A score, or the difference of two, as a sum with its largest terms. Returns the contribution of each word. */
export function showParts(trace, numbers, by, all) {
  const {value, b_1, b_2} = numbers.sum;
  const name = (c) => numbers.scores[c].name;
  const slots = numbers.slots.reduce((sum, slot) => sum + slot.part, 0);
  at("sum").replaceChildren(
    el("span", {class: "equation"}, "θ"), el("sub", {}, name(numbers.of)),
    ...(numbers.against === null ? [] : [" − ", el("span", {class: "equation"}, "θ"), el("sub", {}, name(numbers.against))]),
    " = ", el("b", {}, decimal(value)), el("span", {class: "quiet"},
      ` = ${decimal(slots)} (${numbers.slots.length} slots) ${term(b_1)} (b₁) ${term(b_2)} (b₂)`));
  const found = parts(trace, numbers, by).sort((a, b) => Math.abs(b.part) - Math.abs(a.part));
  const most = Math.max(...found.map((each) => Math.abs(each.part)), 1e-9);
  const rows = all ? found : found.slice(0, FEW_PARTS);
  at("parts").replaceChildren(...rows.map((each) => partRow(each, most)));
  at("parts").className = by;
  const more = at("all-parts");
  more.hidden = found.length <= FEW_PARTS;
  more.textContent = all ? "Show fewer" : `Show all ${counted(found.length)}`;
  more.setAttribute("aria-expanded", all);
  const words = new Map();
  for (const slot of numbers.slots) if (slot.word) words.set(slot.word, (words.get(slot.word) ?? 0) + slot.part);
  return words;
}

/** A number as a term of a sum. */
const term = (value) => `${value < 0 ? "−" : "+"} ${decimal(Math.abs(value))}`;

function partRow(each, most) {
  const bar = el("span", {class: "diverging", "aria-hidden": "true"}, el("i", {class: each.part < 0 ? "against" : "for"}));
  bar.firstChild.style.width = `${50 * Math.abs(each.part) / most}%`;
  return el("li", {"data-word": each.word || null}, el("span", {class: "what"}, ...each.what), bar, el("span", {class: "number"}, signed(each.part)));
}

function parts(trace, numbers, by) {
  const biases = [
    {what: ["bias ", el("span", {class: "equation"}, el("var", {}, "b"), el("sub", {}, "1")), el("small", {}, "through the active units")], part: numbers.sum.b_1},
    {what: ["bias ", el("span", {class: "equation"}, el("var", {}, "b"), el("sub", {}, "2"))], part: numbers.sum.b_2},
  ];
  if (by === "slot") return [...numbers.slots.map((slot) => ({what: slotName(trace, slot), part: slot.part, word: slot.word})), ...biases];
  const groups = new Map();
  for (const slot of numbers.slots) {
    const key = by === "channel" ? slot.channel : slot.word === null ? "nowhere" : slot.word;
    if (!groups.has(key)) groups.set(key, {part: 0, addresses: new Set(), word: by === "word" ? slot.word : null});
    const group = groups.get(key);
    group.part += slot.part;
    group.addresses.add(slot.address);
  }
  const grouped = [...groups].map(([key, group]) => ({...group, what: by === "channel" ? [key.replace("_", " "), el("small", {}, `${group.addresses.size} slots`)] : wordName(trace, key, group.addresses)}));
  return [...grouped, ...biases];
}

function wordName(trace, word, addresses) {
  if (word === "nowhere") return [`${addresses.size} addresses without a word`];
  const places = [...addresses].filter((address) => !address.includes("-"));
  return [el("b", {}, word ? trace.words[word - 1].form : "ROOT"), el("small", {}, places.slice(0, 3).join(", "))];
}

function slotName(trace, slot) {
  const sees = slot.known ? `“${slot.sees}”` : slot.sees;
  const word = slot.word ? trace.words[slot.word - 1].form : slot.word === 0 ? "ROOT" : null;
  const about = [slot.address, word && !["form", "lower"].includes(slot.channel) ? ` of ${word}` : "", `, row ${counted(slot.row)} of L`].join("");
  return [`${slot.channel.replace("_", " ")} ${sees}`, el("small", {}, about)];
}

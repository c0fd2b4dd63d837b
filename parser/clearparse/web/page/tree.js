// The tree: the server's SVG, in which arcs are buttons and words show whether they are on the stack or in the buffer.
import {at, el, signed} from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** The SVG as an element of this page, whose style sheet replaces that of the SVG (inline styles are not allowed). */
function parsed(svg, name) {
  const bare = svg.replace(/<style>[^<]*<\/style>/, "");
  const picture = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", name);
  return document.importNode(picture, true);
}

/** Draw the tree of a trace, with the gold tree below it if that is wanted. choose(step, word) is called when an arc is chosen; without steps, arcs are not buttons. */
export function drawTree(trace, choose) {
  const svg = trace.gold && at("show-gold").checked ? trace.gold.svg : trace.svg;
  const picture = parsed(svg, trace.steps ? "Dependency tree; each arc is a button" : "Dependency tree");
  const stepOf = new Map((trace.steps ?? []).flatMap((step, k) => step.arc ? [[step.arc[1], k]] : []));
  for (const arc of picture.querySelectorAll(".arc")) {
    const word = Number(arc.dataset.word);
    const [head, label] = [trace.heads[word - 1], trace.labels[word - 1]];
    const name = head ? `${label}: ${trace.words[head - 1].form} → ${trace.words[word - 1].form}` : `root: ${trace.words[word - 1].form}`;
    const wrong = trace.gold && (trace.gold.heads[word - 1] !== head || trace.gold.labels[word - 1] !== label);
    const correction = wrong ? `; gold: ${goldArc(trace, word)}` : "";
    arc.classList.toggle("wrong", Boolean(wrong));
    if (!trace.steps) continue;
    arc.setAttribute("role", "button");
    arc.setAttribute("tabindex", "0");
    arc.setAttribute("aria-label", `${name}, added in step ${stepOf.get(word) + 1}${correction}`);
    const act = () => choose(stepOf.get(word), word);
    arc.addEventListener("click", act);
    arc.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); }
    });
    const hit = arc.querySelector("path").cloneNode();
    hit.setAttribute("class", "hit");
    arc.prepend(hit);
  }
  for (const node of picture.querySelectorAll(".node")) {
    const text = node.querySelector(".word");
    const box = document.createElementNS(SVG, "rect");
    const width = 9 * [...text.textContent].length + 8;
    for (const [name, value] of Object.entries({
      x: text.getAttribute("x") - width / 2, y: text.getAttribute("y") - 16, width, height: 22, rx: 5,
    })) box.setAttribute(name, value);
    node.prepend(box);
  }
  at("tree").replaceChildren(picture);
}

function goldArc(trace, word) {
  const [head, label] = [trace.gold.heads[word - 1], trace.gold.labels[word - 1]];
  return head ? `${label} of ${trace.words[head - 1].form}` : label;
}

/** Mark the arcs of some words, which learning has changed. */
export function markChanged(words) {
  for (const arc of at("tree").querySelectorAll(".arc")) arc.classList.toggle("changed", words.includes(Number(arc.dataset.word)));
}

/** Mark the arcs added before step k, in it and after it, and which words are on the stack and in the buffer. */
export function showStep(trace, k) {
  const before = new Set(trace.steps.slice(0, k).flatMap((step) => step.arc ? [step.arc[1]] : []));
  const step = trace.steps[k];
  const stack = new Set(step ? step.stack : []), buffer = new Set(step ? step.buffer : []);
  for (const arc of at("tree").querySelectorAll(".arc")) {
    const word = Number(arc.dataset.word), now = Boolean(step && step.arc && step.arc[1] === word);
    arc.classList.toggle("now", now);
    arc.classList.toggle("later", !now && !before.has(word));
  }
  for (const node of at("tree").querySelectorAll(".node")) {
    const word = Number(node.dataset.word);
    node.classList.toggle("on-stack", stack.has(word));
    node.classList.toggle("in-buffer", buffer.has(word));
    node.classList.toggle("gone", Boolean(step) && !stack.has(word) && !buffer.has(word));
  }
  const word = step ? step.buffer[0] ?? step.stack.at(-1) : null;
  reveal(at("tree").querySelector(".arc.now .label") ?? at("tree").querySelector(`.node[data-word="${word}"]`));
}

/** Scroll the tree, and nothing else: sideways to a part of it, and down until the words are visible. */
function reveal(part) {
  const frame = at("trees"), outer = frame.getBoundingClientRect();
  if (part) {
    const box = part.getBoundingClientRect();
    if (box.left < outer.left + 20 || box.right > outer.right - 20) {
      frame.scrollLeft += (box.left + box.right) / 2 - (outer.left + outer.right) / 2;
    }
    frame.scrollTop += Math.min(0, box.top - outer.top - 20);
  }
  const words = at("tree").querySelector(".node").getBoundingClientRect();
  frame.scrollTop += Math.max(0, words.bottom - outer.bottom + 4);
}

/** Color the words by their contribution to a score: contributions is a Map from word to number, or null. */
export function tint(contributions) {
  const most = Math.max(...(contributions ? [...contributions.values()].map(Math.abs) : []), 1e-9);
  for (const node of at("tree").querySelectorAll(".node")) {
    const part = contributions ? contributions.get(Number(node.dataset.word)) : undefined;
    const box = node.querySelector("rect");
    node.classList.toggle("for", part > 0);
    node.classList.toggle("against", part < 0);
    box.setAttribute("fill-opacity", part === undefined ? 0 : 0.06 + 0.5 * Math.abs(part) / most);
    let title = node.querySelector("title");
    if (!title) node.prepend(title = document.createElementNS(SVG, "title"));
    title.textContent = part === undefined ? "" : `contributes ${signed(part)}`;
  }
}

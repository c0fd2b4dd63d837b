// The tree: the server's drawing, with arcs that are buttons and words that show where they are.
import {at, el, signed} from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** The drawing as part of this page, which has a style of its own for it, and lets no other in. */
function parsed(svg, name) {
  const bare = svg.replace(/<style>[^<]*<\/style>/, "");
  const picture = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", name);
  return document.importNode(picture, true);
}

/** Draw a walk's tree. choose(step, word) is called when an arc is chosen. */
export function drawTree(walk, choose) {
  const picture = parsed(walk.svg, "The tree, arc by arc");
  const made = new Map(walk.steps.flatMap((step, k) => step.arc ? [[step.arc[1], k]] : []));
  for (const arc of picture.querySelectorAll(".arc")) {
    const word = Number(arc.dataset.word);
    const [head, label] = [walk.heads[word - 1], walk.labels[word - 1]];
    const name = head ? `${label}: ${walk.words[head - 1].form} → ${walk.words[word - 1].form}` : `root: ${walk.words[word - 1].form}`;
    const wrong = walk.gold && (walk.gold.heads[word - 1] !== head || walk.gold.labels[word - 1] !== label);
    const told = wrong ? `; the gold tree has ${goldArc(walk, word)}` : "";
    arc.classList.toggle("wrong", Boolean(wrong));
    arc.setAttribute("role", "button");
    arc.setAttribute("tabindex", "0");
    arc.setAttribute("aria-label", `${name}, made in step ${made.get(word) + 1}${told}`);
    const act = () => choose(made.get(word), word);
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

function goldArc(walk, word) {
  const [head, label] = [walk.gold.heads[word - 1], walk.gold.labels[word - 1]];
  return head ? `${label} of ${walk.words[head - 1].form}` : label;
}

export function drawGold(walk) {
  at("gold").hidden = !walk.gold;
  if (walk.gold) at("gold-tree").replaceChildren(parsed(walk.gold.svg, "The gold tree"));
}

/** Arcs made before step k, the one made in it, and those to come; where each word is. */
export function showStep(walk, k) {
  const before = new Set(walk.steps.slice(0, k).flatMap((step) => step.arc ? [step.arc[1]] : []));
  const step = walk.steps[k];
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
  const now = at("tree").querySelector(".arc.now .label");
  if (now) reveal(now);
}

/** Scroll the tree sideways, and only the tree, so that something in it is seen. */
function reveal(part) {
  const frame = at("tree"), box = part.getBoundingClientRect(), outer = frame.getBoundingClientRect();
  if (box.left < outer.left + 20 || box.right > outer.right - 20) {
    frame.scrollLeft += (box.left + box.right) / 2 - (outer.left + outer.right) / 2;
  }
}

/** Tint the words by what they add to a score: parts is a Map from word to number; null for none. */
export function tint(parts) {
  const most = Math.max(...(parts ? [...parts.values()].map(Math.abs) : []), 1e-9);
  for (const node of at("tree").querySelectorAll(".node")) {
    const part = parts ? parts.get(Number(node.dataset.word)) : undefined;
    const box = node.querySelector("rect");
    node.classList.toggle("for", part > 0);
    node.classList.toggle("against", part < 0);
    box.setAttribute("fill-opacity", part === undefined ? 0 : 0.06 + 0.5 * Math.abs(part) / most);
    let title = node.querySelector("title");
    if (!title) node.prepend(title = document.createElementNS(SVG, "title"));
    title.textContent = part === undefined ? "" : `adds ${signed(part)}`;
  }
}

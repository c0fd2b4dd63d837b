// Elements, numbers and words, and asking the server.

/** An element: its attributes (a function is a listener, false and null are left out), its children. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export const at = (id) => document.getElementById(id);

/** A number with a minus that is one, and `digits` behind the point. */
export function shown(value, digits = 2) {
  return value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−");
}

export const signed = (value, digits = 2) => (value > 0 ? "+" : "") + shown(value, digits);

export const counted = (value) => value.toLocaleString("en");

/** A probability in words of one look: certain ones do not say 1.000. */
export function chance(p) {
  if (p > 0.9995 && p < 1) return ">\u00a099.9\u00a0%";
  if (p > 0 && p < 0.0005) return "<\u00a00.1\u00a0%";
  return `${shown(100 * p, 1)}\u00a0%`;
}

export class Refused extends Error {}

/** The JSON that the server answers. Throws Refused with its line. */
export async function ask(path, question) {
  const options = question && {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(question),
  };
  let answer;
  try {
    answer = await fetch(path, options || {});
  } catch {
    throw new Refused("The server does not answer; has it been ended?");
  }
  if (!answer.ok) throw new Refused((await answer.text()).trim() || `status ${answer.status}`);
  return answer.json();
}

export function save(name, type, text) {
  const link = el("a", {href: URL.createObjectURL(new Blob([text], {type})), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

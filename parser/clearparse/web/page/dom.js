// DOM elements, formatting of numbers, and requests to the server.

/** An element with attributes (functions become listeners, false and null are omitted) and children. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export const at = (id) => document.getElementById(id);

/** A number with a real minus sign and `digits` decimals. */
export function decimal(value, digits = 2) {
  return value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−");
}

export const signed = (value, digits = 2) => (value > 0 ? "+" : "") + decimal(value, digits);

/** A number with four significant digits, or two and an exponent if it is small. */
export const precise = (value) => (value && Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(4)))).replaceAll("-", "−");

export const counted = (value) => value.toLocaleString("en");

/** A probability in per cent; those next to 0 and 1 are not rounded to them. */
export function percent(p) {
  if (p > 0.9995 && p < 1) return ">\u00a099.9\u00a0%";
  if (p > 0 && p < 0.0005) return "<\u00a00.1\u00a0%";
  return `${decimal(100 * p, 1)}\u00a0%`;
}

export class RequestError extends Error {}

/** The server's JSON answer to a question, which is sent with POST. Throws RequestError with the server's message. */
export async function request(path, question) {
  const options = question && {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(question),
  };
  let answer;
  try {
    answer = await fetch(path, options || {});
  } catch {
    throw new RequestError("The server does not answer. Is it still running?");
  }
  if (!answer.ok) throw new RequestError((await answer.text()).trim() || `status ${answer.status}`);
  return answer.json();
}

export function download(name, type, text) {
  const link = el("a", {href: URL.createObjectURL(new Blob([text], {type})), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Equations written as text: *x* is a variable, _{...} a subscript, ^{...} a superscript.
import {el} from "./dom.js";

/** An equation as an element: equation("*z* = *x**W* + *b*_{1}"). */
export function equation(text) {
  return el("span", {class: "equation"}, ...parse([...text]));
}

/** The nodes of a list of characters, up to its end or to a closing brace; removes what it reads. */
function parse(rest) {
  const nodes = [];
  while (rest.length) {
    const c = rest.shift();
    if (c === "}") break;
    if (c === "*") nodes.push(el("var", {}, rest.splice(0, rest.indexOf("*") + 1).slice(0, -1).join("")));
    else if ("_^".includes(c) && rest[0] === "{") {
      rest.shift();
      nodes.push(el(c === "_" ? "sub" : "sup", {}, ...parse(rest)));
    } else nodes.push(c);
  }
  return nodes;
}

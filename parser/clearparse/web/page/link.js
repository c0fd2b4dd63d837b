// The address of a step: the text or sentence, the step, and what was chosen there, in the part after #.
import {at} from "./dom.js";
import {state} from "./state.js";

const LONGEST = 30_000; // characters; some browsers and mail programs cut longer addresses

/** The part of the address after #, for what is shown. */
export function fragment() {
  const found = new URLSearchParams();
  const {source, sentences, sentence, k, of, target, moves} = state;
  const only = {name: source.name};
  if (source.text !== undefined) found.set("text", source.text);
  else if (source.sample) found.set("sample", "");
  else {
    found.set("conllu", sentences[sentence].conllu);
    found.set("name", only.name);
  }
  if (sentence && source.conllu === undefined) found.set("sentence", sentence + 1);
  found.set("step", k + 1);
  if (of !== null) found.set("transition", of);
  if (target !== null) found.set("target", target);
  if (moves.length) found.set("moves", moves.join("."));
  if (state.followGold) found.set("oracle", "");
  if (state.model !== state.models[0].name) found.set("model", state.model);
  return found.toString();
}

/** The source and the step in an address, or null. */
export function fromFragment(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const source = found.has("text") ? {text: found.get("text")} : found.has("sample") ? {sample: true}
    : found.has("conllu") ? {conllu: found.get("conllu"), name: found.get("name") || "link"} : null;
  if (!source) return null;
  const number = (name) => /^\d+$/.test(found.get(name)) ? Number(found.get(name)) : null;
  return {
    source, sentence: (number("sentence") ?? 1) - 1, k: number("step") === null ? null : number("step") - 1,
    of: number("transition"), target: number("target"), followGold: found.has("oracle"),
    moves: (found.get("moves") || "").split(".").filter(Boolean).map(Number), model: found.get("model"),
  };
}

/** Put what is shown into the address bar. */
export function updateAddress() {
  const hash = fragment();
  history.replaceState(null, "", hash.length > LONGEST ? location.pathname : `#${hash}`);
  if (at("link-text").value !== location.href) at("linked").hidden = true; // it is the link to another step
}

/** Copy the address of the step, or show it where the browser does not allow that. */
export async function copyLink() {
  at("link-text").value = location.href;
  at("linked").hidden = false;
  at("link-text").select();
  at("link-note").textContent = [await isCopied() ? "Copied." : "Copy it.", note()].join(" ");
}

/** Copy the address; pages that come over plain HTTP have only the older command, which copies what is selected. */
async function isCopied() {
  try {
    await navigator.clipboard.writeText(location.href);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

function note() {
  if (!location.hash) return "The sentence is too long for a link: send the file.";
  const lost = state.lessons.length ? " It does not contain what the parser has learned." : "";
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  return (local ? "It opens on this computer only; for others, start the server with --host." : "It opens wherever this server can be reached.") + lost;
}

// Where sentences come from: the text box, a file, the sample treebank, the examples, a link.
import {at, counted, el, RequestError} from "./dom.js";
import {EXAMPLES} from "./examples.js";
import {modelInUse} from "./models.js";
import {readSource, state} from "./state.js";

const LONGEST_SHOWN = 60, LONGEST_TEXT = 20_000; // characters of a sentence in the list, and of the text box

let reads = 0; // number of the latest read; answers to earlier ones are ignored

/** Read the sentences of a source and fill in the list. Returns whether no later read has begun. Throws RequestError. */
export async function read(source) {
  const mine = ++reads;
  at("status").textContent = "…";
  try {
    const found = await readSource(source);
    if (mine !== reads) return false;
    Object.assign(state, {source, sentences: found.sentences, notes: found.notes});
    at("sentence").replaceChildren(...found.sentences.map(({text}, i) =>
      el("option", {value: i}, `${i + 1}. ${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text}`)));
    at("text").value = source.text ?? found.sentences.map(({text}) => text).join("\n").slice(0, LONGEST_TEXT);
    return true;
  } catch (error) {
    if (mine === reads) throw error;
    return false;
  } finally {
    if (mine === reads) at("status").textContent = "";
  }
}

/** Show notes about the input, or hide the list. */
export function showNotes(notes) {
  at("notes").replaceChildren(...notes.map((note) => el("li", {}, note)));
  at("notes").hidden = !notes.length;
}

/** A file as a source. Throws RequestError. */
export async function sourceOf(file) {
  try {
    return {conllu: new TextDecoder("utf-8", {fatal: true}).decode(await file.arrayBuffer()), name: file.name};
  } catch {
    throw new RequestError(`${file.name}: not UTF-8 text`);
  }
}

/** Show the form as one line with the sentence, or whole, to enter a text. */
export function fold(folded) {
  at("form").classList.toggle("folded", folded);
  for (const id of ["compose", "parse", "open", "sample"]) at(id).hidden = folded;
  for (const id of ["edit", "shown", "link", "save"]) at(id).hidden = !folded;
  at("sentences").hidden = !folded || state.sentences.length < 2;
  at("example").hidden = !speaksEnglish();
  at("linked").hidden = true;
}

/** Show the sentence in the folded form, and where it comes from. */
export function showSource() {
  const {source, sentences, sentence} = state;
  const example = EXAMPLES.find(({text}) => text === source.text);
  at("source").textContent = source.sample ? "Sample treebank" : source.name ?? "";
  at("source").hidden = !at("source").textContent;
  at("shown-text").textContent = sentences[sentence].text;
  at("shown").title = [sentences[sentence].text, example?.hint].filter(Boolean).join(" ");
  at("hint").textContent = example ? example.hint : "";
  at("sentence").value = sentence;
  at("previous-sentence").disabled = sentence === 0;
  at("next-sentence").disabled = sentence === sentences.length - 1;
  at("example").value = example ? EXAMPLES.indexOf(example) : "";
  if (sentences.length > 1) at("sentences").title = `${counted(sentences.length)} sentences`;
}

/** Fill in the examples. choose(text) is called with the one that is chosen. */
export function showExamples(choose) {
  at("example").replaceChildren(el("option", {value: ""}, "Examples …"), ...EXAMPLES.map(({name, hint}, i) => el("option", {value: i, title: hint}, name)));
  at("example").addEventListener("change", () => { if (at("example").value !== "") choose(EXAMPLES[at("example").value].text); });
}

/** What the page opens on: the first example, or the sample treebank if the model cannot read English text. */
export function firstSource() {
  return speaksEnglish() ? {text: EXAMPLES[0].text} : modelInUse().reads_text ? null : {sample: true};
}

const speaksEnglish = () => modelInUse().reads_text && [null, "English"].includes(modelInUse().language);

// Autoplay: one step after another.
import {at} from "./dom.js";

const PAUSE = 1400; // milliseconds
let timer = null;

export function togglePlay(advance) {
  if (timer) return stop();
  timer = setInterval(() => { if (!advance()) stop(); }, PAUSE);
  show(true);
  if (!advance()) stop();
}

export function stop() {
  clearInterval(timer);
  timer = null;
  show(false);
}

function show(playing) {
  at("play").setAttribute("aria-pressed", playing);
  at("play").setAttribute("aria-label", playing ? "Pause" : "Play");
}

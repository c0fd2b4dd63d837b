// Scroll hints: what can be scrolled fades out where it goes on.
const watched = new ResizeObserver((entries) => entries.forEach(({target}) => update(target)));

export function watchScrollers() {
  for (const scroller of document.querySelectorAll(".scroller, .pane")) {
    watched.observe(scroller);
    scroller.addEventListener("scroll", () => update(scroller), {passive: true});
    new MutationObserver(() => update(scroller)).observe(scroller, {childList: true, subtree: true});
  }
}

function update(scroller) {
  const most = scroller.scrollWidth - scroller.clientWidth, left = Math.abs(scroller.scrollLeft);
  const [before, after] = [left > 2, left < most - 2];
  const mirrored = getComputedStyle(scroller).direction === "rtl";
  scroller.classList.toggle("more-left", mirrored ? after : before);
  scroller.classList.toggle("more-right", mirrored ? before : after);
  scroller.classList.toggle("more-above", scroller.scrollTop > 2);
  scroller.classList.toggle("more-below", scroller.scrollTop < scroller.scrollHeight - scroller.clientHeight - 2);
}

/** Fill every place of a playground in the page; its data is the JSON inside it. */

/** @param {Object<string, (place: HTMLElement, data: any) => void>} mounts  by kind */
export function fillPlaces(mounts) {
  for (const place of document.querySelectorAll(".guidednet-playground:not([data-filled])")) {
    const mount = mounts[place.dataset.kind];
    if (!mount) continue;
    place.dataset.filled = "true";
    mount(place, JSON.parse(place.querySelector("script").textContent));
    frameTo(place);
  }
}

/** In a frame of its own, take the space that is needed, and put away the picture before it.
 * @param {Element} place */
function frameTo(place) {
  const frame = window.frameElement;
  if (!frame) return;
  frame.previousElementSibling?.remove();
  const fit = () => (frame.style.height = `${place.ownerDocument.documentElement.scrollHeight}px`);
  new ResizeObserver(fit).observe(place);
  fit();
}

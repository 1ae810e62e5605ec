/** The panel beside the pictures: label maps, organs with their Dice, list of disagreements. */

import { DIFFERENCES } from "./paint.js";
import { button, choice, make, switches } from "./dom.js";
import { pairKey } from "./scene.js";

/** @param {import("./scene.js").Scene} scene @param {string} none */
export function mapOptions(scene, none) {
  return [
    ...[...scene.maps.keys()].map((name) => ({ value: name, text: name })),
    { value: "", text: none },
  ];
}

export class Panel {
  /** @param {import("./viewer.js").Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.scene = viewer.scene;
    this.updated = ""; // what the panel shows
    this.listed = ""; // the pair whose regions are in the list
    this.store = viewer.store;
    this.element = make(
      "aside",
      { className: "side" },
      this.mapControls(),
      this.organList(),
      this.disagreements(),
    );
  }

  mapControls() {
    const { scene, store } = this;
    this.shown = choice("label map", mapOptions(scene, "image alone"), (shown) =>
      store.set({ shown, region: -1 }),
    );
    this.against = choice("compared with", mapOptions(scene, "nothing"), (against) =>
      store.set({ against, region: -1 }),
    );
    this.style = switches(
      "style of organs",
      [
        ["fill", "fill", "filled organs (c)"],
        ["contour", "contour", "contours of organs (c)"],
        ["both", "both", "both (c)"],
      ],
      (style) => store.set({ style }),
    );
    this.colours = switches(
      "colours",
      [
        ["organs", "organs", "colours of organs (d)"],
        ["difference", "difference", "colours of what differs (d)"],
      ],
      (colours) => store.set({ colours }),
    );
    this.opacity = make("input", {
      type: "range",
      min: 0,
      max: 1,
      step: 0.05,
      ariaLabel: "opacity",
    });
    this.opacity.addEventListener("input", () =>
      store.set({ opacity: Number(this.opacity.value) }),
    );
    const overlays = [
      { value: "", text: "no overlay" },
      ...[...scene.overlays.keys()].map((name) => ({ value: name, text: name })),
    ];
    this.overlay = choice("overlay", overlays, (overlay) => store.set({ overlay }));
    this.key = make(
      "div",
      { className: "key" },
      ...DIFFERENCES.map(({ name, colour }) => {
        const swatch = make("i");
        swatch.style.background = colour;
        return make("span", {}, swatch, name);
      }),
    );
    const row = (/** @type {string} */ text, /** @type {Node} */ control) =>
      make("label", {}, make("span", {}, text), control);
    return make(
      "section",
      { className: "maps" },
      row("show", this.shown),
      row("against", this.against),
      this.style.element,
      this.colours.element,
      this.key,
      row("opacity", this.opacity),
      ...(scene.overlays.size ? [row("overlay", this.overlay)] : []),
    );
  }

  organList() {
    this.organs = this.scene.organs.map((organ) => {
      const swatch = make("i");
      swatch.style.background = organ.colour;
      const score = make("output");
      const row = make(
        "button",
        { type: "button", title: `${organ.name}: click hides, double click shows alone` },
        swatch,
        make("span", {}, organ.name),
        score,
      );
      row.dataset.organ = organ.name;
      row.addEventListener("click", () => this.toggle(organ.label));
      row.addEventListener("dblclick", () => this.showAlone(organ.label));
      return { organ, row, score };
    });
    this.scoreHead = make("span");
    const head = make(
      "header",
      {},
      make("b", {}, "Organs"),
      this.scoreHead,
      button("all", "all", "show all organs (a)", () => this.store.set({ hidden: new Set() })),
      button("none", "none", "hide all organs", () =>
        this.store.set({ hidden: new Set(this.scene.organs.map(({ label }) => label)) }),
      ),
    );
    return make(
      "section",
      { className: "organs" },
      head,
      make("div", {}, ...this.organs.map(({ row }) => row)),
    );
  }

  /** @param {number} label */
  toggle(label) {
    const hidden = new Set(this.store.state.hidden);
    if (!hidden.delete(label)) hidden.add(label);
    this.store.set({ hidden });
  }

  /** @param {number} label */
  showAlone(label) {
    const others = this.scene.organs.map((organ) => organ.label).filter((other) => other !== label);
    const alone =
      !this.store.state.hidden.has(label) &&
      others.every((other) => this.store.state.hidden.has(other));
    this.store.set({ hidden: new Set(alone ? [] : others) });
  }

  disagreements() {
    this.count = make("span");
    this.regions = make("ol");
    const head = make(
      "header",
      {},
      make("b", {}, "Disagreements"),
      this.count,
      button("previous", "‹", "previous disagreement (p)", () => this.viewer.jump(-1)),
      button("next", "›", "next disagreement (n)", () => this.viewer.jump(1)),
    );
    return make("section", { className: "regions" }, head, this.regions);
  }

  /** @param {import("./state.js").State} state */
  update(state) {
    const { shown, against, style, colours, opacity, overlay, hidden, region } = state;
    const comparison = this.viewer.comparison();
    const key = JSON.stringify([
      shown,
      against,
      style,
      colours,
      opacity,
      overlay,
      [...hidden],
      region,
      !comparison,
    ]);
    if (key === this.updated) return;
    this.updated = key;
    this.shown.value = state.shown;
    this.against.value = state.against;
    this.style.show(state.style);
    this.colours.show(state.colours);
    this.opacity.value = String(state.opacity);
    this.overlay.value = state.overlay;
    this.key.hidden = state.colours !== "difference";
    this.updateOrgans(state, comparison);
    this.updateRegions(state, comparison);
  }

  /** @param {import("./state.js").State} state @param {any} comparison */
  updateOrgans(state, comparison) {
    this.scoreHead.textContent = comparison ? "Dice, %" : "";
    for (const { organ, row, score } of this.organs) {
      row.setAttribute("aria-pressed", String(!state.hidden.has(organ.label)));
      const dice = comparison?.dice[organ.label];
      score.textContent = comparison ? (dice == null ? "absent" : (100 * dice).toFixed(1)) : "";
    }
  }

  /** @param {import("./state.js").State} state @param {any} comparison */
  updateRegions(state, comparison) {
    const key = comparison ? pairKey(comparison.first, comparison.second) : "";
    if (key !== this.listed) {
      this.listed = key;
      this.regions.replaceChildren(
        ...(comparison?.regions ?? []).map(
          (/** @type {any} */ region, /** @type {number} */ place) => this.regionRow(region, place),
        ),
      );
    }
    const waiting = state.against && state.shown && state.against !== state.shown && !comparison;
    const number = comparison ? comparison.regions.length + comparison.more : 0;
    const answer = this.viewer.source.computes ? "counting…" : "not counted";
    this.count.textContent = waiting ? answer : comparison ? String(number) : "";
    for (const [place, row] of [...this.regions.children].entries()) {
      const current = place === state.region;
      if (current && row.getAttribute("aria-current") !== "true") showIn(this.regions, row);
      row.setAttribute("aria-current", String(current));
    }
  }

  /** @param {import("./scene.js").Region} region @param {number} place */
  regionRow(region, place) {
    const organ = this.scene.organs.find(({ label }) => label === region.organ);
    const swatch = make("i");
    swatch.style.background = DIFFERENCES.find(({ name }) => name === region.kind).colour;
    const voxels = `${region.voxels} voxel${region.voxels === 1 ? "" : "s"}`;
    const text = `${organ?.name ?? region.organ}: ${voxels}`;
    const volume =
      region.ml >= 0.095 ? `${region.ml.toFixed(1)} ml` : `${Math.round(1000 * region.ml)} mm³`;
    const row = make(
      "button",
      { type: "button", title: `${text}, ${volume}, ${region.kind}: go there` },
      swatch,
      make("span", {}, text),
      make("small", {}, region.kind),
    );
    row.addEventListener("click", () => this.viewer.goToRegion(place));
    return make("li", {}, row);
  }
}

/** Scrolls a list, and never the page, so that one of its rows can be seen.
 * @param {HTMLElement} list @param {any} row */
function showIn(list, row) {
  const [above, below] = [
    row.offsetTop - list.offsetTop,
    row.offsetTop - list.offsetTop + row.offsetHeight,
  ];
  if (above < list.scrollTop) list.scrollTop = above;
  if (below > list.scrollTop + list.clientHeight) list.scrollTop = below - list.clientHeight;
}

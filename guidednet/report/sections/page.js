// What the page does beyond showing: sorting a table, showing more of its columns, and opening
// what a link leads to. Without JavaScript everything is there, unsorted.

/** The number, or else the text, by which a cell is sorted; null if it has none. */
function keyOf(row, column) {
  const key = row.cells[column].dataset.key;
  if (key === undefined || key === "") return null;
  return Number.isNaN(Number(key)) ? key : Number(key);
}

/** Which of two keys comes first; rows without a key come last in both directions. */
function compare(first, second, direction) {
  if (first === null || second === null) return (first === null) - (second === null);
  if (typeof first === "number" && typeof second === "number") return direction * (second - first);
  return direction * String(first).localeCompare(String(second));
}

/** Sort the rows of each group of a table by a column; again turns the order around. */
function sortBy(table, head) {
  const column = head.cellIndex;
  const again = head.getAttribute("aria-sort") === "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", again ? "ascending" : "descending");
  for (const group of table.tBodies) {
    const rows = [...group.rows].filter((row) => !row.classList.contains("group"));
    rows.sort((a, b) => compare(keyOf(a, column), keyOf(b, column), again ? -1 : 1));
    group.append(...rows);
  }
}

/** Show or hide the columns of a kind in the table below a switch. */
function toggleColumns(button) {
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(shown));
  button.closest(".scores").classList.toggle(`shows-${button.dataset.shows}`, shown);
}

/** Open every fold around the place that the address names, and go there. */
function openTarget() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  place.scrollIntoView();
}

/** Mark the section that is being read in the list of contents. */
function followReading(list) {
  const links = new Map(
    [...list.querySelectorAll("a")].map((link) => [link.getAttribute("href").slice(1), link]),
  );
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-10% 0px -80% 0px" },
  );
  for (const id of links.keys()) {
    const section = document.getElementById(id);
    if (section) seen.observe(section);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.shows) toggleColumns(button);
  const head = button?.closest("table.sortable th");
  if (head) sortBy(head.closest("table"), head);
});
window.addEventListener("hashchange", openTarget);
const contentsList = document.querySelector("nav");
if (matchMedia("(max-width: 75rem)").matches) contentsList.querySelector("details").open = false;
followReading(contentsList);
openTarget();

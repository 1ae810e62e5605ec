// What the page does beyond showing: sorting a table, showing more of its columns, and opening
// what a link leads to. Without JavaScript everything is there, unsorted.

/** The number, or else the text, by which a cell is sorted; null if it has none. */
function keyOf(row, column) {
  const key = row.cells[column].dataset.key;
  if (key === undefined || key === "") return null;
  return Number.isNaN(Number(key)) ? key : Number(key);
}

/** How two keys stand to each other, rising or falling; rows without a key always come last. */
function compare(first, second, order) {
  if (first === null || second === null) return (first === null) - (second === null);
  const numbers = typeof first === "number" && typeof second === "number";
  const rising = numbers ? first - second : String(first).localeCompare(String(second));
  return order === "ascending" ? rising : -rising;
}

/** Sort the rows of each group of a table by a column: numbers from the largest, names from A. */
function sortBy(table, head) {
  const orders = ["ascending", "descending"];
  if (head.classList.contains("number")) orders.reverse();
  const order = head.getAttribute("aria-sort") === orders[0] ? orders[1] : orders[0];
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  for (const group of table.tBodies) {
    const rows = [...group.rows].filter((row) => !row.classList.contains("group"));
    const column = head.cellIndex;
    rows.sort((first, second) => compare(keyOf(first, column), keyOf(second, column), order));
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

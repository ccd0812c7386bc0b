// Everything leads to its wells, and a well to its cells.
const links = JSON.parse(document.getElementById("links").textContent);
const plates = [...document.querySelectorAll(".plate")];
const panel = document.getElementById("well");
const letters = (row) => (row < 26 ? "" : String.fromCharCode(64 + Math.floor(row / 26))) + String.fromCharCode(65 + (row % 26));
const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

function nameOf([plate, place]) {
  const { name, columns } = plates[plate].dataset;
  return `${name} ${letters(Math.floor(place / columns))}${String((place % columns) + 1).padStart(2, "0")}`.trim();
}

const galleries = new Map([...document.querySelectorAll("details[data-well]")].map((d) => [d.dataset.well, d]));

function cellsOf(at) {
  const found = galleries.get(nameOf(at))?.querySelector(".gallery");
  return found ? found.cloneNode(true) : null;
}

/** Shows wells, at most `most` of them, with their cells. */
function show(title, wells, most = 24) {
  const close = make("button", "close");
  close.addEventListener("click", () => panel.replaceChildren());
  const head = make("p", "");
  head.append(make("b", title), " ", close);
  const all = wells.slice(0, most).map((at) => {
    const item = make("div", "");
    const go = make("a", nameOf(at));
    go.href = `#plate-${at[0]}`;
    item.append(go, ` · ${links.words[at[0]][at[1]] ?? "not in the plate map"}`);
    const cells = cellsOf(at);
    if (cells) item.append(cells);
    return item;
  });
  const more = wells.length > most ? [make("p", `and ${wells.length - most} more in the table of wells`)] : [];
  panel.replaceChildren(head, ...all, ...more);
  panel.scrollTop = 0;
}

function showTreatment(k) {
  const [name, wells] = links.treatments[k];
  show(name, wells);
}

plates.forEach((plate, index) => {
  const place = (event) => {
    const { rows, columns } = plate.dataset;
    const row = Math.min(rows - 1, Math.max(0, Math.floor((event.offsetY / event.target.clientHeight) * rows)));
    const column = Math.min(columns - 1, Math.max(0, Math.floor((event.offsetX / event.target.clientWidth) * columns)));
    return [index, row * columns + column];
  };
  plate.addEventListener("pointermove", (event) => {
    if (event.target.tagName !== "IMG") return;
    const at = place(event);
    event.target.title = `${nameOf(at)}: ${links.words[at[0]][at[1]] ?? "not in the plate map"}`;
  });
  plate.addEventListener("click", (event) => {
    if (event.target.tagName === "IMG") show("Well", [place(event)]);
  });
});

for (const button of document.querySelectorAll("button[data-treatment]")) {
  button.addEventListener("click", () => showTreatment(button.dataset.treatment));
}

/** Discs of a figure, in the order of `targets`. */
function lead(id, targets, act) {
  const discs = [...document.querySelectorAll(`#${id} circle`)];
  document.getElementById(id)?.addEventListener("click", (event) => {
    const k = discs.indexOf(event.target.closest("circle"));
    if (k >= 0) act(targets[k]);
  });
}
lead("volcano", links.volcano, showTreatment);
lead("controls", links.controls, (at) => show("Well", [at]));

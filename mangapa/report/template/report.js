import DataTable from "datatables";

const { figures, colours: colourscale, palette, dispersion, first, together } =
  JSON.parse(document.getElementById("data").textContent);

// What is unpacked from the page, much of it only when it is drawn.
async function inflated(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (one) => one.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}
const galaxies = await inflated("table");
const parts = new Map();

// Add to a galaxy how its fields are drawn.
async function completed(place) {
  const part = Math.floor(place / together);
  if (!parts.has(part)) parts.set(part, inflated(`part${part}`));
  const fields = (await parts.get(part))[place % together];
  for (const [tracer, field] of Object.entries(fields)) {
    if (field.pixels) field.picture ??= pictureOf(field, palette);
    if (field.dispersion) field.dispersion.picture ??= pictureOf(field.dispersion, dispersion.palette);
    Object.assign(galaxies[place][tracer], field);
  }
  return galaxies[place];
}

function pictureOf({ pixels, width }, palette) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height: pixels.length / width });
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  let number = 0;
  for (let one = 0; one < pixels.length; one += 1) {
    number = (number + pixels.charCodeAt(one) - first) % palette.length;
    image.data.set(palette[number], 4 * one);
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
const places = new Map(galaxies.map((galaxy, place) => [galaxy.row, place]));

// Figures of the whole run. Plotly takes a second to start, and ten thousand galaxies take several to
// draw, so the table comes first.
const painted = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
async function startPlotly() {
  if (galaxies.length) await completed(0);
  await painted();
  const script = document.createElement("script");
  script.nonce = document.querySelector("script[nonce]").nonce;
  script.textContent = document.getElementById("plotly").textContent;
  document.head.append(script);
}
const plotly = startPlotly();
async function drawFigures() {
  await plotly;
  for (const [name, figure] of Object.entries(figures)) {
    await painted();
    const place = document.getElementById(name);
    Plotly.newPlot(place, figure.data, figure.layout, quiet);
    place.on("plotly_click", ({ points: [point] }) => {
      if (point.customdata !== undefined) show(places.get(point.customdata));
    });
  }
}
drawFigures();

// The table. Rows and their pictures are created when they come into view.
const thumbnail = (tracer) => `<img alt="" hidden data-tracer="${tracer}">`;
async function fillThumbnails(row, place) {
  const galaxy = await completed(place);
  for (const image of row.querySelectorAll("img")) {
    const picture = galaxy[image.dataset.tracer]?.picture;
    if (picture) Object.assign(image, { src: picture, hidden: false });
  }
}
// A galaxy that failed may have no fields.
const number = (value, decimals, className = "") => ({
  className: `dt-right ${className}`,
  data: (galaxy, type) => type === "display" ? angle(value(galaxy) ?? null, null, decimals) : value(galaxy) ?? null,
});
const escaped = DataTable.util.escapeHtml;
const picture = (tracer) => ({
  orderable: false, searchable: false, className: "picture",
  data: () => thumbnail(tracer),
  columnControl: [{ target: 1, content: [] }],
});
const ofField = (tracer) => [
  picture(tracer),
  number((g) => g[tracer]?.pa, 1),
  number((g) => g[tracer]?.pa_err, 1, "error"),
  number((g) => g[tracer]?.score, 2, "score"),
];
// Flags, and features with a probability above one half.
const featureNames = { kdc: "decoupled core", counter_rotating_core: "counter-rotating core",
  warp: "warp", disturbed: "disturbed" };
const remarks = (field) => !field ? "" : [field.flags, ...Object.keys(featureNames)
  .filter((name) => field[name] > 0.5).map((name) => `${featureNames[name]} (${field[name]})`)]
  .filter(Boolean).join("; ");
const flags = (galaxy) => [galaxy.error, ...Object.keys(names).filter((tracer) => remarks(galaxy[tracer]))
  .map((tracer) => `${names[tracer]}: ${remarks(galaxy[tracer])}`)].filter(Boolean).join("; ");
const table = new DataTable("#galaxies", {
  data: galaxies,
  columns: [
    { data: "name", className: "name", render: { display: (name) => `<button>${escaped(name)}</button>` } },
    ...ofField("stellar"),
    ...ofField("halpha"),
    { ...number((g) => g.pa_offset), data: (g, type) => type === "display" ? angle(g.pa_offset, g.pa_offset_err) : g.pa_offset },
    { data: flags, className: "flags", render: { display: (text) => `<div>${escaped(text)}</div>` } },
  ],
  deferRender: true,
  rowCallback: (row, galaxy, number, position, place) => { fillThumbnails(row, place); },
  autoWidth: false,
  pageLength: 25,
  order: [],
  layout: { topStart: "pageLength", topEnd: "search", bottomStart: "info", bottomEnd: "paging" },
  columnControl: [{ target: 1, content: ["search"] }],
  // Words instead of arrows, which a screen reader spells.
  language: { paginate: { previous: "previous", next: "next" } },
  pagingType: "simple_numbers",
});
for (const cell of document.querySelectorAll("#galaxies thead tr:nth-child(2) > *")) {
  // The title itself is HTML.
  const title = table.column(cell.dataset.dtColumn).header().textContent.trim();
  for (const input of cell.querySelectorAll("input")) input.setAttribute("aria-label", `filter: ${title}`);
  for (const choice of cell.querySelectorAll("select")) choice.setAttribute("aria-label", `how to filter: ${title}`);
}
table.on("click", "tbody tr", function () {
  if (table.row(this).any()) show(table.row(this).index());
});

// The dialog of one galaxy.
const dialog = document.getElementById("galaxy");
let shown = null;

async function show(place) {
  shown = place;
  const galaxy = galaxies[place];
  const apart = galaxy.pa_offset === null ? "" :
    `: misalignment ${angle(galaxy.pa_offset, galaxy.pa_offset_err)}\u00b0` +
    (galaxy.misaligned_probability === null ? "" :
      `, above 30\u00b0 with a probability of ${galaxy.misaligned_probability.toFixed(2)}`);
  dialog.querySelector("h2").textContent =
    [galaxy.name, galaxy.mangaid && `(${galaxy.mangaid})`].filter(Boolean).join(" ") + apart;
  dialog.querySelector(".flags").textContent = galaxy.error;
  if (!dialog.open) dialog.showModal();
  await Promise.all([completed(place), plotly]);
  // Another galaxy may have been asked for meanwhile.
  if (shown !== place) return;
  dialog.classList.toggle("dispersions", Object.keys(names).some((tracer) => galaxy[tracer]?.dispersion));
  for (const tracer of Object.keys(names)) {
    const section = document.getElementById(tracer).closest("section");
    section.hidden = !galaxy[tracer];
    if (section.hidden) continue;
    if (dispersion) drawKinematics(tracer, section, galaxy[tracer]);
    draw(tracer, section, galaxy[tracer]);
    drawProfile(`${tracer}_profile`, galaxy[tracer]);
  }
}

function draw(tracer, section, field) {
  const { pa, pa_err, score, reliability } = field;
  const title = pa === null ? "no position angle" : `PA ${angle(pa, pa_err)}\u00b0`;
  const judged = score === null ? "" : `, ${field.usable ? "usable" : "do not use"} (${score.toFixed(2)})`;
  const sure = reliability === null ? "" : `, reliability ${reliability.toFixed(2)}`;
  section.querySelector("h3").textContent = `${names[tracer]}: ${title}${judged}${sure}`;
  section.querySelector(".flags").textContent = remarks(field);
  drawField(tracer, field, colourscale);
}

// Galaxies in the order of the table, without those that a filter hides.
const listed = () => table.rows({ search: "applied", order: "applied" }).indexes().toArray();

// The row of the galaxy that was shown last gets the focus.
dialog.addEventListener("close", () => {
  const at = listed().indexOf(shown);
  if (at < 0) return;
  const page = Math.floor(at / table.page.len());
  if (page !== table.page()) table.page(page).draw("page");
  table.row(shown).node().querySelector("button").focus();
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!dialog.open || !step) return;
  const order = listed();
  const next = order[order.indexOf(shown) + step];
  if (next !== undefined) show(next);
});

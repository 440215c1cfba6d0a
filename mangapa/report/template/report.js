import DataTable from "datatables";

const { figures, galaxies, colours: colourscale } = JSON.parse(document.getElementById("data").textContent);
const places = new Map(galaxies.map((galaxy, place) => [galaxy.row, place]));
const names = { stellar: "Stars", halpha: "H\u03b1" };
const quiet = { displayModeBar: false, responsive: true };

const angle = (value, error, decimals = 1) =>
  value === null ? "" :
    value.toFixed(decimals) + (error === null ? "" : ` \u00b1 ${error.toFixed(decimals)}`);

// Figures of all galaxies.
for (const [name, figure] of Object.entries(figures)) {
  const place = document.getElementById(name);
  Plotly.newPlot(place, figure.data, figure.layout, quiet);
  place.on("plotly_click", ({ points: [point] }) => {
    if (point.customdata !== undefined) show(places.get(point.customdata));
  });
}

// The table; rows, and with them the pictures, are made when they are to be seen.
const thumbnail = (field) => field.picture ? `<img alt="" loading="lazy" src="${field.picture}">` : "";
const number = (value, text = value) => ({
  className: "dt-right",
  data: (galaxy, type) => type === "display" ? text(galaxy) : value(galaxy),
});
const picture = (tracer) => ({
  orderable: false, searchable: false,
  data: (galaxy) => thumbnail(galaxy[tracer]),
  columnControl: [{ target: 1, content: [] }],
});
const ofField = (tracer) => [
  picture(tracer),
  number((g) => g[tracer].pa, (g) => angle(g[tracer].pa, g[tracer].pa_err)),
  number((g) => g[tracer].pa_err, (g) => angle(g[tracer].pa_err, null)),
  number((g) => g[tracer].score, (g) => angle(g[tracer].score, null, 2)),
];
// Flags, and the features that are more likely than not.
const features = { kdc: "decoupled core", counter_rotating_core: "counter-rotating core",
  warp: "warp", disturbed: "disturbed" };
const remarks = (field) => [field.flags, ...Object.keys(features)
  .filter((name) => field[name] > 0.5).map((name) => `${features[name]} (${field[name]})`)]
  .filter(Boolean).join("; ");
const flags = (galaxy) => Object.keys(names).filter((tracer) => remarks(galaxy[tracer]))
  .map((tracer) => `${names[tracer]}: ${remarks(galaxy[tracer])}`).join("; ");
const table = new DataTable("#galaxies", {
  data: galaxies,
  columns: [
    { data: "plateifu", defaultContent: "" },
    ...ofField("stellar"),
    ...ofField("halpha"),
    number((g) => g.pa_offset, (g) => angle(g.pa_offset, g.pa_offset_err)),
    { data: flags, className: "flags", render: DataTable.render.text() },
  ],
  deferRender: true,
  autoWidth: false,
  pageLength: 25,
  order: [],
  layout: { topStart: "pageLength", topEnd: "search", bottomStart: "info", bottomEnd: "paging" },
  columnControl: [{ target: 1, content: ["search"] }],
});
table.on("click", "tbody tr", function () {
  if (table.row(this).any()) show(table.row(this).index());
});

// One galaxy, large.
const dialog = document.getElementById("galaxy");
let shown = null;

function show(place) {
  shown = place;
  const galaxy = galaxies[place];
  const apart = galaxy.pa_offset === null ? "" :
    `: misalignment ${angle(galaxy.pa_offset, galaxy.pa_offset_err)}\u00b0`;
  dialog.querySelector("h2").textContent =
    [galaxy.plateifu, galaxy.mangaid && `(${galaxy.mangaid})`].filter(Boolean).join(" ") + apart;
  if (!dialog.open) dialog.showModal();
  for (const tracer of Object.keys(names)) {
    draw(tracer, galaxy[tracer]);
    drawProfile(`${tracer}_profile`, galaxy[tracer]);
  }
}

function drawProfile(place, { profile, pa }) {
  if (!profile || !profile.radius.length) {
    Plotly.purge(place);
    return;
  }
  // Near the global angle, so that there is no step at 360 degrees.
  const middle = pa ?? profile.pa[0];
  const near = profile.pa.map((one) => middle + ((one - middle + 540) % 360) - 180);
  const reach = 1.05 * Math.max(...profile.radius);
  const data = [
    { x: [0, reach], y: [pa, pa], mode: "lines", line: { color: "#888", dash: "dash", width: 1.5 },
      hoverinfo: "skip" },
    { x: profile.radius, y: near, mode: "markers", marker: { color: "#0072B2", size: 6 },
      error_y: { array: profile.pa_err, color: "#0072B2", thickness: 1.2, width: 3 },
      customdata: profile.pa, hovertemplate: "%{x} arcsec: %{customdata} deg<extra></extra>" },
  ];
  // A scale that does not blow up noise, nor is blown up by a ring without an angle.
  const told = near.filter((_, ring) => profile.pa_err[ring] < 30);
  const off = Math.max(20, ...told.map((one) => 1.3 * Math.abs(one - middle)));
  Plotly.react(place, data, {
    margin: { l: 55, r: 85, t: 5, b: 40 },
    showlegend: false,
    xaxis: { title: { text: "radius (arcsec)" }, range: [0, reach], zeroline: false },
    yaxis: { title: { text: "PA (deg)" }, range: [middle - off, middle + off], zeroline: false },
  }, quiet);
}

function draw(tracer, field) {
  const { pa, pa_err, score, extent, colours } = field;
  const said = pa === null ? "no position angle" : `PA ${angle(pa, pa_err)}\u00b0`;
  const judged = score === null ? "" : `, ${field.usable ? "usable" : "do not use"} (${score.toFixed(2)})`;
  const layout = {
    title: { text: `${names[tracer]}: ${said}${judged}<br><sub>${remarks(field)}</sub>`, font: { size: 15 } },
    margin: { l: 55, r: 10, t: 70, b: 45 },
    showlegend: false,
    annotations: [],
  };
  if (!extent) {
    layout.xaxis = layout.yaxis = { visible: false };
    layout.annotations.push({ text: "no good spaxel", showarrow: false,
      xref: "paper", yref: "paper", x: 0.5, y: 0.5 });
    Plotly.react(tracer, [], layout, quiet);
    return;
  }
  const [east, west, south, north] = extent;
  const reach = 1.08 * Math.max(...extent.map(Math.abs));
  const axis = { zeroline: false, ticks: "outside", showgrid: false, mirror: true, showline: true };
  layout.xaxis = { ...axis, range: [reach, -reach], title: { text: "East offset (arcsec)" } };
  layout.yaxis = { ...axis, range: [-reach, reach], title: { text: "North offset (arcsec)" },
    scaleanchor: "x", scaleratio: 1 };
  layout.images = [{ source: field.picture, xref: "x", yref: "y", x: east, y: north,
    sizex: east - west, sizey: north - south, sizing: "stretch", layer: "below" }];
  // Nothing but the scale of the colours.
  const data = [{ x: [null], y: [null], mode: "markers", hoverinfo: "skip", marker: {
    color: colours, cmin: colours[0], cmax: colours[1], colorscale: colourscale,
    showscale: true, colorbar: { title: { text: "km/s" }, thickness: 12 } } }];
  if (pa !== null) {
    const end = (direction, length) => [length * Math.sin(direction * Math.PI / 180),
      length * Math.cos(direction * Math.PI / 180)];
    const [x, y] = end(pa, 0.95 * reach);
    if (pa_err !== null) {
      const wedge = (towards) => [[0, 0], ...Array.from({ length: 13 }, (_, i) =>
        end(towards - pa_err + i * pa_err / 6, 0.95 * reach)), [0, 0], [null, null]];
      const outline = [...wedge(pa), ...wedge(pa + 180)];
      data.push({ x: outline.map((p) => p[0]), y: outline.map((p) => p[1]), fill: "toself",
        mode: "lines", line: { width: 0 }, fillcolor: "rgba(0,0,0,0.25)", hoverinfo: "skip" });
    }
    data.push({ x: [-x, x], y: [-y, y], mode: "lines", line: { color: "black", width: 2 },
      hoverinfo: "skip" });
    layout.annotations.push({ x, y, ax: 0.9 * x, ay: 0.9 * y, xref: "x", yref: "y", axref: "x",
      ayref: "y", text: "", showarrow: true, arrowhead: 2, arrowsize: 1.6, arrowwidth: 2, arrowcolor: "black" });
  }
  const corner = [0.9 * -reach, 0.92 * -reach];
  for (const [text, dx, dy] of [["N", 0, 0.18], ["E", 0.18, 0]]) {
    layout.annotations.push({ text, x: corner[0] + dx * reach, y: corner[1] + dy * reach,
      ax: corner[0], ay: corner[1], xref: "x", yref: "y", axref: "x", ayref: "y",
      showarrow: false, font: { color: "#555" } });
    data.push({ x: [corner[0], corner[0] + 0.75 * dx * reach], y: [corner[1], corner[1] + 0.75 * dy * reach],
      mode: "lines", line: { color: "#555", width: 1.2 }, hoverinfo: "skip" });
  }
  Plotly.react(tracer, data, layout, quiet);
}

document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!dialog.open || !step) return;
  const order = table.rows({ search: "applied", order: "applied" }).indexes().toArray();
  const next = order[order.indexOf(shown) + step];
  if (next !== undefined) show(next);
});

// Draw a field and its kinematic axis.
// Titles of the tracers, as pairs because tojson sorts the keys of an object.
const names = Object.fromEntries({{ titles.items()|list|tojson }});
// Rings with a larger error (deg) are not drawn: that of a random angle is 52.
const LARGEST_ERROR = {{ largest_drawn }};
const FONT = { family: "system-ui, sans-serif" };
const quiet = { displayModeBar: false, responsive: true };

const angle = (value, error, decimals = 1) =>
  value === null ? "" :
    value.toFixed(decimals) + (error === null ? "" : ` \u00b1 ${error.toFixed(decimals)}`);

// End of a line of some length in a direction (deg, North through East).
const tip = (direction, length) => [length * Math.sin(direction * Math.PI / 180),
  length * Math.cos(direction * Math.PI / 180)];

const reachOf = ({ extent }) => extent ? 1.08 * Math.max(...extent.map(Math.abs)) : 0;

// "reach" (arcsec) is half the width of the figure; fields that are compared share one. "unit" is the
// title of the colour bar.
function drawField(place, field, colourscale, { reach = reachOf(field), unit = "km/s" } = {}) {
  const { pa, pa_err, profile, extent, colours } = field;
  const layout = {
    margin: { l: 55, r: 10, t: 8, b: 45 },
    font: FONT, showlegend: false,
    annotations: [],
  };
  if (!extent) {
    layout.xaxis = layout.yaxis = { visible: false };
    layout.annotations.push({ text: "no good spaxel", showarrow: false,
      xref: "paper", yref: "paper", x: 0.5, y: 0.5 });
    return Plotly.newPlot(place, [], layout, quiet);
  }
  const [east, west, south, north] = extent;
  const axis = { constrain: "domain", zeroline: false, ticks: "outside", showgrid: false,
    mirror: true, showline: true };
  layout.xaxis = { ...axis, range: [reach, -reach], title: { text: "East offset (arcsec)" } };
  layout.yaxis = { ...axis, range: [-reach, reach], title: { text: "North offset (arcsec)" },
    scaleanchor: "x", scaleratio: 1 };
  layout.images = [{ source: field.picture, xref: "x", yref: "y", x: east, y: north,
    sizex: east - west, sizey: north - south, sizing: "stretch", layer: "below" }];
  // An empty trace that carries the colour bar.
  const data = [{ x: [null], y: [null], mode: "markers", hoverinfo: "skip", marker: {
    color: colours, cmin: colours[0], cmax: colours[1], colorscale: colourscale,
    showscale: true, colorbar: { title: { text: unit }, thickness: 12 } } }];
  const stroke = (points, style) => data.push({ x: points.map((p) => p[0]), y: points.map((p) => p[1]),
    mode: "lines", line: style, hoverinfo: "skip" });
  // White below, so that a line can be seen on dark colours too.
  const line = (points, style) => {
    stroke(points, { color: "rgba(255,255,255,0.7)", width: style.width + 2.5 });
    stroke(points, style);
  };
  if (profile) {
    const drawn = profile.radius.map((_, ring) => ring).filter((ring) => profile.pa_err[ring] < LARGEST_ERROR);
    // The line ends where the axis turns over, as at the edge of a counter-rotating core.
    const turned = (one, other) => Math.cos((profile.pa[one] - profile.pa[other]) * Math.PI / 180) < 0;
    for (const turn of [0, 180]) {
      line(drawn.flatMap((ring, i) => [...(i && turned(ring, drawn[i - 1]) ? [[null, null]] : []),
        tip(profile.pa[ring] + turn, profile.radius[ring])]), { color: "black", width: 2, dash: "dot" });
    }
  }
  if (pa !== null) {
    const [x, y] = tip(pa, 0.95 * reach);
    if (pa_err !== null) {
      const wedge = (towards) => [[0, 0], ...Array.from({ length: 13 }, (_, i) =>
        tip(towards - pa_err + i * pa_err / 6, 0.95 * reach)), [0, 0], [null, null]];
      const outline = [...wedge(pa), ...wedge(pa + 180)];
      data.push({ x: outline.map((p) => p[0]), y: outline.map((p) => p[1]), fill: "toself",
        mode: "lines", line: { width: 0 }, fillcolor: "rgba(0,0,0,0.25)", hoverinfo: "skip" });
    }
    line([[-x, -y], [x, y]], { color: "black", width: 2 });
    layout.annotations.push({ x, y, ax: 0.9 * x, ay: 0.9 * y, xref: "x", yref: "y", axref: "x",
      ayref: "y", text: "", showarrow: true, arrowhead: 2, arrowsize: 1.6, arrowwidth: 2, arrowcolor: "black" });
  }
  const corner = [0.9 * -reach, 0.92 * -reach];
  for (const [text, dx, dy] of [["N", 0, 0.18], ["E", 0.18, 0]]) {
    layout.annotations.push({ text, x: corner[0] + dx * reach, y: corner[1] + dy * reach,
      ax: corner[0], ay: corner[1], xref: "x", yref: "y", axref: "x", ayref: "y",
      showarrow: false, font: { color: "#555" } });
    stroke([corner, [corner[0] + 0.75 * dx * reach, corner[1] + 0.75 * dy * reach]],
      { color: "#555", width: 1.2 });
  }
  // Plotly.react would keep the range of the previous field, since the axes share a scale.
  return Plotly.newPlot(place, data, layout, quiet);
}

// Draw position angle against radius.
function drawProfile(place, { profile, pa, cut }) {
  if (!profile || !profile.radius.length) {
    Plotly.purge(place);
    return;
  }
  // The axis of angles begins in their widest gap, so that there is no step at 360 degrees.
  const placed = (angle) => cut + (((angle - cut) % 360) + 360) % 360;
  const rings = profile.pa.map(placed), whole = pa === null ? null : placed(pa);
  const reach = 1.05 * Math.max(...profile.radius);
  const data = [
    { x: [0, reach], y: [whole, whole], mode: "lines", line: { color: "#888", dash: "dash", width: 1.5 },
      hoverinfo: "skip" },
    { x: profile.radius, y: rings, mode: "markers", marker: { color: "#0072B2", size: 6 },
      error_y: { array: profile.pa_err, color: "#0072B2", thickness: 1.2, width: 3 },
      customdata: profile.pa, hovertemplate: "%{x} arcsec: %{customdata} deg<extra></extra>" },
  ];
  // A range of at least 40 degrees, which unconstrained rings do not widen.
  const ends = rings.flatMap((one, ring) => profile.pa_err[ring] < LARGEST_ERROR ?
    [one - profile.pa_err[ring], one + profile.pa_err[ring]] : []).concat(whole ?? []);
  const [low, high] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [cut, cut + 360];
  const half = Math.max(20, 0.55 * (high - low)), middle = (low + high) / 2;
  const step = [10, 20, 30, 45].find((one) => 2 * half / one <= 5) ?? 90;
  const first = Math.ceil((middle - half) / step);
  const ticks = Array.from({ length: Math.floor((middle + half) / step) - first + 1 }, (_, i) => (first + i) * step);
  Plotly.newPlot(place, data, {
    font: FONT, margin: { l: 55, r: 85, t: 5, b: 40 },
    showlegend: false,
    xaxis: { title: { text: "radius (arcsec)" }, range: [0, reach], zeroline: false },
    yaxis: { title: { text: "PA (deg)" }, range: [middle - half, middle + half], zeroline: false,
      tickvals: ticks, ticktext: ticks.map((one) => (one + 720) % 360) },
  }, quiet);
}

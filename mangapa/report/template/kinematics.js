// The filter by kinematic class: galaxies with a field of the chosen class, or in the chosen group.
const choice = document.getElementById("class");
choice.addEventListener("change", () => {
  const [tracer, name] = choice.value.split(" ");
  const belongs = (text, galaxy) => !name || Boolean(galaxy[tracer]) &&
    (galaxy[tracer].classes.includes(name) || galaxy[tracer].group === name);
  table.search.fixed("class", belongs).draw();
});

// The kinematics of a field in a line, and its dispersions beside its velocities.
function drawKinematics(tracer, section, field) {
  const values = [["k51", "k5/k1", 3, ""], ["psi", "\u03a8", 1, "\u00b0"],
    ["lambda_r", "\u03bb(R)", 2, ""], ["v_over_sigma", "V/\u03c3", 2, ""]]
    .filter(([name]) => field[name] !== null)
    .map(([name, title, decimals, unit]) => `${title} ${angle(field[name], field[`${name}_err`], decimals)}${unit}`);
  const classes = [...choice.options].map((one) => one.value.split(" "))
    .filter(([of, name]) => of === tracer && field.classes.includes(name));
  const titles = classes.map(([of, name]) => titleOf(of, name));
  if (field.group !== null) titles.push(`${titleOf(tracer, field.group)} (${field.group_probability.toFixed(2)})`);
  section.querySelector(".kinematics").textContent = [...values, ...titles].join(", ");
  const place = document.getElementById(`${tracer}_dispersion`);
  place.hidden = !field.dispersion;
  if (place.hidden) Plotly.purge(place);
  else drawField(place, { ...field, ...field.dispersion, profile: null }, dispersion.colours, { unit: "\u03c3 (km/s)" });
}

// The text of a choice, without the number of galaxies.
function titleOf(tracer, name) {
  const option = [...choice.options].find((one) => one.value === `${tracer} ${name}`);
  return option.text.replace(/ \([\d,]+\)$/, "");
}

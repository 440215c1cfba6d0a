{% include "field.js" %}
{% include "unsent.js" %}
{% include "queue.js" %}
{% include "drafts.js" %}
// Show one galaxy after another.
const element = (id) => document.getElementById(id);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const order = Object.keys(names);
// Galaxies to fetch ahead, to keep, and whose times give the pace.
const AHEAD = 3, KEPT = 20, RECENT = 51;

let session, shown = -1, asked = null, ready = false, review = false, since = 0;
const galaxies = new Map();

// A message below the fields leaves them less room.
const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) if (target.data && contentRect.height) Plotly.Plots.resize(target);
});
for (const tracer of order) resized.observe(element(`${tracer}-field`));

// Galaxies are fetched before they are shown.
function fetched(showing) {
  const { galaxy } = showing;
  if (!galaxies.has(galaxy)) {
    const found = fetch(`galaxy?name=${encodeURIComponent(galaxy)}`).then(async (response) => {
      if (!response.ok) throw new Error(await response.text());
      const parts = await response.json();
      await Promise.all(order.map((tracer) => parts[tracer].picture).filter(Boolean).map((source) => {
        const image = new Image();
        image.src = source;
        return image.decode();
      }));
      return parts;
    });
    found.catch(() => galaxies.delete(galaxy));
    galaxies.set(galaxy, found);
  }
  return galaxies.get(galaxy);
}

async function show(place, from = performance.now()) {
  ready = false;
  shown = place;
  if (place >= session.showings.length) return end();
  const showing = session.showings[place];
  let galaxy;
  try {
    galaxy = await fetched(showing);
  } catch (error) {
    element("trouble").hidden = false;
    element("trouble").textContent = `\u26a0 the next galaxy cannot be loaded (${error.message}); trying again`;
    setTimeout(() => shown === place && show(place), 1000);
    return;
  }
  if (shown !== place) return;
  element("end").hidden = true;
  element("question").hidden = element("tools").hidden = false;
  const reach = Math.max(...order.map((tracer) => reachOf(galaxy[tracer])));
  await Promise.all(order.map((tracer) =>
    drawField(`${tracer}-field`, galaxy[tracer], session.colours, { reach })));
  showFacts(galaxy);
  review = !open(showing).length;
  asked = open(showing)[0] || showing.tracers[0];
  showAnswers();
  requestAnimationFrame(() => setTimeout(() => {
    if (shown !== place) return;
    ready = true;
    since = performance.now();
    document.body.dataset.shown = place;
    performance.measure("next galaxy", { start: from, end: since });
    for (let i = place + 1; i <= place + AHEAD && i < session.showings.length; i++) {
      fetched(session.showings[i]).catch(() => {});
    }
    for (const name of [...galaxies.keys()].slice(0, -KEPT)) galaxies.delete(name);
  }));
}

function showFacts(galaxy) {
  element("name").textContent = galaxy.label;
  document.title = `${galaxy.label}: velocity fields by eye`;
  const facts = [galaxy.mangaid];
  if (galaxy.pa_offset !== null) {
    facts.push(`misalignment ${angle(galaxy.pa_offset, galaxy.pa_offset_err)}\u00b0`);
  }
  element("facts").textContent = facts.filter(Boolean).join(", ");
  element("links").replaceChildren(...galaxy.links.map(([title, address]) => {
    const link = document.createElement("a");
    Object.assign(link, { textContent: title, href: address, target: "_blank", rel: "noopener noreferrer" });
    return link;
  }));
  for (const tracer of order) {
    const field = galaxy[tracer], section = element(tracer);
    section.querySelector(".angle").textContent =
      field.pa === null ? "no position angle" : `PA ${angle(field.pa, field.pa_err)}\u00b0`;
    section.querySelector(".flags").textContent = field.flags;
    section.querySelector(".said").textContent = field.score === undefined ? "" : network(field);
  }
}

const network = ({ score, usable }) => score === null ? "network: no answer" :
  `network: ${usable ? "usable" : "do not use"} (${score.toFixed(2)})`;

// Show the answers.
function showAnswers() {
  const showing = session.showings[shown];
  for (const tracer of order) {
    const section = element(tracer), there = showing.tracers.includes(tracer);
    const said = judged(showing, tracer) ? last(showing, tracer) : { ...draftOf(showing, tracer), quality: null };
    section.classList.toggle("asked", tracer === asked);
    section.setAttribute("aria-current", tracer === asked);
    for (const what of ["quality", "feature", "note"]) {
      for (const button of all(`[data-${what}]`, section)) {
        button.disabled = !there;
        button.setAttribute("aria-pressed", there && said[what] === Number(button.dataset[what]));
      }
    }
    if (!there) section.querySelector(".said").textContent = "no field to judge";
  }
  const said = judged(showing, asked) ? last(showing, asked) : draftOf(showing, asked);
  Object.assign(element("comment"), { value: said.comment,
    placeholder: `comment on the ${asked === "stellar" ? "stars" : "gas"}` });
  showProgress();
}

function showProgress() {
  const total = session.showings.length;
  element("count").textContent = `${done.size} of ${total}`;
  document.querySelector("progress").value = total ? done.size / total : 1;
  const times = [...done.values()].slice(-RECENT).sort((a, b) => a - b);
  const middle = times[times.length >> 1], left = (total - done.size) * middle / 60;
  element("pace").textContent = times.length < 3 || !left ? "" :
    `${middle.toFixed(1)} s per galaxy, ${left < 1 ? "less than a minute" : `${Math.round(left)} min`} left`;
}

const words = (tracer, { quality, feature, note }) => {
  const text = (what, code) => code ? element(tracer).querySelector(`[data-${what}="${code}"]`)
    .textContent.trim().slice(2) : "";
  const class_ = element(tracer).querySelector(`[data-quality="${quality}"]`).textContent.trim();
  return [class_, text("feature", feature), text("note", note)].filter(Boolean).join(", ");
};

function showLast(showing, said) {
  const place = element("last");
  place.replaceChildren();
  const add = (tag, text, style = "") => {
    const part = document.createElement(tag);
    part.textContent = text;
    part.className = style;
    place.append(part, " ");
  };
  add("b", showing.galaxy);
  for (const tracer of showing.tracers) {
    add("span", `${names[tracer]}: ${words(tracer, last(showing, tracer))};`);
    const differs = said[tracer].score !== null && said[tracer].usable !== last(showing, tracer).quality > 0;
    add("span", `${network(said[tracer])}${differs ? ", differs" : ""}.`, differs ? "differs" : "");
  }
}

// Actions of the expert.
function answer(tracer, what) {
  const showing = session.showings[shown];
  const one = { id: crypto.randomUUID(), action: "judged", galaxy: showing.galaxy,
    showing: showing.showing, tracer, series: session.series, place: shown + 1,
    seconds: Math.round(performance.now() - since) / 1000, ...what };
  if (one.action === "skipped") for (const part of ["quality", "feature", "note", "comment"]) delete one[part];
  add(one);
  since = performance.now();
  return post(one, ({ network: said }) => {
    if (said && !open(showing).length) showLast(showing, said);
  });
}

function judge(tracer, quality, from) {
  const showing = session.showings[shown];
  if (!showing.tracers.includes(tracer)) return;
  const said = judged(showing, tracer) ? last(showing, tracer) : draftOf(showing, tracer);
  const { feature, note } = said, comment = asked === tracer ? element("comment").value : said.comment;
  answer(tracer, { quality, feature, note, comment });
  setDraft(showing, tracer);
  const rest = open(showing), later = showing.tracers[showing.tracers.indexOf(tracer) + 1];
  if (rest.length) asked = rest[0];
  else if (review && later) asked = later;
  else return goOn(from);
  showAnswers();
}

// On a judged field a mark is a new answer; otherwise it waits for the class.
function mark(tracer, what, value) {
  const showing = session.showings[shown];
  if (!showing.tracers.includes(tracer)) return;
  if (judged(showing, tracer)) {
    const { quality, feature, note, comment } = last(showing, tracer);
    const changed = { quality, feature, note, comment, [what]: value };
    if (changed[what] !== last(showing, tracer)[what]) answer(tracer, changed);
  } else {
    setDraft(showing, tracer, { ...draftOf(showing, tracer), [what]: value });
  }
  showAnswers();
}

function toggle(tracer, what, code) {
  const showing = session.showings[shown];
  const said = judged(showing, tracer) ? last(showing, tracer) : draftOf(showing, tracer);
  mark(tracer, what, said[what] === code ? 0 : code);
}

function goOn(from) {
  const after = session.showings.findIndex((showing, i) => (i > shown || !again) && pending(showing));
  show(after < 0 ? session.showings.length : after, from);
}

function skip(from) {
  const showing = session.showings[shown], [tracer] = open(showing);
  if (tracer) answer(tracer, { action: "skipped" });
  goOn(from);
}

function undo() {
  if (!answers.length) return;
  const undone = removeLast();
  post({ id: crypto.randomUUID(), action: "withdrawn", withdraws: undone.id });
  element("last").textContent = `Undone: ${undone.galaxy}, ${names[undone.tracer]}`;
  const showing = showingOf.get(keyOf(undone));
  // Only the class is undone: marks and words are there for the next one.
  if (undone.action === "judged" && !judged(showing, undone.tracer)) setDraft(showing, undone.tracer, undone);
  show(session.showings.indexOf(showing));
}

const steps = {
  undo,
  skip,
  back: () => shown > 0 && show(shown - 1),
  forward: () => {
    const showing = session.showings[shown];
    if (!open(showing).length || skipped(showing)) show(shown + 1);
  },
  help: () => element("help").showModal(),
};

async function end() {
  await send();
  const summary = await (await fetch("summary")).json();
  if (shown < session.showings.length) return;
  const { done: complete, total, skipped: aside, left, seconds, classes } = summary;
  element("name").textContent = "Velocity fields by eye";
  for (const id of ["facts", "links"]) element(id).replaceChildren();
  showProgress();
  element("end-title").textContent = aside + left ? "You have seen all galaxies" : "All galaxies are judged. Thank you!";
  const percent = ([number, share]) => number ? `${Math.round(100 * share)} %` : "\u2013";
  const facts = [[`${complete} of ${total}`, "galaxies judged"], [aside, "skipped"],
    [seconds === null ? "\u2013" : `${seconds} s`, "per galaxy (median)"],
    ...order.map((tracer) => [classes[tracer].join(" / "), `${names[tracer]}: do not use / messy / clean`]),
    [percent(summary.network), `agreement with the network on usability (${summary.network[0]} fields)`],
    [percent(summary.oneself), `agreement with yourself (${summary.oneself[0]} fields seen twice)`]];
  element("summary").replaceChildren(...facts.map(([number, what]) => {
    const fact = document.createElement("li"), bold = document.createElement("b");
    bold.textContent = number;
    fact.append(bold, ` ${what}`);
    return fact;
  }));
  for (const name of ["store", "run"]) {
    for (const place of all(`.${name}`)) place.textContent = summary[name];
  }
  element("again").hidden = !(aside + left);
  element("question").hidden = element("tools").hidden = true;
  element("end").hidden = false;
  document.body.dataset.shown = "end";
}

function goAgain() {
  again = true;
  const first = session.showings.findIndex(pending);
  if (first >= 0) show(first);
}

// Keys and buttons. The pointer leaves no focus behind, which would give Enter to the button.
const release = ({ currentTarget, detail }) => detail && currentTarget.blur();
const marks = {};
for (const button of all("#question button")) {
  const { tracer } = button.closest("section").dataset;
  const [what] = ["quality", "feature", "note"].filter((name) => name in button.dataset);
  const code = Number(button.dataset[what]), key = button.querySelector("kbd").textContent;
  const act = (on, from) => what === "quality" ? judge(on, code, from) : toggle(on, what, code);
  marks[key] = (from) => act(what === "note" ? "halpha" : asked, from);
  button.addEventListener("click", (event) => {
    release(event);
    if (ready) act(tracer, event.timeStamp);
  });
}
for (const button of all("[data-step]")) {
  button.addEventListener("click", (event) => {
    release(event);
    if (ready || shown >= session.showings.length) steps[button.dataset.step](event.timeStamp);
  });
}
element("again").addEventListener("click", goAgain);
element("comment").addEventListener("change", (event) => mark(asked, "comment", event.target.value));
element("comment").addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === "Escape") event.target.blur();
  event.stopPropagation();
});

const ways = { u: "undo", s: "skip", ArrowLeft: "back", ArrowRight: "forward", "?": "help" };
document.addEventListener("keydown", (event) => {
  const { key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || element("help").open) return;
  if (key === "Enter" && event.target.closest("button, a")) return;
  const atEnd = session && shown >= session.showings.length;
  if (atEnd && !element("end").hidden) {
    if (key === "r" && !element("again").hidden) goAgain();
    if (ways[key] === "back" || ways[key] === "undo") steps[ways[key]]();
    return;
  }
  // A key that is held down, or pressed before the field appears, does not count.
  if (!ready || event.repeat) return;
  const act = marks[key] || (ways[key] && steps[ways[key]]);
  if (act) act(event.timeStamp);
  else if (key === "t") element("comment").focus();
  else if (key === "Enter") goOn(event.timeStamp);
  else if (key === "ArrowUp" || key === "ArrowDown") {
    const { tracers } = session.showings[shown];
    asked = key === "ArrowUp" ? tracers[0] : tracers.at(-1);
    showAnswers();
  } else return;
  event.preventDefault();
});

// Time during which the page is hidden does not count.
let hiddenSince = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenSince = performance.now();
  else since += performance.now() - hiddenSince;
});

async function begin() {
  session = await (await fetch("session")).json();
  loadUnsent(session);
  loadDrafts(session);
  if (unsent.length) {
    await send();
    session = await (await fetch("session")).json();
  }
  for (const showing of session.showings) showingOf.set(keyOf(showing), showing);
  session.history.forEach(add);
  // Imported judgements are not answers on this page, so that undo leaves them.
  answers.splice(0, answers.length, ...answers.filter((one) => one.place !== null));
  showUnsent();
  goOn();
}
begin();

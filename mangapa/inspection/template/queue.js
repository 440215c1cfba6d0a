// Answers in the order in which the expert gave them, and by field. An answer hides the earlier ones
// to the same field until it is undone.
const answers = [], answersTo = new Map(), showingOf = new Map(), done = new Map();
// True while the expert goes through the skipped galaxies.
let again = false;

const keyOf = ({ galaxy, showing }, tracer = "") => `${tracer} ${showing} ${galaxy}`;
function add(answer) {
  const key = keyOf(answer, answer.tracer);
  answers.push(answer);
  if (!answersTo.has(key)) answersTo.set(key, []);
  answersTo.get(key).push(answer);
  count(answer);
}
function removeLast() {
  const answer = answers.pop();
  answersTo.get(keyOf(answer, answer.tracer)).pop();
  count(answer);
  return answer;
}
// Update the seconds of the showing, which "done" holds once all its fields are judged.
function count(answer) {
  const showing = showingOf.get(keyOf(answer));
  done.delete(showing);
  if (!open(showing).length) {
    done.set(showing, showing.tracers.reduce((sum, tracer) => sum + last(showing, tracer).seconds, 0));
  }
}
const last = (showing, tracer) => answersTo.get(keyOf(showing, tracer))?.at(-1);
const judged = (showing, tracer) => last(showing, tracer)?.action === "judged";
const open = (showing) => showing.tracers.filter((tracer) => !judged(showing, tracer));
const skipped = (showing) => showing.tracers.some((tracer) => last(showing, tracer)?.action === "skipped");
const pending = (showing) => !done.has(showing) && (again || !skipped(showing));

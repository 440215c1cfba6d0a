// What an expert said is a pile: an answer lies on top of the last one, and undo takes it away.
const pile = [], piles = new Map(), named = new Map(), done = new Map();
// Whether the skipped ones are gone through.
let again = false;

const nameOf = ({ galaxy, showing }, tracer = "") => `${tracer} ${showing} ${galaxy}`;
function put(answer) {
  const name = nameOf(answer, answer.tracer);
  pile.push(answer);
  if (!piles.has(name)) piles.set(name, []);
  piles.get(name).push(answer);
  count(answer);
}
function takeLast() {
  const answer = pile.pop();
  piles.get(nameOf(answer, answer.tracer)).pop();
  count(answer);
  return answer;
}
// The seconds of each showing that is done, counted anew only where something was said.
function count(answer) {
  const showing = named.get(nameOf(answer));
  done.delete(showing);
  if (!open(showing).length) {
    done.set(showing, showing.tracers.reduce((sum, tracer) => sum + last(showing, tracer).seconds, 0));
  }
}
const last = (showing, tracer) => piles.get(nameOf(showing, tracer))?.at(-1);
const judged = (showing, tracer) => last(showing, tracer)?.action === "judged";
const open = (showing) => showing.tracers.filter((tracer) => !judged(showing, tracer));
const skipped = (showing) => showing.tracers.some((tracer) => last(showing, tracer)?.action === "skipped");
const pending = (showing) => !done.has(showing) && (again || !skipped(showing));

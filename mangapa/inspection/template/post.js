// Answers on their way to the store: each is kept by the browser until the server has it.
const waiting = [];
const refused = [];
let sending = false, sent = null, numberKept = 0, kept = "", why = "";

function openPost(session) {
  kept = `mangapa ${session.store} ${encodeURIComponent(session.expert)} `;
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith(kept)).sort()) {
    waiting.push({ name, answer: JSON.parse(localStorage.getItem(name)) });
  }
}

function post(answer, told = () => {}) {
  const order = String(Date.now()).padStart(15, "0") + String(numberKept++).padStart(9, "0");
  const name = kept + order;
  localStorage.setItem(name, JSON.stringify(answer));
  waiting.push({ name, answer, told });
  tellPost();
  return send();
}

// Ends when nothing waits any more.
function send() {
  if (!sending) sent = sendAll();
  return sent;
}

async function sendAll() {
  sending = true;
  for (let pause = 250; waiting.length; ) {
    const { name, answer, told } = waiting[0];
    // The page of the next server has sent what this one could not.
    if (localStorage.getItem(name) === null) {
      waiting.shift();
      why = "";
      tellPost();
      continue;
    }
    const [status, reply] = await deliver(answer);
    if (status === 200) {
      if (told) told(JSON.parse(reply));
    } else if (status === 400) {
      refused.push(reply);
    } else {
      why = status === 403 ? "the server was started anew: open its new address, from which they " +
        "are sent" : "the server does not answer; they are kept here and sent again";
      tellPost();
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, 4000);
      continue;
    }
    localStorage.removeItem(name);
    waiting.shift();
    pause = 250;
    why = "";
    tellPost();
  }
  sending = false;
}

async function deliver(answer) {
  try {
    const response = await fetch("judgements", { method: "POST", body: JSON.stringify(answer),
      headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(10000) });
    return [response.status, await response.text()];
  } catch {
    return [0, ""];
  }
}

function tellPost() {
  const trouble = document.getElementById("trouble");
  const count = (number) => `${number} answer${number === 1 ? "" : "s"}`;
  const said = [];
  if (why) said.push(`\u26a0 ${count(waiting.length)} not stored yet: ${why}`);
  if (refused.length) said.push(`\u26a0 ${count(refused.length)} refused: ${refused.at(-1)}`);
  trouble.hidden = !said.length;
  trouble.textContent = said.join(". ");
  document.getElementById("stored").textContent =
    why ? "not stored" : waiting.length ? "storing" : "all stored";
}

window.addEventListener("beforeunload", (event) => {
  if (waiting.length) event.preventDefault();
});

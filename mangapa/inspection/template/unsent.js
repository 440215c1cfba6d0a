// Unsent answers. The browser stores each of them until the server has stored it.
const unsent = [];
const refused = [];
let sending = false, sent = null, counter = 0, prefix = "", reason = "";

function loadUnsent(session) {
  prefix = `mangapa ${session.store} ${encodeURIComponent(session.expert)} `;
  for (const key of Object.keys(localStorage).filter((key) => key.startsWith(prefix)).sort()) {
    unsent.push({ key, answer: JSON.parse(localStorage.getItem(key)), kept: true });
  }
}

function post(answer, onReply = () => {}) {
  const order = String(Date.now()).padStart(15, "0") + String(counter++).padStart(9, "0");
  const key = prefix + order;
  let kept = true;
  try {
    localStorage.setItem(key, JSON.stringify(answer));
  } catch {
    // The browser has no room; the answer is sent all the same.
    kept = false;
  }
  unsent.push({ key, answer, onReply, kept });
  showUnsent();
  return send();
}

// Resolves when no answer is left.
function send() {
  if (!sending) sent = sendAll();
  return sent;
}

async function sendAll() {
  sending = true;
  for (let pause = 250; unsent.length; ) {
    const { key, answer, onReply, kept } = unsent[0];
    // The page of the next server may have sent it already.
    if (kept && localStorage.getItem(key) === null) {
      unsent.shift();
      reason = "";
      showUnsent();
      continue;
    }
    const [status, reply] = await deliver(answer);
    if (status === 200) {
      if (onReply) onReply(JSON.parse(reply));
    } else if (status === 400) {
      refused.push(reply);
    } else {
      reason = status === 403 ? "the server has restarted: open its new address to send them" :
        status === 503 ? `${reply}. Kept here and sent later` :
          "the server does not answer; they are kept here and sent later";
      showUnsent();
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, 4000);
      continue;
    }
    localStorage.removeItem(key);
    unsent.shift();
    pause = 250;
    reason = "";
    showUnsent();
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

function showUnsent() {
  const trouble = document.getElementById("trouble");
  const count = (number) => `${number} answer${number === 1 ? "" : "s"}`;
  const messages = [];
  if (reason) messages.push(`\u26a0 ${count(unsent.length)} not stored yet: ${reason}`);
  if (refused.length) messages.push(`\u26a0 ${count(refused.length)} refused: ${refused.at(-1)}`);
  trouble.hidden = !messages.length;
  trouble.textContent = messages.join(". ");
  document.getElementById("stored").textContent =
    (reason ? "not stored" : unsent.length ? "storing" : "all stored") + draftsInWords();
}

window.addEventListener("beforeunload", (event) => {
  if (unsent.length) event.preventDefault();
});

// Marks and comments on fields that have no class, by field. The browser keeps them until the class.
const drafts = new Map(), blank = { feature: 0, note: 0, comment: "" };
let shelf = "", safe = true;

function loadDrafts(session) {
  shelf = `mangapa-draft ${session.store} ${encodeURIComponent(session.expert)} `;
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith(shelf))) {
    drafts.set(name.slice(shelf.length), JSON.parse(localStorage.getItem(name)));
  }
}

const draftOf = (showing, tracer) => drafts.get(keyOf(showing, tracer)) ?? blank;

function setDraft(showing, tracer, { feature, note, comment } = blank) {
  const key = keyOf(showing, tracer), draft = { feature, note, comment };
  if (feature || note || comment) {
    drafts.set(key, draft);
    try {
      localStorage.setItem(shelf + key, JSON.stringify(draft));
    } catch {
      // The browser has no room; the draft is there as long as the page is.
      safe = false;
    }
  } else {
    drafts.delete(key);
    localStorage.removeItem(shelf + key);
  }
  showUnsent();
}

const draftsInWords = () => drafts.size === 0 ? "" : `; ${drafts.size} without a class ` +
  (safe ? "kept in this browser" : "lost when this page is closed");

// Says who else is on the pages of this application, and which fields others changed since this page was read.
//
// <p data-presence="address" data-numbers="{…}"> shows the words. Every 25 s, while the page is seen, it posts the
// numbers of the fields that the page has (the form's own, kept by autosave.js, when there is one). The answer is
//   200 {"words": "…", "changed": {"field": {"number": 3, "who": "王经办", "at": "10:42"}}}.
// Nothing that was typed is touched: a field says that there is a newer text, and reading it is left to the person.
import { _ } from "./words.js";

const EVERY = 25_000; // ms; who was not seen for 60 s counts as gone

export function start(root) {
  const line = root.querySelector("[data-presence]");
  if (!line) return;
  const beat = () => tell(root, line);
  const timer = setInterval(() => { if (!document.hidden) beat().then((gone) => { if (gone) clearInterval(timer); }); }, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
}

// Returns whether the page may no longer ask: the person has no part in the application any more.
async function tell(root, line) {
  const form = root.querySelector("form[data-autosave]");
  const body = new URLSearchParams({
    numbers: form?.elements.numbers?.value || line.dataset.numbers,
    csrfmiddlewaretoken: root.querySelector("input[name='csrfmiddlewaretoken']")?.value || "",
  });
  let answer;
  try {
    answer = await fetch(line.dataset.presence, { method: "POST", body });
  } catch {
    return false; // no network: autosave.js says so, loudly
  }
  if (!answer.ok) return answer.status === 404;
  const { words, changed } = await answer.json();
  if (line.textContent !== words) line.textContent = words;
  line.hidden = !words;
  for (const old of root.querySelectorAll("[data-changed]")) if (!changed[old.dataset.changed]) old.remove();
  for (const [key, { who, at }] of Object.entries(changed)) mark(root, key, _("{who} {at} 改了这一栏，刷新后可见", { who, at }));
  return false;
}

function mark(root, key, words) {
  const field = root.getElementById(`f-${key}`)?.closest(".field-gap");
  if (!field) return;
  const note = field.querySelector("[data-changed]")
    || field.appendChild(Object.assign(document.createElement("p"), { className: "doubt" }));
  note.dataset.changed = key;
  note.setAttribute("role", "status");
  if (note.textContent !== words) note.textContent = words;
}

// Shows and hides what earlier answers call for, as the server says with every save.
//
// <div data-shows="lead.note" hidden>: a field by its path (or a section by its key; several paths by blanks: shown while
// one of them is). The answer to a save may carry {"visible": {"lead.note": true}}, which autosave passes on in its event
// `saved`; apply() follows it. Nothing is judged here, and nothing is emptied: what is hidden is posted like everything
// else, and is there again when it is shown. Without script the next page that the server sends shows them.
import { _, labelOf } from "./words.js";

export function start(root) {
  if (!root.querySelector("[data-shows]")) return;
  said(root);
  root.addEventListener("saved", (event) => apply(event.detail?.visible, root), true); // it does not bubble
}

export function apply(visible, root = document) {
  if (!visible) return;
  const appeared = [];
  const gone = [];
  for (const part of root.querySelectorAll("[data-shows]")) {
    const known = part.dataset.shows.split(" ").filter((path) => path in visible);
    if (!known.length) continue;
    const shown = known.some((path) => visible[path]);
    if (part.hidden !== shown) continue;
    if (!shown && part.contains(document.activeElement)) before(part)?.focus();
    part.hidden = !shown;
    (shown ? appeared : gone).push(label(part));
  }
  const listed = (parts) => parts.filter(Boolean).join(_("、"));
  const words = [];
  if (listed(appeared)) words.push(_("需要填写：{names}。", { names: listed(appeared) }));
  if (listed(gone)) words.push(_("不用再填：{names}。", { names: listed(gone) }));
  if (words.length) said(root).textContent = words.join("");
}

// A reader hears of a field that comes after the one it is in; the line must be there before it is filled.
function said(root) {
  const present = root.querySelector("[data-shows-said]");
  if (present) return present;
  const line = Object.assign(document.createElement("p"), { className: "hidden" });
  line.setAttribute("role", "status");
  line.dataset.showsSaid = "";
  (root.querySelector("form[data-autosave]") ?? root.body ?? root).append(line);
  return line;
}

function label(part) {
  if (part.matches("h2, li")) return "";
  const words = part.querySelector("legend, .label, h3");
  return words ? labelOf(words) : "";
}

// The last control in front of a part that is about to go: whoever stands in it must not fall out of the form.
function before(part) {
  const controls = [...(part.closest("form") ?? document).querySelectorAll("input:not([type=hidden]), select, textarea")];
  return controls.findLast((control) =>
    control.compareDocumentPosition(part) & Node.DOCUMENT_POSITION_FOLLOWING && !control.closest("[hidden]"));
}

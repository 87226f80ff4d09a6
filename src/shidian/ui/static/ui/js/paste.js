// Pasting into long texts: what the clipboard holds beside plain text is read (pasted.js), put in as one step that can be
// undone, and a short line says what was kept and what was dropped.
import { asText, fromHtml, fromTabs, itemsIn } from "./pasted.js";
import { _ } from "./words.js";

const squeezed = (text) => text.replace(/[\s\u200b]+/g, "");

export function start(root) {
  const form = root.querySelector("form[data-autosave]");
  form?.addEventListener("paste", (event) => {
    const control = event.target;
    if (event.defaultPrevented || !control.matches?.("textarea[name]:not([data-prose])")) return;
    const found = received(event.clipboardData, false);
    if (!found) return;
    event.preventDefault();
    const before = control.value;
    if (found.pieces.length) insert(control, asText(found.pieces, false));
    tell(control, said(found, { tables: false, pictures: false }), control, found.pieces.length && (() => put(control, before)));
  });
}

// The pieces of the clipboard; null when plain text says as much and the browser may go on.
export function received(data, tables) {
  const plain = data?.getData("text/plain") ?? "";
  const html = data?.getData("text/html") ?? "";
  if (!html) return tables ? fromTabs(plain) : null;
  const found = fromHtml(html);
  if (!found.pieces.length) return found.told.pictures && !plain.trim() ? found : null;
  const dropped = Object.values(found.told).some(Boolean);
  if (!dropped && found.pieces.every((piece) => piece.lines) && squeezed(asText(found.pieces, false)) === squeezed(plain)) return null;
  return found;
}

export function said({ pieces, told }, { tables, pictures }) {
  const lines = pieces.flatMap((piece) => piece.lines ?? []);
  const grids = pieces.filter((piece) => piece.rows).length;
  const items = itemsIn(lines);
  const kept = [
    lines.length - items && _("{count} 段文字", { count: lines.length - items }),
    items && _("{count} 项编号", { count: items }),
    grids && _("{count} 个表格", { count: grids }),
  ].filter(Boolean);
  return [
    kept.length ? _("已粘贴 {what}，字体和格式没有带入。", { what: kept.join(_("、")) }) : _("没有可以粘贴的文字。"),
    grids && !tables && _("这一栏不放表格，各格用“；”隔开。"),
    told.merged && grids && tables && _("合并的单元格已经拆开，内容在第一格。"),
    told.wide && _("列太多的表格按文字粘贴，各格用“；”隔开。"),
    told.pictures && (pictures ? _("{count} 张图片没有带入，请用“插入图片”上传。", { count: told.pictures }) : _("{count} 张图片没有带入。", { count: told.pictures })),
    (told.comments || told.deleted) && _("批注和已经删除的文字没有带入。"),
  ].filter(Boolean).join("");
}

// As one step of the browser's own undo where it knows how.
export function insert(control, text) {
  control.focus();
  if (text ? document.execCommand("insertText", false, text) : document.execCommand("delete")) return;
  control.setRangeText(text, control.selectionStart, control.selectionEnd, "end");
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

// Another whole text, written as the change that it is.
export function put(control, text) {
  const now = control.value;
  let start = 0;
  while (start < now.length && start < text.length && now[start] === text[start]) start += 1;
  let end = 0;
  while (end < now.length - start && end < text.length - start && now.at(-1 - end) === text.at(-1 - end)) end += 1;
  control.focus();
  control.setSelectionRange(start, now.length - end);
  if (now !== text) insert(control, text.slice(start, text.length - end));
}

// A line behind `place` that says what happened, with a way back until something else is written.
export function tell(place, words, control, undo) {
  const line = place.parentElement.querySelector(":scope > [data-pasted]") ?? lineAfter(place);
  line.over?.abort();
  line.over = new AbortController();
  line.replaceChildren(Object.assign(document.createElement("span"), { textContent: words }));
  line.hidden = false;
  const again = button(_("撤销"));
  const seen = button(_("知道了"));
  const close = () => {
    line.over.abort();
    line.hidden = true;
    line.replaceChildren();
  };
  const after = control.value;
  control.addEventListener("input", () => { if (control.value !== after) again.remove(); }, { signal: line.over.signal });
  again.addEventListener("click", () => { close(); undo(); });
  seen.addEventListener("click", () => { close(); control.focus(); });
  const set = Object.assign(document.createElement("span"), { className: "button-set" });
  set.append(...(undo ? [again, seen] : [seen]));
  line.append(set);
}

function lineAfter(place) {
  const line = Object.assign(document.createElement("p"), { className: "note pasted", hidden: true });
  line.dataset.is = "turn";
  line.dataset.pasted = "";
  line.setAttribute("role", "status");
  place.after(line);
  return line;
}

const button = (words) => Object.assign(document.createElement("button"), { type: "button", className: "button button-quiet", textContent: words });

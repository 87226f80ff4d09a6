// Long answers with tables and pictures: stretches of text as growing text areas, tables as grids, pictures as they look.
//
// <textarea data-prose data-prose-pictures="JSON"> stays the only named control: whatever is done here is written into it
// at once as text of the grammar (prose.js) and told by its event `input`, so that saving, the journal, conflicts and
// history know nothing of blocks. While an answer has no table and no picture the textarea itself is shown; “看原文” shows
// it at any time, and the rules of the grammar ([data-prose-grammar]) with it.
import { insert, put, received, said, tell } from "./paste.js";
import { asText } from "./pasted.js";
import { MOST_PICTURES, hasBlocks, isRow, pictureLine, segments, tableLines, textOf } from "./prose.js";
import { button, grow, make } from "./prose_parts.js";
import { Coming, Pictures, choose, pictureBlock } from "./prose_pictures.js";
import { ProseTable } from "./prose_table.js";
import { _ } from "./words.js";

const TOGETHER = 1000; // ms: what is typed within that is undone at once
const MOST_STEPS = 200;

export function start(root) {
  for (const control of root.querySelectorAll("form[data-autosave] textarea[data-prose]")) new ProseEditor(control);
}

class ProseEditor {
  constructor(control) {
    this.control = control;
    this.form = control.form;
    this.pictures = Pictures.of(control.dataset.prosePictures);
    this.label = control.labels[0];
    this.name = this.label?.firstChild.textContent.trim() ?? "";
    this.grammar = control.closest(".field").querySelector("[data-prose-grammar]");
    this.open = false;
    this.parts = [];
    this.nodes = new WeakMap(); // part -> what shows it
    this.place = { at: 0, caret: 0 };
    this.drawBar();
    this.drawBox();
    // Whoever looks for the field (a link of the error summary, a draft that comes back) finds what stands for it.
    control.focus = (options) => (this.open ? this.areas()[0]?.focus(options) : HTMLTextAreaElement.prototype.focus.call(control, options));
    control.addEventListener("paste", (event) => this.pastePlain(event));
    control.addEventListener("input", (event) => this.heard(event));
    if (hasBlocks(control.value)) this.show();
    else this.showPlain();
    if (location.hash === `#${control.id}` && this.open) {
      control.closest(".field").scrollIntoView();
      control.focus({ preventScroll: true });
    }
  }

  drawBar() {
    this.bar = make("div", { className: "prose-tools prose-bar" });
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", _("{name}：插入", { name: this.name }));
    this.view = button("", () => (this.open ? this.hide() : this.show()));
    this.bar.append(button(_("插入表格"), () => this.addTable()));
    if (this.pictures) this.bar.append(button(_("插入图片"), () => this.addPicture()));
    this.bar.append(this.view);
    this.control.before(this.bar);
  }

  drawBox() {
    this.box = make("div", { className: "prose-editor", hidden: true });
    this.box.dataset.standsFor = this.control.name;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", this.name);
    this.words = make("p", { className: "hint prose-said" });
    this.words.setAttribute("role", "status");
    this.control.after(this.box, this.words);
    this.box.addEventListener("input", (event) => {
      event.stopPropagation(); // the control tells of it
      if (!event.isComposing) this.typed(event.target);
    });
    this.box.addEventListener("compositionstart", () => { this.composing = true; });
    this.box.addEventListener("compositionend", (event) => {
      this.composing = false;
      this.typed(event.target);
    });
    this.box.addEventListener("beforeinput", (event) => {
      const back = { historyUndo: () => this.undo(), historyRedo: () => this.redo() }[event.inputType];
      if (!back) return;
      event.preventDefault();
      back();
    });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("paste", (event) => this.paste(event));
    for (const kind of ["focusin", "keyup", "click"]) this.box.addEventListener(kind, () => { this.place = this.where() ?? this.place; });
    addEventListener("resize", () => this.grow());
    // A picture dropped here would replace the page.
    for (const kind of ["dragover", "drop"]) {
      this.box.addEventListener(kind, (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        if (kind === "drop") this.send([...event.dataTransfer.files]);
      });
    }
  }

  say(words) {
    this.words.textContent = words;
  }

  // Two ways of looking at one text

  show(place) {
    this.open = true;
    this.past = [];
    this.future = [];
    this.parts = this.cut(this.control.value);
    this.place = place ?? { at: 0, caret: 0 };
    this.kept = { text: this.control.value, place: this.place };
    this.control.hidden = true;
    this.box.hidden = false;
    this.draw();
    if (this.label) this.label.htmlFor = `${this.control.id}-text`;
    this.showPlain();
  }

  hide() {
    this.open = false;
    this.box.hidden = true;
    this.control.hidden = false;
    if (this.label) this.label.htmlFor = this.control.id;
    this.showPlain();
    this.control.focus();
  }

  showPlain() {
    const blocks = this.open || hasBlocks(this.control.value);
    this.view.hidden = !blocks;
    this.view.textContent = this.open ? _("看原文") : _("看表格和图片");
    if (this.grammar) this.grammar.hidden = this.open || !blocks;
  }

  // The segments of a text, with the pictures that are still on their way.
  cut(text) {
    let parts = segments(text);
    let line = 0;
    for (const part of this.parts) {
      if (part.kind === "coming") parts = putAt(parts, line, part);
      line += part.lines.length;
    }
    return parts;
  }

  // Drawing

  draw() {
    let number = 0;
    const nodes = this.parts.map((part) => {
      const node = this.nodes.get(part) ?? this.made(part);
      if (part.kind === "text") {
        number += 1;
        node.setAttribute("aria-label", _("{name}：第 {number} 段文字", { name: this.name, number }));
        const value = part.lines.join("\n");
        if (node.value !== value) node.value = value;
        node.classList.toggle("is-between", this.parts.length > 1 && !value);
      }
      return node;
    });
    // Only what changed its place is touched, so that whoever writes in another part is not thrown out.
    for (const old of [...this.box.children]) if (!nodes.includes(old)) old.remove();
    nodes.forEach((node, at) => { if (this.box.children[at] !== node) this.box.insertBefore(node, this.box.children[at] ?? null); });
    this.areas().forEach((area, at) => { area.id = `${this.control.id}-text${at || ""}`; });
    this.grow();
  }

  grow() {
    for (const area of this.areas()) grow(area);
    for (const part of this.parts) part.table?.grow();
  }

  areas() {
    return [...this.box.querySelectorAll(":scope > textarea")];
  }

  made(part) {
    const node = this[`${part.kind}Node`](part);
    this.nodes.set(part, node);
    return node;
  }

  textNode(part) {
    const area = make("textarea", { className: "input prose-text", rows: 1 });
    area.segment = part;
    for (const name of ["aria-describedby", "aria-invalid"]) {
      const value = this.control.getAttribute(name);
      if (value) area.setAttribute(name, value);
    }
    return area;
  }

  tableNode(part) {
    part.table = new ProseTable(part, {
      changed: () => this.sync(true),
      say: (words) => this.say(words),
      tools: (...given) => this.tools(...given),
    });
    part.table.node.segment = part;
    return part.table.node;
  }

  pictureNode(part) {
    const { node, caption } = pictureBlock(part, {
      pictures: this.pictures,
      tools: (...given) => this.tools(...given),
      replace: (old) => this.addPicture(old),
    });
    part.captionInput = caption;
    node.segment = part;
    return node;
  }

  comingNode(part) {
    part.card.segment = part;
    return part.card;
  }

  tools(part, words) {
    return [
      button(_("上移"), () => this.move(part, -1)),
      button(_("下移"), () => this.move(part, 1)),
      button(words, () => this.drop(part)),
    ];
  }

  // What was typed goes into the control

  typed(target) {
    const part = target.closest(".prose-block")?.segment ?? target.segment;
    if (!part) return;
    this.say("");
    if (part.kind === "text") {
      part.lines = target.value ? target.value.split("\n") : [];
      target.classList.toggle("is-between", this.parts.length > 1 && !target.value);
      grow(target);
    } else if (part.kind === "table" && target.matches(".prose-cell")) part.table.typed(target);
    else if (part.kind === "picture" && target === part.captionInput) {
      part.caption = target.value;
      part.lines = [pictureLine(part.name, part.caption.trim())];
    } else return;
    this.sync(false, target);
  }

  sync(step, target = null) {
    const text = textOf(this.parts);
    if (text === this.kept.text) return;
    const now = Date.now();
    if (step || target !== this.last || now - this.at > TOGETHER) {
      this.past.push(this.kept);
      if (this.past.length > MOST_STEPS) this.past.shift();
    }
    this.future = [];
    this.last = step ? null : target;
    this.at = now;
    this.place = this.where() ?? this.place;
    this.kept = { text, place: this.place };
    this.write(text);
  }

  write(text) {
    this.writing = true;
    this.control.value = text;
    this.control.dispatchEvent(new Event("input", { bubbles: true }));
    this.writing = false;
    this.showPlain();
  }

  // Somebody else wrote into the control: a draft that came back, or the person, in the plain text.
  heard(event) {
    if (this.writing) return;
    if (this.open || (!event.isTrusted && hasBlocks(this.control.value))) this.outside(this.control.value);
    else this.showPlain();
  }

  outside(text) {
    if (!this.open) return this.show();
    this.past.push(this.kept);
    this.kept = { text, place: { at: 0, caret: 0 } };
    this.parts = this.cut(text);
    this.draw();
    this.showPlain();
  }

  // Undo, over everything that this editor does

  undo() { this.go(this.past, this.future); }

  redo() { this.go(this.future, this.past); }

  go(from, to) {
    const entry = from.pop();
    if (!entry) return;
    to.push(this.kept);
    this.kept = entry;
    this.last = null;
    this.parts = this.cut(entry.text);
    this.draw();
    this.write(entry.text);
    this.focus(entry.place);
  }

  where() {
    const target = document.activeElement;
    const part = target?.closest?.(".prose-block")?.segment ?? target?.segment;
    const at = this.parts.indexOf(part);
    if (at < 0) return null;
    return { at, caret: target.selectionStart ?? 0, row: target.dataset.row, column: target.dataset.column };
  }

  focus({ at, caret, row, column }) {
    const part = this.parts[Math.min(at, this.parts.length - 1)];
    const node = this.nodes.get(part);
    const target = row !== undefined && part.table ? part.table.cell(row, column) ?? part.table.cell(0, 0) : node.matches("textarea") ? node : node.querySelector("textarea, input[type=text]") ?? node;
    target.focus();
    target.setSelectionRange?.(caret, caret);
    this.place = { at: this.parts.indexOf(part), caret, row, column };
  }

  // Putting in, moving, taking out

  addTable() {
    const rows = Array.from({ length: 3 }, () => ["", "", ""]);
    const part = { kind: "table", rows, header: true, lines: tableLines(rows, true) };
    this.add([part]);
    this.focus({ at: this.parts.indexOf(part), caret: 0, row: 0, column: 0 });
    this.say(_("Tab 到下一格，Ctrl+Enter 加一行。"));
  }

  addPicture(instead = null) {
    const count = segments(this.control.value).filter((part) => part.kind === "picture").length;
    if (!instead && count >= MOST_PICTURES) return this.say(_("一栏最多 {most} 张图片，请先删去一张。", { most: MOST_PICTURES }));
    choose(this.pictures, {
      use: (name) => (instead ? this.exchange(instead, name) : this.addPictureNamed(name)),
      send: (files) => this.send(instead ? files.slice(0, 1) : files.slice(0, MOST_PICTURES - count), instead),
    });
  }

  addPictureNamed(name) {
    const part = picturePart(name);
    this.add([part]);
    this.place = { at: this.parts.indexOf(part), caret: 0 };
    part.captionInput.focus();
  }

  exchange(old, name) {
    const part = picturePart(name, old.caption);
    this.parts[this.parts.indexOf(old)] = part;
    this.draw();
    this.sync(true);
    part.captionInput.focus();
  }

  // The line of a picture is written when the server has taken it.
  send(files, instead = null) {
    if (!this.pictures?.upload) return this.say(_("现在不能上传新的图片。"));
    for (const file of files) {
      const part = { kind: "coming", lines: [] };
      const coming = new Coming(this.pictures, this.form, {
        taken: (name) => this.taken(part, name, instead),
        gone: () => this.drop(part),
      });
      part.card = coming.card;
      if (instead && this.parts.includes(instead)) {
        this.parts.splice(this.parts.indexOf(instead) + 1, 0, part);
        this.parts = alternating(this.parts);
        this.draw();
      } else this.add([part]);
      this.place = { at: this.parts.indexOf(part), caret: 0 };
      coming.take([file]);
      part.card.focus();
    }
  }

  taken(part, name, instead) {
    if (this.composing) return setTimeout(() => this.taken(part, name, instead), TOGETHER);
    const writing = document.activeElement.matches("input, textarea, select");
    const made = picturePart(name, instead?.caption);
    if (!this.open) this.show();
    const at = this.parts.indexOf(part);
    if (at >= 0) this.parts[at] = made;
    else this.parts.push(made);
    if (instead) this.parts = this.parts.filter((each) => each !== instead);
    this.parts = alternating(this.parts);
    this.draw();
    this.sync(true);
    this.say(_("图片已插入，请写图名。"));
    if (!writing) made.captionInput.focus();
  }

  // After the line of the caret, or after the table or picture in which it stands.
  add(parts) {
    if (!this.open) {
      const caret = this.control.selectionStart;
      this.show();
      this.place = this.placeOf(caret);
    }
    const at = Math.min(this.place.at, this.parts.length - 1);
    const here = this.parts[at];
    if (here.kind === "text") {
      const value = here.lines.join("\n");
      const end = value.indexOf("\n", this.place.caret);
      const before = value && (end < 0 ? value : value.slice(0, end));
      const head = before ? before.split("\n") : [];
      if (end < 0 && head.at(-1) === "") head.pop();
      this.parts.splice(at, 1, stretch(head), ...parts, stretch(end < 0 ? [] : value.slice(end + 1).split("\n")));
    } else this.parts.splice(at + 1, 0, ...parts);
    this.parts = alternating(this.parts);
    this.draw();
    this.sync(true);
  }

  drop(part) {
    const at = this.parts.indexOf(part);
    if (at < 0) return;
    const caret = this.parts[at - 1]?.lines.join("\n").length ?? 0;
    this.parts.splice(at, 1);
    this.parts = alternating(this.parts);
    this.draw();
    this.sync(true);
    if (part.kind !== "coming") this.say(part.kind === "table" ? _("表格已删除，按 Ctrl+Z 可以恢复。") : _("图片已从文字里去掉，文件还在“证明材料”里。"));
    this.focus({ at: Math.max(0, at - 1), caret });
  }

  // Past one paragraph, or past the table or picture next to it.
  move(part, step) {
    const at = this.parts.indexOf(part);
    const near = this.parts[at + step];
    const far = this.parts[at - step];
    const lines = near.lines;
    const take = step < 0 ? lines.findLastIndex((line) => line.trim()) : lines.findIndex((line) => line.trim());
    if (take >= 0) {
      const moved = step < 0 ? lines.slice(take) : lines.slice(0, take + 1);
      const [from, to] = [stretch(step < 0 ? lines.slice(0, take) : lines.slice(take + 1)), stretch(step < 0 ? [...moved, ...far.lines] : [...far.lines, ...moved])];
      this.parts[at + step] = from;
      this.parts[at - step] = to;
    } else if (this.parts[at + 2 * step]) {
      [this.parts[at], this.parts[at + 2 * step]] = [this.parts[at + 2 * step], part];
    } else return this.say(step < 0 ? _("已经在最前面。") : _("已经在最后面。"));
    this.draw();
    this.sync(true);
    this.nodes.get(part).scrollIntoView({ block: "nearest" });
  }

  // Where an offset of the whole text stands.
  placeOf(offset) {
    let left = offset;
    for (let at = 0; at < this.parts.length; at += 1) {
      const part = this.parts[at];
      const length = part.lines.join("\n").length;
      if (part.kind === "text" && part.lines.length && left <= length) return { at, caret: Math.max(0, left) };
      if (part.lines.length) left -= length + 1;
      if (left < 0) return { at: part.kind === "text" ? at : at + 1, caret: 0 };
    }
    return { at: this.parts.length - 1, caret: this.parts.at(-1).lines.join("\n").length };
  }

  // Keys

  key(event) {
    if (event.isComposing) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === "z" || key === "y")) {
      event.preventDefault();
      if (key === "y" || event.shiftKey) this.redo();
      else this.undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const target = event.target;
    if (target.selectionStart !== target.selectionEnd) return;
    const down = event.key === "ArrowDown";
    if (target.selectionStart !== (down ? target.value?.length : 0) && !target.matches(".prose-cell, input[type=text]")) return;
    const stops = [...this.box.querySelectorAll(":scope > textarea, .prose-cell, .prose-caption input")];
    const own = (node) => node.closest(".prose-block") ?? node;
    const at = stops.indexOf(target);
    const next = down ? stops.find((node, index) => index > at && own(node) !== own(target)) : stops.findLast((node, index) => index < at && own(node) !== own(target));
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
    const caret = down ? 0 : next.value.length;
    next.setSelectionRange(caret, caret);
  }

  // Pasting

  paste(event) {
    const target = event.target;
    if (target.matches("input")) return;
    if (this.pastePictures(event)) return;
    const found = received(event.clipboardData, true);
    if (!found) return;
    event.preventDefault();
    const cell = target.matches(".prose-cell");
    const grid = cell && found.pieces.length === 1 && found.pieces[0].rows;
    this.last = null;
    if (grid) {
      if (!target.closest(".prose-block").segment.table.fill(target, grid)) return;
    } else if (!found.pieces.length) {
      return this.tellPasted(found);
    } else if (cell || found.pieces.every((piece) => piece.lines)) insert(target, asText(found.pieces, false));
    else this.pasteBlocks(target, found.pieces);
    this.last = null;
    this.tellPasted(found, () => this.undo(), !cell || grid);
  }

  pasteBlocks(area, pieces) {
    const at = this.parts.indexOf(area.segment);
    const { value, selectionStart, selectionEnd } = area;
    const [whole, tail] = glued(value.slice(0, selectionStart), asText(pieces, true), value.slice(selectionEnd));
    const made = segments(whole);
    this.parts.splice(at, 1, ...made);
    this.parts = alternating(this.parts);
    this.draw();
    this.sync(true);
    const end = this.parts.indexOf(made.at(-1));
    this.focus({ at: end, caret: this.parts[end].lines.join("\n").length - tail.length });
  }

  pastePlain(event) {
    if (this.pastePictures(event)) return;
    const found = received(event.clipboardData, true);
    if (!found) return;
    event.preventDefault();
    const { control } = this;
    const before = control.value;
    if (!found.pieces.length) return this.tellPasted(found);
    if (found.pieces.every((piece) => piece.lines)) {
      insert(control, asText(found.pieces, false));
      return this.tellPasted(found, () => put(control, before));
    }
    const [start, end] = [control.selectionStart, control.selectionEnd];
    const [whole, tail] = glued(before.slice(0, start), asText(found.pieces, true), before.slice(end));
    this.show();
    this.parts = this.cut(whole);
    this.draw();
    this.sync(true);
    this.focus(this.placeOf(whole.length - tail.length));
    this.tellPasted(found, () => {
      this.undo();
      if (!hasBlocks(this.control.value)) this.hide();
    });
  }

  tellPasted(found, undo, tables = true) {
    tell(this.words, said(found, { tables, pictures: Boolean(this.pictures) }), this.control, undo);
  }

  // A picture alone on the clipboard, as programs for screenshots put it there.
  pastePictures(event) {
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (!files.length || !this.pictures?.upload || event.clipboardData.getData("text/plain") || /<(?:table|p|li|td)\b/i.test(event.clipboardData.getData("text/html"))) return false;
    event.preventDefault();
    const stamp = new Date().toTimeString().slice(0, 8).replaceAll(":", "");
    this.send(files.map((file, at) => new File([file], _("截图{stamp}", { stamp: `${stamp}${at || ""}` }) + file.name.replace(/^.*(?=\.)|^[^.]*$/, ""), { type: file.type })));
    return true;
  }
}

const stretch = (lines) => ({ kind: "text", lines });
const picturePart = (name, caption = "") => ({ kind: "picture", name, caption, lines: [pictureLine(name, caption)] });

// Stretches of text between all others, at the beginning and at the end; two of them are one.
function alternating(parts) {
  const found = [];
  for (const part of parts) {
    const before = found.at(-1);
    if (part.kind === "text" && before?.kind === "text") found[found.length - 1] = !before.lines.length ? part : part.lines.length ? stretch([...before.lines, ...part.lines]) : before;
    else {
      if (part.kind !== "text" && before?.kind !== "text") found.push(stretch([]));
      found.push(part);
    }
  }
  if (found.at(-1)?.kind !== "text") found.push(stretch([]));
  return found;
}

// A picture on its way, after so many lines.
function putAt(parts, line, coming) {
  let left = line;
  for (const [at, { kind, lines }] of parts.entries()) {
    if (kind === "text" && left <= lines.length) {
      const halves = [stretch(lines.slice(0, left)), coming, stretch(lines.slice(left))];
      return alternating([...parts.slice(0, at), ...halves, ...parts.slice(at + 1)]);
    }
    left = Math.max(0, left - lines.length);
  }
  return alternating([...parts, coming]);
}

// Blocks between two ends of a text, on lines of their own; [the whole, what stands after them].
function glued(head, blocks, tail) {
  const first = blocks.split("\n", 1)[0];
  const last = blocks.slice(blocks.lastIndexOf("\n") + 1);
  const lineBefore = head.slice(head.lastIndexOf("\n") + 1);
  const lineAfter = tail.split("\n", 1)[0];
  const before = isRow(first) && head ? (lineBefore ? (isRow(lineBefore) ? "\n\n" : "\n") : endsInRow(head) ? "\n" : "") : "";
  const after = isRow(last) && tail ? (lineAfter ? (isRow(lineAfter) ? "\n\n" : "\n") : isRow(tail.split("\n")[1] ?? "") ? "\n" : "") : "";
  return [`${head}${before}${blocks}${after}${tail}`, tail];
}

// Ends with a line break after a row.
const endsInRow = (head) => isRow(head.slice(0, -1).split("\n").at(-1));

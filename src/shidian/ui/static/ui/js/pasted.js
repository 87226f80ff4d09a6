// What is on the clipboard as paragraphs, numbered items and simple tables; everything else is dropped and counted.
//
// The markup is that of Word, WPS, LibreOffice, spreadsheets and web pages. It is read in a document that loads and runs
// nothing. The result is {pieces, told}: pieces are {lines} and {rows, header}; told counts what was changed or dropped.
import { AFTER_NUMERAL, BETWEEN_CELLS, MOST_COLUMNS, MOST_ROWS, NUMERALS, isItem, isRow, tableLines } from "./prose.js";

const DROPPED = new Set(["script", "style", "head", "title", "meta", "link", "template", "noscript", "object", "embed", "iframe", "audio", "canvas", "button", "select", "textarea", "input", "map"]);
const PICTURES = new Set(["img", "svg", "picture", "video", "imagedata"]);
const BLOCKS = new Set(["address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "td", "th", "tr", "ul"]);
// Word: the list of comments at the end, and the sign of one in the text; the text that it is about is text.
const COMMENTS = /mso-element:\s*comment/i;
const COMMENTED = /\bMso-?CommentReference\b|\bmsocom(?:anchor|off)\b/i;
const GONE = /display:\s*none|mso-hide:\s*(?:all|screen)/i;
const WIDE = "[\\u2e80-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff\\ufe30-\\ufe4f\\uff00-\\uffef\\u2014\\u2018-\\u201d\\u2026\\ud840-\\udfff]";
// Programs break the lines of their markup anywhere between two Chinese characters; a browser of today shows no blank there.
const BROKEN = new RegExp(`(${WIDE})\\n(?=${WIDE})`, "g");
const SIGN = /^[!-/:-\u02ff\u2010-\u245f\u2500-\u2bff]$/; // what fonts of signs draw bullets from

export function fromHtml(html) {
  // A page that allows nothing inline complains of every style and handler, although none would be carried out.
  const plain = html
    .replace(/<style[\s>][\s\S]*?<\/style\s*>/gi, "")
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\s(style|on[a-z]+)(\s*=)/gi, " data-$1$2"));
  const reader = new Reader();
  reader.children(new DOMParser().parseFromString(plain, "text/html").body);
  reader.end();
  return { pieces: joined(reader.pieces), told: reader.told };
}

// Cells between tabs, as spreadsheets write them; null when the text is no table.
export function fromTabs(text) {
  if (!text.includes("\t")) return null;
  const rows = [[""]];
  let quoted = false;
  const plain = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
  for (let at = 0; at < plain.length; at += 1) {
    const sign = plain[at];
    const row = rows.at(-1);
    if (quoted && sign === '"' && plain[at + 1] === '"') {
      row[row.length - 1] += sign;
      at += 1;
    } else if (quoted && sign === '"') quoted = false;
    else if (sign === '"' && !row.at(-1) && /^"(?:[^"]|"")*"(?=[\t\n]|$)/.test(plain.slice(at, at + 20_000))) quoted = true;
    else if (sign === "\t" && !quoted) row.push("");
    else if (sign === "\n" && !quoted) rows.push([""]);
    else row[row.length - 1] += sign;
  }
  if (rows.length < 2 || rows.some((row) => row.length !== rows[0].length) || rows[0].length < 2) return null;
  const told = counts();
  const tidy = rows.map((row) => row.map((cell) => cell.trim()));
  return { pieces: joined(shaped(tidy, false, told)), told };
}

// The pieces as lines of text; without `tables` their cells stand between ；.
export function asText(pieces, tables) {
  const lines = [];
  for (const piece of pieces) {
    const own = piece.lines ?? (tables ? tableLines(piece.rows, piece.header) : piece.rows.map(inLine).filter(Boolean));
    if (lines.length && own.length && isRow(lines.at(-1)) && isRow(own[0])) lines.push("");
    lines.push(...own);
  }
  return lines.join("\n");
}

const counts = () => ({ merged: 0, pictures: 0, comments: 0, deleted: 0, wide: 0 });
const inLine = (row) => row.map((cell) => cell.replace(/\s*\n\s*/g, " ")).filter(Boolean).join(BETWEEN_CELLS);

// Neighbouring lines are one piece.
function joined(pieces) {
  const found = [];
  for (const piece of pieces) {
    if (piece.lines && found.at(-1)?.lines) found.at(-1).lines.push(...piece.lines);
    else if (!piece.lines || piece.lines.length) found.push(piece);
  }
  return found;
}

// A grid as tables of a size that an answer can hold, or as lines where it is none.
function shaped(rows, header, told) {
  const filled = rows.filter((row) => row.some(Boolean));
  const used = (filled[0] ?? []).map((_, column) => filled.some((row) => row[column]));
  const kept = filled.map((row) => row.filter((_, column) => used[column]));
  if (!kept.length) return [];
  const lines = kept.map(inLine);
  if (kept[0].length < 2 || kept.length < 2) return [{ lines }];
  if (kept[0].length > MOST_COLUMNS) {
    told.wide += 1;
    return [{ lines }];
  }
  if (kept.length <= MOST_ROWS) return [{ rows: kept, header }];
  const parts = [];
  const head = header ? [kept.shift()] : [];
  const room = MOST_ROWS - head.length;
  for (let at = 0; at < kept.length; at += room) {
    const part = kept.slice(at, at + room);
    parts.push(part.length + head.length > 1 ? { rows: [...head, ...part], header } : { lines: part.map(inLine) });
  }
  return parts;
}

class Reader {
  constructor(told = counts()) {
    this.told = told;
    this.pieces = [];
    this.line = "";
    this.marker = "";
    this.lists = [];
    this.exact = 0;
  }

  children(node) {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) this.text(child.data);
      else if (child.nodeType === Node.ELEMENT_NODE) this.element(child);
    }
  }

  // A line end of the markup is kept until it is known what stands on both sides.
  text(data) {
    this.line += this.exact ? data.replace(/\r\n?|\n/g, "\v") : data.replace(/[ \t\f]*[\r\n][ \t\r\n\f]*/g, "\n");
  }

  element(node) {
    const name = node.localName.replace(/^v:(?=imagedata$)/, "");
    const style = node.dataset?.style ?? "";
    if (DROPPED.has(name) || GONE.test(style) || node.hidden) return;
    if (COMMENTS.test(style)) return;
    if (COMMENTED.test(node.className)) {
      this.told.comments += name !== "hr";
      return;
    }
    if (PICTURES.has(name)) {
      if (!(Number(node.getAttribute("width")) === 1 || Number(node.getAttribute("height")) === 1)) this.told.pictures += 1;
      return;
    }
    if (name === "del") {
      this.told.deleted += 1;
      return;
    }
    if (name === "br") this.line += "\v";
    else if (name === "table") this.table(node);
    else if (name === "ol" || name === "ul") this.list(node, name, style);
    else if (/mso-list:\s*ignore/i.test(style)) this.marker = printed(node, this.level);
    else if (!BLOCKS.has(name)) this.children(node);
    else this.block(node, name, style);
  }

  block(node, name, style) {
    this.end();
    if (name === "li") this.marker = this.next(node, style);
    this.level = Number(/mso-list:[^;]*level(\d)/i.exec(style)?.[1] ?? 1);
    const exact = name === "pre" || /white-space:\s*(?:pre|break-spaces)/i.test(style);
    this.exact += exact;
    this.children(node);
    this.end();
    this.exact -= exact;
    if (name === "li") this.marker = "";
  }

  list(node, name, style) {
    this.end();
    const items = [...node.children].filter((child) => child.localName === "li").length;
    const reversed = node.hasAttribute("reversed");
    const start = Number.parseInt(node.getAttribute("start"), 10);
    this.lists.push({
      kind: kindOf(node, style) ?? (name === "ul" ? "bullet" : "decimal"),
      number: Number.isNaN(start) ? (reversed ? items : 1) : start,
      step: reversed ? -1 : 1,
      depth: this.lists.length,
    });
    this.children(node);
    this.end();
    this.lists.pop();
  }

  next(node, style) {
    const list = this.lists.at(-1) ?? { kind: "bullet", number: 1, step: 1, depth: 0 };
    const given = Number.parseInt(node.getAttribute("value"), 10);
    if (!Number.isNaN(given)) list.number = given;
    const number = list.number;
    list.number += list.step;
    const kind = kindOf(node, style) ?? list.kind;
    if (kind === "bullet") return list.depth ? "-" : "●";
    return kind === "none" ? "" : numeral(number, kind);
  }

  end() {
    const lines = [];
    const text = this.line.replace(/\u00a0/g, " ").replace(BROKEN, "$1").replace(/\n/g, " ");
    for (const part of text.split("\v")) {
      const line = this.exact ? part.trimEnd() : part.replace(/[ \t\f]+/g, " ").replace(/^ | $/g, "");
      if (!line.trim()) continue;
      const gap = /[!-~●]$/.test(this.marker) ? " " : "";
      lines.push(this.marker ? `${this.marker}${gap}${line.trimStart()}` : line);
      this.marker = "";
    }
    this.line = "";
    if (lines.length) this.pieces.push({ lines });
  }

  table(node) {
    this.end();
    const rows = [...node.rows].filter((row) => row.getAttribute("height") !== "0" && !GONE.test(row.dataset.style ?? ""));
    const caption = node.caption?.textContent.replace(/\s+/g, " ").trim();
    if (caption) this.pieces.push({ lines: [caption] });
    if (node.querySelector("table")) {
      // What holds tables is the frame of a page, or cannot be told as one.
      for (const row of rows) for (const cell of row.cells) this.block(cell, "td", "");
      return;
    }
    const grid = rows.map(() => []);
    rows.forEach((row, at) => {
      let column = 0;
      for (const cell of row.cells) {
        if (GONE.test(cell.dataset.style ?? "")) continue;
        while (grid[at][column] !== undefined) column += 1;
        const wide = Math.min(cell.colSpan || 1, 100);
        const high = Math.min(cell.rowSpan || rows.length - at, rows.length - at);
        if (wide > 1 || high > 1) this.told.merged += 1;
        for (let down = 0; down < high; down += 1) for (let right = 0; right < wide; right += 1) grid[at + down][column + right] ??= "";
        grid[at][column] = this.cell(cell);
        column += wide;
      }
    });
    const most = Math.max(0, ...grid.map((row) => row.length));
    const even = grid.map((row) => Array.from({ length: most }, (_, column) => row[column] ?? ""));
    if (most === 1) {
      // One column is a frame around text.
      for (const [text] of even) if (text) this.pieces.push({ lines: text.split("\n") });
      return;
    }
    this.pieces.push(...shaped(even, Boolean(rows[0]) && isHead(rows[0]), this.told));
  }

  cell(node) {
    const inner = new Reader(this.told);
    inner.children(node);
    inner.end();
    return inner.pieces.flatMap((piece) => piece.lines ?? piece.rows.map(inLine)).join("\n");
  }
}

// The number of a list as the program drew it; its bullets are letters of fonts of signs.
function printed(node, level = 1) {
  const text = node.textContent.replace(/\s+/g, "");
  const fonts = [node.parentElement, node, ...node.querySelectorAll("[data-style]")].map((each) => each.dataset.style ?? "").join(";");
  const sign = /^[\ue000-\uf8ff]$/.test(text) || (SIGN.test(text) && /symbol|wingdings|courier/i.test(fonts));
  if (sign || /^[●•·■◆○□◇➢✓]$/.test(text)) return level > 1 ? "-" : "●";
  return text;
}

function kindOf(node, style) {
  const named = /list-style(?:-type)?:\s*([a-z-]+)/i.exec(style)?.[1]?.toLowerCase();
  const typed = { 1: "decimal", a: "lower-alpha", A: "upper-alpha", i: "lower-roman", I: "upper-roman", disc: "bullet", circle: "bullet", square: "bullet" };
  const kind = named ?? typed[node.getAttribute("type")];
  return { disc: "bullet", circle: "bullet", square: "bullet", "lower-latin": "lower-alpha", "upper-latin": "upper-alpha" }[kind] ?? kind;
}

function numeral(number, kind) {
  if (number > 0 && /alpha/.test(kind)) return `${letters(number, kind === "upper-alpha" ? 65 : 97)}.`;
  if (number > 0 && /roman/.test(kind)) return `${kind === "upper-roman" ? roman(number) : roman(number).toLowerCase()}.`;
  if (number > 0 && number < 100 && /chinese|cjk-ideographic|cjk-decimal/.test(kind)) return `${chinese(number)}${AFTER_NUMERAL}`;
  return `${number}.`;
}

const letters = (number, first) => (number > 26 ? letters(Math.floor((number - 1) / 26), first) : "") + String.fromCharCode(first + (number - 1) % 26);

function roman(number) {
  const signs = [[1000, "M"], [900, "CM"], [500, "D"], [400, "CD"], [100, "C"], [90, "XC"], [50, "L"], [40, "XL"], [10, "X"], [9, "IX"], [5, "V"], [4, "IV"], [1, "I"]];
  let text = "";
  for (const [value, sign] of signs) for (; number >= value; number -= value) text += sign;
  return text;
}

function chinese(number) {
  const [tens, ones] = [Math.floor(number / 10), number % 10];
  return `${tens > 1 ? NUMERALS[tens - 1] : ""}${tens ? NUMERALS[9] : ""}${ones ? NUMERALS[ones - 1] : ""}`;
}

// A first row in a head, of head cells, or all in bold.
function isHead(row) {
  if (row.parentNode.localName === "thead" || [...row.cells].every((cell) => cell.localName === "th")) return true;
  const bold = "b, strong, [data-style*='font-weight:bold'], [data-style*='font-weight: bold'], [data-style*='font-weight:700']";
  const size = (node) => node.textContent.replace(/\s+/g, "").length;
  return [...row.cells].every((cell) => !size(cell) || cell.matches(bold) || [...cell.querySelectorAll(bold)].some((part) => size(part) === size(cell)));
}

export const itemsIn = (lines) => lines.filter(isItem).length;

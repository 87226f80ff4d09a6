// Long answers: the grammar of questionnaires/prose.py once more, for the browser; tests hold the two together.
//
// parse() gives the blocks of any text. segments() cuts it into stretches of text, tables and pictures that keep their
// lines as they were written, so that textOf(segments(text)) is the same text, to the character.
export const MOST_COLUMNS = 12;
export const MOST_ROWS = 100;
export const MOST_PICTURES = 20;

export const NUMERALS = "一二三四五六七八九十";
export const AFTER_NUMERAL = "、";
export const BETWEEN_CELLS = "；"; // where a table can only be text

// What Python calls a blank; that of JavaScript is another set.
const BLANKS = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const BLANK = new RegExp(`[${BLANKS}]`);
const MARKERS = [
  `[${NUMERALS}百]{1,4}、`,
  `[（(][${NUMERALS}百]{1,4}[）)]`,
  "[0-9０-９]{1,3}[．.、](?![0-9０-９])",
  "[（(][0-9０-９]{1,3}[）)]|[0-9０-９]{1,3}[)）]",
  "[①-⑳]",
  "[a-zA-Z][)）]",
  "[●•·]|[-–](?![-–0-9])",
];
const ITEM = new RegExp(`^([${BLANKS}]*)(${MARKERS.join("|")})([${BLANKS}]*)([^${BLANKS}][^\\n]*)$`);
const RULE = /^-{3,}$/;
const BETWEEN = /[｜|]/;

export function strip(text) {
  let start = 0;
  let end = text.length;
  while (start < end && BLANK.test(text[start])) start += 1;
  while (end > start && BLANK.test(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

// A line that begins and ends with a bar; a last bar behind a backslash is a character of the cell.
export function isRow(line) {
  const plain = strip(line);
  if (plain.length < 2 || plain[0] !== "|" || plain.at(-1) !== "|") return false;
  let at = plain.length - 2;
  while (plain[at] === "\\") at -= 1;
  return (plain.length - 2 - at) % 2 === 0;
}

export const isItem = (line) => ITEM.test(line);

function cells(line) {
  const plain = strip(line);
  const found = [];
  let start = 1;
  for (const bar of plain.slice(1).matchAll(/\\[\\|n]|\|/g)) {
    if (bar[0] !== "|") continue;
    found.push(strip(plain.slice(start, bar.index + 1)).replace(/\\([\\|n])/g, (_, sign) => (sign === "n" ? "\n" : sign)));
    start = bar.index + 2;
  }
  return found;
}

const encoded = (cell) => cell.replace(/\n|\||\\(?=[\\|n\n])/g, (sign) => (sign === "\n" ? "\\n" : `\\${sign}`));
const rowLine = (row) => `| ${row.map(encoded).join(" | ")} |`;
const isRule = (row) => row.every((cell) => RULE.test(cell));

export function tableLines(rows, header) {
  const lines = rows.map(rowLine);
  if (header) lines.splice(1, 0, rowLine(rows[0].map(() => "---")));
  return lines;
}

// A name with a bar cannot stand in the line of a picture.
export const canBeNamed = (name) => !/[|｜\n]/.test(name);

export const pictureLine = (name, caption = "") => (caption ? `[图：${name}｜${caption}]` : `[图：${name}]`);

function picture(line) {
  const plain = strip(line);
  if (!(plain.startsWith("[图：") || plain.startsWith("[图:")) || !plain.endsWith("]")) return null;
  const inside = plain.slice(3, -1);
  const bar = inside.search(BETWEEN);
  const name = strip(bar < 0 ? inside : inside.slice(0, bar));
  return name ? { kind: "picture", name, caption: bar < 0 ? "" : strip(inside.slice(bar + 1)) } : null;
}

// The table of consecutive rows; null when they are none, and their lines are text.
function table(lines) {
  if (lines.length < 2) return null;
  const rows = lines.map(cells);
  const header = isRule(rows[1]);
  if (rows.length - header > MOST_ROWS || rows.some((row) => row.length > MOST_COLUMNS || row.length !== rows[0].length)) return null;
  if (header) rows.splice(1, 1);
  return { kind: "table", rows, header };
}

// Stretches of text stand before, between and after tables and pictures, with no line where there is none.
export function segments(text) {
  const found = [{ kind: "text", lines: [] }];
  let rows = [];
  const end = () => {
    const made = table(rows);
    if (made) found.push({ ...made, lines: rows }, { kind: "text", lines: [] });
    else found.at(-1).lines.push(...rows);
    rows = [];
  };
  for (const line of text.split("\n")) {
    if (isRow(line)) {
      rows.push(line);
      continue;
    }
    if (rows.length) end();
    const made = picture(line);
    if (made) found.push({ ...made, lines: [line] }, { kind: "text", lines: [] });
    else found.at(-1).lines.push(line);
  }
  if (rows.length) end();
  return found;
}

export function textOf(parts) {
  const lines = [];
  for (const part of parts) {
    // Or they would be rows of one table.
    if (lines.length && part.lines.length && isRow(lines.at(-1)) && isRow(part.lines[0])) lines.push("");
    for (const line of part.lines) lines.push(line);
  }
  return lines.join("\n");
}

export function parse(text) {
  return segments(text).flatMap((part) => {
    if (part.kind === "table") return [{ kind: "table", rows: part.rows, header: part.header }];
    if (part.kind === "picture") return [{ kind: "picture", name: part.name, caption: part.caption }];
    return part.lines.filter((line) => strip(line)).map((line) => {
      const [, before, marker, gap, words] = ITEM.exec(line) ?? [];
      return marker ? { kind: "item", marker, text: words, before, gap } : { kind: "paragraph", text: line };
    });
  });
}

export const hasBlocks = (text) => (text.includes("|") || text.includes("[图")) && segments(text).length > 1;

// Characters that count: those that can be seen, and the line ends between them.
export function length(text) {
  if (!text.includes("|") && !text.includes("[图")) return [...text].length;
  const lines = [];
  for (const part of segments(text)) {
    if (part.kind === "picture") lines.push(part.caption);
    else if (part.kind === "text") for (const line of part.lines) lines.push(line);
    else {
      const seen = part.rows.map((row) => row.join(""));
      if (part.header) seen.splice(1, 0, "");
      lines.push(...seen);
    }
  }
  return [...lines.join("\n")].length;
}

// A table of a long answer as a grid of cells: Tab and the arrows go through it, buttons add and take out rows and columns.
import { MOST_COLUMNS, MOST_ROWS, tableLines } from "./prose.js";
import { button, grow, make } from "./prose_parts.js";
import { _ } from "./words.js";

const RULE = /^\s*-{3,}\s*$/;

// `part` is the segment {rows, header, lines}; `host`: changed(step), say(words), label, tools(part).
export class ProseTable {
  constructor(part, host) {
    this.part = part;
    this.host = host;
    this.at = [0, 0];
    this.node = make("div", { className: "prose-block prose-table" });
    this.node.setAttribute("role", "group");
    this.head = make("p", { className: "prose-block-name" });
    this.bar = make("div", { className: "prose-tools" });
    this.header = make("input", { type: "checkbox" });
    const header = make("label", { className: "prose-check" });
    header.append(this.header, _("第一行是表头"));
    this.scroll = make("div", { className: "prose-scroll" });
    this.bar.append(
      button(_("下面加一行"), () => this.addRow()),
      button(_("右边加一列"), () => this.addColumn()),
      button(_("删这一行"), () => this.dropRow()),
      button(_("删这一列"), () => this.dropColumn()),
      header,
      ...host.tools(part, _("删除表格")),
    );
    this.node.append(this.head, this.scroll, this.bar);
    this.header.addEventListener("change", (event) => { event.stopPropagation(); this.setHeader(); });
    this.scroll.addEventListener("focusin", (event) => this.stand(event.target));
    this.scroll.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  draw() {
    const { rows, header } = this.part;
    const table = make("table");
    rows.forEach((row, at) => {
      const line = make("tr");
      row.forEach((text, column) => {
        const cell = make(header && at === 0 ? "th" : "td");
        if (header && at === 0) cell.scope = "col";
        const input = make("textarea", { className: "prose-cell", rows: 1, value: text });
        input.dataset.row = at;
        input.dataset.column = column;
        input.setAttribute("aria-label", this.cellName(at, column));
        cell.append(input);
        line.append(cell);
      });
      table.append(line);
    });
    this.scroll.replaceChildren(table);
    this.header.checked = header;
    this.head.textContent = _("表格：{rows} 行 {columns} 列", { rows: rows.length, columns: rows[0].length });
    this.node.setAttribute("aria-label", this.head.textContent);
    this.at = [Math.min(this.at[0], rows.length - 1), Math.min(this.at[1], rows[0].length - 1)];
    this.mark();
  }

  grow() {
    for (const cell of this.scroll.querySelectorAll("textarea")) grow(cell);
  }

  cellName(row, column) {
    const { rows, header } = this.part;
    const place = _("第 {row} 行第 {column} 列", { row: row + 1, column: column + 1 });
    return header && row && rows[0][column] ? _("{place}：{head}", { place, head: rows[0][column] }) : place;
  }

  cell(row, column) {
    return this.scroll.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  stand(input) {
    this.at = [Number(input.dataset.row), Number(input.dataset.column)];
    this.mark();
  }

  // Which row and column the buttons mean.
  mark() {
    for (const cell of this.scroll.querySelectorAll("[data-here]")) delete cell.dataset.here;
    this.cell(...this.at)?.parentElement.setAttribute("data-here", "");
  }

  // What stands in a cell now.
  typed(input) {
    this.part.rows[input.dataset.row][input.dataset.column] = input.value;
    this.write();
    grow(input);
  }

  write() {
    const { rows, header } = this.part;
    this.part.lines = tableLines(rows, header);
    if (!header && rows[1]?.every((cell) => RULE.test(cell))) this.host.say(_("第二行全是“---”时，第一行会成为表头。"));
  }

  changed(row, column) {
    this.write();
    this.at = [row, column];
    this.draw();
    this.grow();
    this.host.changed();
    this.cell(...this.at)?.focus();
  }

  room(rows, columns) {
    if (rows > MOST_ROWS) this.host.say(_("一个表格最多 {most} 行，多的请分成两个表格，或者作为附件上传。", { most: MOST_ROWS }));
    else if (columns > MOST_COLUMNS) this.host.say(_("一个表格最多 {most} 列，多的请分成两个表格，或者作为附件上传。", { most: MOST_COLUMNS }));
    else return true;
    return false;
  }

  addRow() {
    const { rows } = this.part;
    if (!this.room(rows.length + 1, 0)) return;
    rows.splice(this.at[0] + 1, 0, rows[0].map(() => ""));
    this.changed(this.at[0] + 1, 0);
  }

  addColumn() {
    const { rows } = this.part;
    if (!this.room(0, rows[0].length + 1)) return;
    for (const row of rows) row.splice(this.at[1] + 1, 0, "");
    this.changed(this.at[0], this.at[1] + 1);
  }

  dropRow() {
    const { rows, header } = this.part;
    if (rows.length === 1 || (rows.length === 2 && !header)) return this.host.say(_("没有表头的表格至少要有两行。不要这个表格，请按“删除表格”。"));
    rows.splice(this.at[0], 1);
    this.changed(Math.min(this.at[0], rows.length - 1), this.at[1]);
  }

  dropColumn() {
    const { rows } = this.part;
    if (rows[0].length === 1) return this.host.say(_("只剩一列了。不要这个表格，请按“删除表格”。"));
    for (const row of rows) row.splice(this.at[1], 1);
    this.changed(this.at[0], Math.min(this.at[1], rows[0].length - 1));
  }

  setHeader() {
    const { rows } = this.part;
    if (!this.header.checked && rows.length < 2) {
      this.header.checked = true;
      return this.host.say(_("没有表头的表格至少要有两行。不要这个表格，请按“删除表格”。"));
    }
    this.part.header = this.header.checked;
    this.write();
    this.draw();
    this.grow();
    this.host.changed();
    this.header.focus();
  }

  // A grid from the clipboard over the cells from here on; false when it does not fit.
  fill(input, grid) {
    const { rows } = this.part;
    const [top, left] = [Number(input.dataset.row), Number(input.dataset.column)];
    const high = Math.max(rows.length, top + grid.length);
    const wide = Math.max(rows[0].length, left + grid[0].length);
    if (!this.room(high, wide)) return false;
    for (const row of rows) while (row.length < wide) row.push("");
    while (rows.length < high) rows.push(rows[0].map(() => ""));
    grid.forEach((line, down) => line.forEach((text, right) => { rows[top + down][left + right] = text; }));
    this.changed(top, left);
    return true;
  }

  key(event) {
    const input = event.target;
    if (event.isComposing || event.altKey || event.shiftKey || event.metaKey) return;
    const [row, column] = [Number(input.dataset.row), Number(input.dataset.column)];
    const { selectionStart: start, selectionEnd: end, value } = input;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      return this.addRow();
    }
    if (event.ctrlKey) return;
    const one = input.scrollHeight < 2 * Number.parseFloat(getComputedStyle(input).lineHeight) + 12;
    const first = start === end && (start === 0 || (one && !value.includes("\n")));
    const last = start === end && (end === value.length || (one && !value.includes("\n")));
    const width = this.part.rows[0].length;
    const next = {
      ArrowUp: first && [row - 1, column, "end"],
      ArrowDown: last && [row + 1, column, "start"],
      ArrowLeft: start === end && start === 0 && (column ? [row, column - 1, "end"] : [row - 1, width - 1, "end"]),
      ArrowRight: start === end && end === value.length && (column < width - 1 ? [row, column + 1, "start"] : [row + 1, 0, "start"]),
    }[event.key];
    const target = next && this.cell(next[0], next[1]);
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    target.focus();
    const caret = next[2] === "end" ? target.value.length : 0;
    target.setSelectionRange(caret, caret);
  }
}

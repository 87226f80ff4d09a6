// Add, move and remove rows of a rows table without a round trip; the same buttons post the form when this is absent.
// [data-rows="plan"] holds <ol class="rows"> and a <template> with row 0. Control names are <field>-<row>-<column>.
export function start(root) {
  for (const table of root.querySelectorAll("[data-rows]")) new Rows(table);
}

class Rows {
  constructor(table) {
    this.table = table;
    this.key = table.dataset.rows;
    this.max = Number(table.dataset.max ?? Infinity);
    this.list = table.querySelector("ol.rows");
    this.model = table.querySelector("template").content.firstElementChild;
    table.addEventListener("click", (event) => this.click(event));
    this.number();
  }

  click(event) {
    const button = event.target.closest("button[name^='rows-']");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li");
    if (button.name === "rows-add") this.add();
    else if (button.name === "rows-drop") this.drop(row);
    else if (button.name === "rows-up" && row.previousElementSibling) this.move(row, row.previousElementSibling, button);
    else if (button.name === "rows-down" && row.nextElementSibling) this.move(row.nextElementSibling, row, button);
    else return;
    this.number();
    this.list.dispatchEvent(new Event("change", { bubbles: true }));
  }

  add() {
    if (this.list.children.length >= this.max) return;
    const row = this.model.cloneNode(true);
    this.list.append(row);
    this.number();
    row.querySelector("input, textarea, select").focus();
  }

  drop(row) {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (!this.list.children.length) this.add();
    else near.querySelector("button[name='rows-drop']").focus();
  }

  move(row, before, button) {
    this.list.insertBefore(row, before);
    button.focus();
  }

  // Names, ids and spoken numbers follow the order on the screen.
  number() {
    const prefix = new RegExp(`^(f-)?${this.key}-\\d+(?=-|$)`);
    [...this.list.children].forEach((row, index) => {
      const no = index + 1;
      const renamed = (text) => text.replace(prefix, (_, id = "") => `${id}${this.key}-${no}`);
      for (const place of row.querySelectorAll("[data-row-no]")) place.textContent = no;
      for (const node of row.querySelectorAll("[name], [id], [for], [aria-describedby], [data-counter]")) {
        if (node.name && node.tagName !== "BUTTON") node.name = renamed(node.name);
        if (node.id) node.id = renamed(node.id);
        if (node.htmlFor) node.htmlFor = renamed(node.htmlFor);
        if (node.dataset.counter) node.dataset.counter = renamed(node.dataset.counter);
        const described = node.getAttribute("aria-describedby");
        if (described) node.setAttribute("aria-describedby", described.split(" ").map(renamed).join(" "));
      }
      for (const button of row.querySelectorAll("button[name^='rows-']")) {
        button.value = `${this.key}-${no}`;
        button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/\d+/, no));
      }
    });
    const add = this.table.querySelector("button[name='rows-add']");
    if (add) add.setAttribute("aria-disabled", String(this.list.children.length >= this.max));
  }
}

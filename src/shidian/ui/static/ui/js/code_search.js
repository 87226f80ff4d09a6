// Finds a class of a long list (industries) by words or number while one types. The input stays what is posted: without
// this module, or without the list, the server understands code and name alike and offers what may be meant.
// <div class="code-search" data-codes="address of {codes: [[code, name], …], words: {everyday word: code}}"><input></div>
import { _ } from "./words.js";

const MOST = 40;
const fetched = new Map();
let made = 0;

export function start(root) {
  for (const holder of root.querySelectorAll(".code-search[data-codes]")) new CodeSearch(holder);
}

// One list for all inputs of a page; a list that could not be fetched is tried again at the next wish.
function list(address) {
  if (!fetched.has(address)) {
    const wish = fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }).then(({ codes, words }) => new Codes(codes, words));
    wish.catch(() => fetched.delete(address));
    fetched.set(address, wish);
  }
  return fetched.get(address);
}

export class Codes {
  constructor(codes, spoken = {}) {
    let letter = "";
    this.all = codes.map(([code, name]) => {
      if (code.length === 1) letter = code;
      const parent = code.length === 1 ? "" : code.length === 2 ? letter : code.slice(0, -1);
      return { code, name, parent, label: `${code} ${name}` };
    });
    this.byCode = new Map(this.all.map((each) => [each.code, each]));
    this.spoken = Object.entries(spoken).sort(([one], [other]) => other.length - one.length);
  }

  above(each) {
    const found = this.byCode.get(each.parent);
    return found ? [...this.above(found), found] : [];
  }

  below(code) {
    return this.all.filter((each) => each.parent === code);
  }

  // What is meant beyond doubt: a code, a label or a name that no other class has but its only part.
  exactly(text) {
    const plain = text.trim().toUpperCase();
    return this.byCode.get(plain.replace(/^[A-T](?=\d)/, ""))
      ?? this.all.find((each) => each.label === plain)
      ?? this.all.find((each) => each.name === plain && each.code.length > 1);
  }

  // What to show for a text: nothing written, the letters; a class, what stands below or beside it; else what matches.
  near(text) {
    const plain = text.normalize("NFKC").trim().toUpperCase();
    if (!plain) return this.below("");
    const exact = this.exactly(plain);
    if (exact && plain.length > 1) {
      const below = this.below(exact.code);
      return below.length ? [exact, ...below] : this.below(exact.parent);
    }
    const words = plain.split(/\s+/);
    const number = /^[A-T]?\d+$/.test(words[0]) ? words[0].replace(/^[A-T]/, "") : "";
    if (number) return this.all.filter((each) => each.code.startsWith(number));
    const said = this.said(plain);
    const found = this.all.filter((each) => !this.repeats(each) && words.every((word) => each.label.includes(word)))
      .sort((one, other) => rank(one, words[0]) - rank(other, words[0]));
    return said.size || found.length ? [...new Set([...said, ...found])] : this.alike(plain);
  }

  // Classes by words that people use and the standard does not.
  said(plain) {
    const meant = this.spoken.filter(([word]) => plain.includes(word) || (plain.length > 1 && word.startsWith(plain)));
    return new Set(meant.map(([, code]) => this.byCode.get(code)));
  }

  // The only part of a class has its name.
  repeats(each) {
    return each.code.length === 4 && each.code.endsWith("0") && this.byCode.get(each.parent)?.name === each.name;
  }

  alike(plain) {
    const pairs = new Set([...plain].slice(1).map((sign, at) => plain[at] + sign));
    const shared = (each) => [...pairs].filter((pair) => each.name.includes(pair)).length;
    return this.all.filter((each) => !this.repeats(each)).map((each) => [shared(each), each]).filter(([count]) => count)
      .sort(([one], [other]) => other - one).slice(0, 8).map(([, each]) => each);
  }
}

const rank = (each, word) => (each.name === word ? 0 : each.label.startsWith(word) || each.name.startsWith(word) ? 1 : 2);

class CodeSearch {
  constructor(holder) {
    this.holder = holder;
    this.input = holder.querySelector("input");
    this.active = -1;
    this.shown = [];
    this.box = make("div", { className: "code-list", hidden: true });
    this.list = make("ul", { id: `${this.input.id}-list-${made += 1}` });
    this.list.setAttribute("role", "listbox");
    this.more = make("p", { className: "hint" });
    this.box.append(this.list, this.more);
    this.list.setAttribute("aria-label", _("行业"));
    this.said = make("p", { className: "hidden" });
    this.said.setAttribute("role", "status");
    this.opener = make("button", { type: "button", className: "button button-icon code-open", textContent: "▾", tabIndex: -1 });
    this.opener.setAttribute("aria-label", _("列出行业"));
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
    })) this.input.setAttribute(name, value);
    holder.append(this.opener, this.box, this.said);
    this.listen();
  }

  listen() {
    this.input.addEventListener("focus", () => this.codes());
    this.input.addEventListener("input", (event) => { if (!event.isComposing && !this.picking) this.written(); });
    this.input.addEventListener("compositionend", () => this.written());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.left());
    // The input keeps the focus while the list is used with a pointer.
    for (const part of [this.box, this.opener]) part.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.pick(this.shown[Number(option.dataset.at)]);
    });
    this.opener.addEventListener("click", () => {
      this.input.focus();
      if (this.box.hidden) this.open();
      else this.close();
    });
    const offers = document.querySelector(`[data-offers="${CSS.escape(this.input.id)}"]`);
    offers?.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      event.preventDefault();
      this.input.focus();
      this.put(button.textContent.trim());
      offers.remove();
      this.say();
    });
  }

  async codes() {
    try {
      return await list(this.holder.dataset.codes);
    } catch {
      return null; // Offline: what is typed is posted as it is.
    }
  }

  written() {
    if (this.input.value.trim()) this.open();
    else this.close();
  }

  async open() {
    const wanted = this.input.value;
    const codes = await this.codes();
    if (!codes || this.input.value !== wanted || document.activeElement !== this.input) return;
    const found = codes.near(wanted);
    this.shown = found.slice(0, MOST);
    this.list.replaceChildren(...this.shown.map((each, at) => this.option(codes, each, at)));
    const none = _("没有找到，换几个字或者写代码试试");
    const left = found.length - MOST;
    this.more.textContent = !found.length ? none : left > 0 ? _("还有 {count} 个，请再多写几个字", { count: left }) : "";
    this.more.hidden = !this.more.textContent;
    this.list.hidden = !found.length;
    this.box.hidden = false;
    this.input.setAttribute("aria-expanded", String(Boolean(found.length)));
    this.said.textContent = found.length ? _("找到 {count} 个行业，用上下键选择", { count: found.length }) : none;
    this.point(-1);
  }

  option(codes, each, at) {
    const option = make("li", { id: `${this.list.id}-${at}` });
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.at = at;
    option.append(make("b", { className: "num", textContent: each.code }), ` ${each.name}`);
    const above = codes.above(each).map(({ code, name }) => (code.length === 1 ? name : `${code} ${name}`)).join(" › ");
    if (above) option.append(make("small", { className: "hint", textContent: above }));
    return option;
  }

  close() {
    this.box.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.point(-1);
  }

  point(at) {
    this.active = at;
    for (const [place, option] of [...this.list.querySelectorAll("[role=option]")].entries()) {
      option.setAttribute("aria-selected", String(place === at));
      if (place === at) option.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.list.id}-${at}`);
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.box.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return void this.open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = this.shown.length;
      if (count) this.point(this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count);
    } else if (event.key === "Enter" && open) {
      event.preventDefault(); // choosing is not yet posting
      if (this.active >= 0) this.pick(this.shown[this.active]);
      else this.left();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    }
  }

  pick(each) {
    this.put(each.label);
    this.close();
    this.say();
  }

  put(text) {
    if (this.input.value === text) return;
    this.input.value = text;
    this.picking = true;
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
    this.picking = false;
  }

  // A code or a whole name needs no choosing.
  async left() {
    this.close();
    const codes = this.input.value.trim() && await this.codes();
    const exact = codes && codes.exactly(this.input.value);
    if (exact) this.put(exact.label);
    this.say();
  }

  // Where the answer stands, below the input.
  async say() {
    const codes = await this.codes();
    if (!codes) return;
    let line = this.holder.parentElement.querySelector(`[data-above="${CSS.escape(this.input.id)}"]`);
    if (!line) {
      line = make("p", { className: "hint" });
      line.dataset.above = this.input.id;
      this.holder.after(line);
    }
    const exact = codes.exactly(this.input.value);
    const unknown = this.input.value.trim() && !exact;
    line.textContent = unknown ? _("列表里没有这个行业，请从列出的行业里选一个") : exact ? codes.above(exact).map(({ label }) => label).join(" › ") : "";
    line.hidden = !line.textContent;
    if (exact) document.querySelector(`[data-offers="${CSS.escape(this.input.id)}"]`)?.remove();
  }
}

const make = (tag, what = {}) => Object.assign(document.createElement(tag), what);

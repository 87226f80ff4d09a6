// Text that the server never got stays in this browser's journal. When the page is opened again and it differs from what
// the server has, a plain question offers it; nothing is written unless the person says so.
import { _ } from "./words.js";

// The server tidies what it stores (full-width digits, spaces at the ends): that alone is no difference.
const tidy = (text) => text.normalize("NFKC").replace(/\s+/g, " ").trim();
const filled = (snapshot) => [...new URLSearchParams(snapshot)].map(([name, value]) => [name, tidy(value)]).filter(([, value]) => value);

export function same(one, other) {
  return JSON.stringify(filled(one)) === JSON.stringify(filled(other));
}

// Puts the question above the form. `entries`: {key, snapshot, at}; `label(key)`: the field's name on this page.
export function offer(form, entries, { label, use, leave }) {
  const box = make("section", { className: "draft", tabIndex: -1 });
  box.dataset.draft = "";
  box.setAttribute("aria-labelledby", "h-draft");
  const at = new Date(Math.max(...entries.map((entry) => entry.at)));
  const on = new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", day: "numeric" });
  const words = _("这台电脑上有 {date} {time} 没有保存的内容，与现在的不同。要用它吗？", { date: on.format(at), time: clock(at) });
  box.append(make("h2", { id: "h-draft", textContent: words }));
  const list = make("dl");
  for (const entry of entries) {
    const text = [...new URLSearchParams(entry.snapshot)].map(([, value]) => value).filter(Boolean).join("\n");
    list.append(make("dt", { textContent: label(entry.key) }), make("dd", { textContent: text || _("（空）") }));
  }
  const yes = make("button", { type: "button", className: "button", textContent: _("用本机的内容") });
  const no = make("button", { type: "button", className: "button button-quiet", textContent: _("不用，删去本机的") });
  const set = make("div", { className: "button-set" });
  set.append(yes, no);
  box.append(list, set);
  form.before(box);
  yes.addEventListener("click", () => { box.remove(); use(); });
  no.addEventListener("click", () => { box.remove(); leave(); });
}

const clock = (at) => `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;

const make = (tag, what = {}) => Object.assign(document.createElement(tag), what);

// Puts a snapshot back into the controls of a field; rows that the page does not show yet are added first.
export function put(form, key, snapshot) {
  const wanted = [...new URLSearchParams(snapshot)];
  const table = form.querySelector(`[data-rows="${CSS.escape(key)}"]`);
  if (table) {
    const rows = Math.max(1, ...wanted.map(([name]) => Number(name.slice(key.length + 1).split("-")[0]) || 1));
    const list = table.querySelector("ol.rows");
    for (let left = 200; list.children.length > rows && left; left -= 1) list.lastElementChild.querySelector("button[name='rows-drop']").click();
    for (let left = 200; list.children.length < rows && left; left -= 1) table.querySelector("button[name='rows-add']").click();
  }
  for (const [name, value] of wanted) {
    const control = form.elements[name];
    if (!control) continue;
    if (control.tagName === "SELECT" && value && ![...control.options].some((option) => option.value === value)) {
      control.append(new Option(value, value));
    }
    control.value = value;
    (control instanceof RadioNodeList ? control[0] : control).dispatchEvent(new Event("input", { bubbles: true }));
  }
}

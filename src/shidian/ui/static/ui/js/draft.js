// Text that could not be saved stays in this browser under the form's data-key. When the page is opened again and it
// differs from what the server has, a plain question offers it; nothing is written unless the person says so.
const PREFIX = "shidian:";
const DAYS = 30;

const place = (form) => PREFIX + (form.dataset.key || form.action);

export function keepLocal(form, snapshot) {
  try {
    localStorage.setItem(place(form), JSON.stringify({ at: Date.now(), snapshot }));
  } catch {
    // A full or forbidden store: the page itself still has the text, and beforeunload warns.
  }
}

export function dropLocal(form) {
  try {
    localStorage.removeItem(place(form));
  } catch { /* nothing was kept */ }
}

function kept(form) {
  try {
    const held = JSON.parse(localStorage.getItem(place(form)));
    return held && Date.now() - held.at < DAYS * 86400000 ? held : null;
  } catch {
    return null;
  }
}

// The server tidies what it stores (full-width digits, spaces at the ends): that alone is no difference.
const tidy = (text) => text.normalize("NFKC").replace(/\s+/g, " ").trim();

export function differing(kept, shown) {
  const before = new URLSearchParams(shown);
  return [...new URLSearchParams(kept)].filter(([name, value]) => tidy(before.get(name) ?? "") !== tidy(value));
}

export function offerLocal(form, shown, changed) {
  const held = kept(form);
  if (!held) return;
  const different = differing(held.snapshot, shown);
  if (!different.length) return dropLocal(form);

  const box = document.createElement("section");
  box.className = "draft";
  box.setAttribute("aria-labelledby", "h-draft");
  const at = new Date(held.at);
  const words = `这台电脑上有 ${at.getMonth() + 1} 月 ${at.getDate()} 日 ${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")} 没有保存的内容，与现在的不同。要用它吗？`;
  box.append(make("h2", { id: "h-draft", textContent: words }));
  const list = make("dl");
  for (const [name, value] of different) {
    list.append(make("dt", { textContent: labelOf(form, name) }), make("dd", { textContent: value || "（空）" }));
  }
  const use = make("button", { type: "button", className: "button button-quiet", textContent: "用本机的内容" });
  const leave = make("button", { type: "button", className: "button button-quiet", textContent: "不用，留现在的" });
  const set = make("div", { className: "button-set" });
  set.append(use, leave);
  box.append(list, set);
  form.before(box);

  use.addEventListener("click", () => {
    for (const [name, value] of different) put(form, name, value);
    box.remove();
    changed();
  });
  leave.addEventListener("click", () => {
    dropLocal(form);
    box.remove();
  });
}

const make = (tag, what = {}) => Object.assign(document.createElement(tag), what);

function labelOf(form, name) {
  const control = form.elements[name];
  const node = control instanceof RadioNodeList ? control[0] : control;
  const legend = node?.type === "radio" && node.closest("fieldset")?.querySelector("legend");
  return (legend || node?.labels?.[0])?.textContent.replace("必填", "").trim() ?? "（另一行）";
}

function put(form, name, value) {
  // Rows that the server does not show yet are added first.
  const [, key] = name.match(/^(.+?)-(\d+)-/) ?? [];
  const table = key && form.querySelector(`[data-rows="${CSS.escape(key)}"]`);
  for (let left = 50; table && !form.elements[name] && left; left -= 1) table.querySelector("button[name='rows-add']").click();
  const control = form.elements[name];
  if (!control) return;
  if (control.tagName === "SELECT" && value && ![...control.options].some((option) => option.value === value)) {
    control.append(new Option(value, value));
  }
  control.value = value;
  (control instanceof RadioNodeList ? control[0] : control).dispatchEvent(new Event("input", { bubbles: true }));
}

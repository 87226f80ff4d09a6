// Type-ahead over a long list: a box above narrows the options of <select data-filter>. The select stays the control
// that is posted, so nothing changes for the server or without JavaScript. A short list has no box. Whoever changes the
// options sends the select an event `listed`.
import { _ } from "./words.js";

const LONG = 45;

export function matches(words, label) {
  const text = label.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

export function start(root) {
  for (const select of root.querySelectorAll("select[data-filter]")) {
    const box = Object.assign(root.createElement("input"), { className: "input", type: "search", autocomplete: "off" });
    const name = root.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.textContent.trim() ?? "";
    box.setAttribute("aria-label", _("在“{name}”中查找", { name }));
    box.setAttribute("data-transient", "");
    box.placeholder = _("输入几个字查找");
    const wrap = root.createElement("div");
    wrap.className = "narrowing";
    select.replaceWith(wrap);
    wrap.append(box, select);

    let kept = [];
    const take = () => {
      kept = [...select.children].map((child) => child.cloneNode(true));
      box.value = "";
      box.hidden = select.options.length <= LONG;
    };
    const narrow = () => {
      const words = box.value.trim();
      const chosen = select.value;
      const left = kept.map((child) => keep(child, words, chosen)).filter(Boolean);
      select.replaceChildren(...left);
      select.value = chosen;
    };
    take();
    select.addEventListener("listed", take);
    box.addEventListener("input", (event) => event.isComposing || narrow());
    box.addEventListener("compositionend", narrow);
  }
}

// The first, empty option and the chosen one always stay.
function keep(node, words, chosen) {
  const copy = node.cloneNode(true);
  if (!words) return copy;
  if (copy.tagName === "OPTION") return copy.value === "" || copy.value === chosen || matches(words, copy.label) ? copy : null;
  if (!matches(words, copy.label)) {
    for (const option of [...copy.children]) if (option.value !== chosen && !matches(words, option.label)) option.remove();
  }
  return copy.children.length ? copy : null;
}

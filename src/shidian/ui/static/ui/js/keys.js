// Keys of a working list: J and K move (the arrows too, once one is on a row), Enter opens, X picks, / searches, ? shows the keys.
// <table data-keys> with rows that hold a link; the help is <p data-keys-help> or is made here.
import { _ } from "./words.js";

const KEYS = [["J", _("下一件")], ["K", _("上一件")], ["Enter", _("打开")], ["X", _("选中")], ["/", _("搜索")], ["?", _("显示或收起这张表")]];

export function start(root) {
  const table = root.querySelector("[data-keys]");
  if (!table) return;
  const rows = () => [...table.querySelectorAll("tbody tr")].filter((row) => row.querySelector("a"));
  let at = -1;

  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    all[at]?.classList.remove("is-cursor");
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at].classList.add("is-cursor");
    all[at].querySelector("a").focus();
  };

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type='checkbox']), textarea, select")) return;
    const row = rows()[at];
    const act = {
      j: () => go(1),
      k: () => go(-1),
      x: () => row?.querySelector("input[type='checkbox']")?.click(),
      arrowdown: () => at >= 0 && go(1),
      arrowup: () => at >= 0 && go(-1),
      "/": () => (root.querySelector("main input[type='search']") ?? root.querySelector("input[type='search']"))?.focus(),
      "?": () => help(root, table),
    }[event.key.toLowerCase()];
    if (!act || act() === false) return;
    event.preventDefault();
  });
}

function help(root, table) {
  const shown = root.querySelector("[data-keys-help]");
  if (shown) return shown.remove();
  const line = root.createElement("p");
  line.className = "note keys";
  line.dataset.keysHelp = "";
  line.setAttribute("role", "status");
  for (const [key, words] of KEYS) {
    const item = root.createElement("span");
    item.append(Object.assign(root.createElement("kbd"), { textContent: key }), ` ${words}`);
    line.append(item);
  }
  table.before(line);
}

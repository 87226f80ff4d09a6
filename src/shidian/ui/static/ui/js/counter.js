// Characters written, counted as the server counts them: code points, a line break as one; of tables and pictures what
// can be seen. <p data-counter="control id" data-max="3000"><span>…</span></p>
import { length as proseLength } from "./prose.js";
import { _ } from "./words.js";

export function length(text) {
  return [...text.replace(/\r\n?/g, "\n")].length;
}

export function words(count, max) {
  return count > max ? _("已写 {count} 字，超出 {over} 字", { count, over: count - max }) : _("已写 {count} 字，上限 {max} 字", { count, max });
}

export function start(root) {
  // One listener for all, so that rows added later are counted too.
  root.addEventListener("input", (event) => {
    const line = event.target.id && root.querySelector(`[data-counter="${CSS.escape(event.target.id)}"]`);
    if (!line) return;
    const count = (event.target.matches("[data-prose]") ? proseLength : length)(event.target.value);
    const max = Number(line.dataset.max);
    line.firstElementChild.textContent = words(count, max);
    line.classList.toggle("is-over", count > max);
  });
}

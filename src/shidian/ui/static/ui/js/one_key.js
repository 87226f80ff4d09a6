// One key for what a button or link does: data-key="j" on it, the key shown in it as <kbd>. Not while something is typed.
export function start(root) {
  if (!root.querySelector("[data-key]")) return;
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.closest("input, textarea, select")) return;
    const meant = [...root.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key.toLowerCase());
    if (!meant) return;
    event.preventDefault();
    meant.click();
  });
}

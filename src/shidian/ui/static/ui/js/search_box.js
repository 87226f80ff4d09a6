// "/" goes to the search box from anywhere; a list with its own keys (keys.js) does it by itself.
// <input type="search" data-search-box>, in the header of every page of who is signed in.
export function start(root) {
  const box = root.querySelector("main input[type='search']") ?? root.querySelector("[data-search-box]");
  if (!box || root.querySelector("[data-keys]")) return;
  root.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}

// Keeps the total and the judgements of a score sheet up to date after each save of autosave.js.
//
// <form data-autosave data-sheet> sends "saved" with {key, total, anchor}; [data-total] shows the words, and
// [data-anchor] in #f-<key> the judgement that the points stand for.
export function start(root) {
  const form = root.querySelector("form[data-sheet]");
  form?.addEventListener("saved", ({ detail }) => {
    const total = form.querySelector("[data-total]");
    if (total && detail.total) total.textContent = detail.total;
    const anchor = form.querySelector(`#f-${CSS.escape(detail.key)} [data-anchor]`);
    if (anchor) anchor.textContent = detail.anchor;
  });
}

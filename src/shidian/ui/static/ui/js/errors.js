// Error summary: takes the focus when the page opens, and a link in it puts the focus into the control itself.
export function start(root) {
  const summary = root.querySelector("[data-errors]");
  if (!summary) return;
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const target = link && root.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target) return;
    event.preventDefault();
    // The label has to be seen too, so the field is scrolled to, not the control.
    (target.closest(".field, fieldset") ?? target).scrollIntoView({ block: "start" });
    target.focus({ preventScroll: true });
  });
}

// Shows why an answer does not qualify as soon as it is chosen. <p data-unless="field=yes" hidden>
// Shows what belongs to one answer while it is chosen: <div data-while="verb=hand">; without script all of it is there.
export function start(root) {
  const parts = [...root.querySelectorAll("[data-while]")];
  const follow = () => {
    for (const part of parts) {
      const [name, wanted] = part.dataset.while.split("=");
      part.hidden = root.querySelector(`[name="${name}"]:checked`)?.value !== wanted;
    }
  };
  if (parts.length) root.addEventListener("change", follow);
  follow();
  root.addEventListener("change", (event) => {
    if (event.target.type !== "radio") return;
    for (const note of root.querySelectorAll("[data-unless]")) {
      const [name, wanted] = note.dataset.unless.split("=");
      if (name === event.target.name) note.hidden = event.target.value === wanted;
    }
  });
}

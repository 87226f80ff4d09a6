// Shows why an answer does not qualify as soon as it is chosen. <p data-unless="field=yes" hidden>
export function start(root) {
  root.addEventListener("change", (event) => {
    if (event.target.type !== "radio") return;
    for (const note of root.querySelectorAll("[data-unless]")) {
      const [name, wanted] = note.dataset.unless.split("=");
      if (name === event.target.name) note.hidden = event.target.value === wanted;
    }
  });
}

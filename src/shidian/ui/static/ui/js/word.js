// Says that a Word file is being read, and stops a second click: other formats take some seconds to convert.
export function start(root) {
  for (const form of root.querySelectorAll("[data-word-upload]")) {
    form.addEventListener("submit", () => {
      form.querySelector("[data-word-busy]").hidden = false;
      // After the event: a disabled button would not be sent, and the form would not go.
      setTimeout(() => form.querySelector("[type=submit]").setAttribute("disabled", ""), 0);
    });
    // Coming back by the browser's button shows the page as it was left.
    window.addEventListener("pageshow", () => {
      form.querySelector("[data-word-busy]").hidden = true;
      form.querySelector("[type=submit]").removeAttribute("disabled");
    });
  }
}

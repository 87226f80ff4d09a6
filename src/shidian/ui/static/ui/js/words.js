// What the modules say. Chinese is the source; in another language the page brings a list of the words.
const list = document.getElementById("words");
const meant = list ? JSON.parse(list.textContent) : {};

// _("已写 {count} 字", { count: 3 })
export function _(said, values = {}) {
  return (meant[said] ?? said).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

// The words of a label without its mark that an answer is needed.
export function labelOf(label) {
  return [...label.childNodes].filter((node) => !node.matches?.(".need")).map((node) => node.textContent).join("").trim();
}

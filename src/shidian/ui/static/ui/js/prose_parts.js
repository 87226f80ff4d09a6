// Small pieces that the blocks of a long answer are made of.
export const make = (tag, what = {}) => Object.assign(document.createElement(tag), what);

export function button(words, act, css = "button button-quiet") {
  const made = make("button", { type: "button", className: css, textContent: words });
  made.addEventListener("click", act);
  return made;
}

const BY_ITSELF = CSS.supports("field-sizing", "content");

// A text area as high as its text, where the browser does not do it by itself.
export function grow(area) {
  if (BY_ITSELF || !area.isConnected) return;
  area.style.blockSize = "auto";
  area.style.blockSize = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}

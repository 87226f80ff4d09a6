// Ranking by hand: rows are dragged by their handle, or moved with the arrow keys, Home and End while it has the focus.
//
// <form data-rank> with <ol class="rank"> of rows, each with a number field .rank-no and a hidden .rank-grip. Moving a
// row writes 1, 2, 3 into the number fields; nothing is kept before the form is sent, which is said beside its button.
// Without script the number fields and the two buttons of each row do the same.
import { _ } from "./words.js";

export function start(root) {
  for (const form of root.querySelectorAll("form[data-rank]")) begin(form);
}

function begin(form) {
  const list = form.querySelector("ol.rank");
  const said = form.querySelector(".rank-said");
  if (!list || list.children.length < 2) return;
  list.dataset.grips = "";
  for (const grip of list.querySelectorAll(".rank-grip")) {
    grip.hidden = false;
    grip.addEventListener("keydown", (event) => pressed(event, list, said));
    grip.addEventListener("pointerdown", (event) => dragged(event, list, said));
  }
}

function pressed(event, list, said) {
  const row = event.currentTarget.closest("li");
  const rows = [...list.children];
  const at = rows.indexOf(row);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0 || to >= rows.length || to === at) return;
  put(list, row, to > at ? rows[to].nextElementSibling : rows[to]);
  event.currentTarget.focus(); // moving a node takes the focus away
  tell(list, row, said);
}

// A row goes before another, or to the end.
function put(list, row, before) {
  list.insertBefore(row, before);
  number(list);
}

function number(list) {
  const rows = [...list.children];
  rows.forEach((row, at) => {
    row.querySelector(".rank-no").value = at + 1;
    const up = row.querySelector("[name=up]");
    const down = row.querySelector("[name=down]");
    if (up) up.disabled = at === 0;
    if (down) down.disabled = at === rows.length - 1;
  });
}

function tell(list, row, said) {
  if (!said) return;
  const place = [...list.children].indexOf(row) + 1;
  said.textContent = _("{name} 现在第 {place} 位，共 {count} 件；还没有保存", { name: row.dataset.name, place, count: list.children.length });
}

function dragged(event, list, said) {
  if (event.button !== 0) return;
  const grip = event.currentTarget;
  const row = grip.closest("li");
  const was = [...list.children].indexOf(row);
  event.preventDefault();
  grip.focus();
  grip.setPointerCapture(event.pointerId);
  row.classList.add("is-moving");
  const move = (now) => {
    const before = [...list.children].find((other) => {
      if (other === row) return false;
      const box = other.getBoundingClientRect();
      return now.clientY < box.top + box.height / 2;
    });
    if (before !== row.nextElementSibling && (before ?? null) !== row) list.insertBefore(row, before ?? null);
    // A row that was moved in the tree has lost its pointer.
    if (!grip.hasPointerCapture(event.pointerId)) grip.setPointerCapture(event.pointerId);
  };
  const stop = () => {
    grip.removeEventListener("pointermove", move);
    grip.removeEventListener("pointerup", stop);
    grip.removeEventListener("pointercancel", stop);
    row.classList.remove("is-moving");
    number(list);
    grip.focus();
    if ([...list.children].indexOf(row) !== was) tell(list, row, said);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("pointerup", stop);
  grip.addEventListener("pointercancel", stop);
}

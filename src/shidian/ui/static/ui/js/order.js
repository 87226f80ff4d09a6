// Puts a list in order by dragging: <div data-order="id of a form"> holds items with data-order-item, each with a number
// field of that form. What is let go writes the numbers anew and sends the form; without script the numbers and the
// arrows do the same. Items without a number field stay where they are.
export function start(root) {
  for (const list of root.querySelectorAll("[data-order]")) drag(root, list);
}

function drag(root, list) {
  const number = (item) => item.querySelector("input[data-place]");
  const items = () => [...list.querySelectorAll("[data-order-item]")].filter(number);
  const before = () => items().map((item) => number(item).name).join();
  let held = null;
  let order = "";

  for (const item of items()) {
    const grip = Object.assign(document.createElement("span"), { className: "rank-grip", draggable: true });
    grip.setAttribute("aria-hidden", "true");
    number(item).before(grip);
    grip.addEventListener("dragstart", (event) => {
      held = item;
      order = before();
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setDragImage(item, 20, 20);
      item.classList.add("is-moving");
    });
    grip.addEventListener("dragend", () => {
      held?.classList.remove("is-moving");
      held = null;
      if (before() === order) return;
      const first = list.querySelectorAll("[data-order-item]").length - items().length;
      items().forEach((each, at) => { number(each).value = first + at + 1; });
      root.getElementById(list.dataset.order).requestSubmit();
    });
  }
  list.addEventListener("dragover", (event) => {
    if (!held) return;
    event.preventDefault();
    const over = event.target.closest("[data-order-item]");
    if (!over || over === held || !number(over)) return;
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](held);
  });
}

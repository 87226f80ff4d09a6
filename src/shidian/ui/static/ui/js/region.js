// Fills the list of counties, by city, when another province is chosen; without it a button does the same by a post.
// <fieldset data-region="/regions/000000/"> with a select …-province and a select or input …-county.
import { _ } from "./words.js";

export function start(root) {
  for (const field of root.querySelectorAll("[data-region]")) {
    const province = field.querySelector("[name$='-province']");
    const county = field.querySelector("[name$='-county']");
    if (!province || county?.tagName !== "SELECT") continue;
    const buttons = field.querySelectorAll("[data-no-script]");
    for (const button of buttons) button.hidden = true;
    // `input` and not `change`: text brought back from this browser sends the first only.
    province.addEventListener("input", async () => {
      const chosen = province.value;
      show(county, []);
      if (!chosen) return;
      try {
        const answer = await fetch(field.dataset.region.replace("000000", chosen));
        if (!answer.ok) throw new Error(String(answer.status));
        const { cities } = await answer.json();
        // Meanwhile another province may have been chosen, or a county brought back.
        if (province.value === chosen) show(county, cities, county.value);
      } catch {
        // Offline: the button of the plain form is the way.
        for (const button of buttons) button.hidden = false;
      }
    });
  }
}

function show(county, cities, chosen = "") {
  const groups = cities.map(({ name, counties }) => {
    const options = counties.map((each) => new Option(each.name, each.code));
    if (!name) return options;
    const group = Object.assign(document.createElement("optgroup"), { label: name });
    group.append(...options);
    return [group];
  });
  county.replaceChildren(new Option(_("请选择"), ""), ...groups.flat());
  if (chosen) county.value = chosen;
  if (county.selectedIndex < 0) county.value = "";
  county.dispatchEvent(new Event("listed"));
}

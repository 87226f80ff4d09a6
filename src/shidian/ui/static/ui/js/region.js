// Fills the list of counties when another province is chosen; without it a button does the same by a post.
// <fieldset data-region="/ui/regions/000000/"> with a select …-province and a select or input …-county.
export function start(root) {
  for (const field of root.querySelectorAll("[data-region]")) {
    const province = field.querySelector("[name$='-province']");
    const county = field.querySelector("[name$='-county']");
    if (!province || county?.tagName !== "SELECT") continue;
    for (const button of field.querySelectorAll("[data-no-script]")) button.hidden = true;
    province.addEventListener("change", async () => {
      county.replaceChildren(new Option("请选择", ""));
      if (!province.value) return;
      try {
        const answer = await fetch(field.dataset.region.replace("000000", province.value));
        if (!answer.ok) throw new Error(String(answer.status));
        for (const { code, name } of (await answer.json()).counties) county.append(new Option(name, code));
      } catch {
        // Offline: the button of the plain form is the way.
        for (const button of field.querySelectorAll("[data-no-script]")) button.hidden = false;
      }
    });
  }
}

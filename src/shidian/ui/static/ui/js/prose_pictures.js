// Pictures of long answers: those that are there already, and new ones, uploaded on the spot like any other file.
import { canBeNamed } from "./prose.js";
import { button, make } from "./prose_parts.js";
import { Slot } from "./upload.js";
import { _ } from "./words.js";

const ALSO = ["jpeg", "jpe", "jfif", "tiff"]; // other endings of a format that is named already
const shared = new Map();

// What the server says of the pictures of this application; all fields of a page share it.
export class Pictures {
  static of(told) {
    if (!told) return null;
    const given = JSON.parse(told);
    if (!shared.has(given.list)) shared.set(given.list, new Pictures(given));
    return shared.get(given.list);
  }

  constructor({ view, ...told }) {
    Object.assign(this, told);
    this.address = view;
  }

  get usable() { return this.names.filter(canBeNamed); }


  view(name) { return this.address.replace("__name__", encodeURIComponent(name)); }

  async refresh() {
    const answer = await fetch(this.list, { headers: { Accept: "application/json" }, redirect: "error" });
    if (answer.ok) Object.assign(this, await answer.json());
  }
}

// One new picture on its way: a row with its progress, in the place where the picture will stand.
export class Coming extends Slot {
  constructor(pictures, form, { taken, gone }) {
    const card = make("div", { className: "prose-block prose-coming", tabIndex: -1 });
    card.dataset.upload = pictures.upload;
    card.dataset.slot = pictures.slot;
    card.dataset.most = pictures.most;
    const list = make("ul", { className: "uploads" });
    list.dataset.uploadList = "";
    const say = make("p", { className: "hidden" });
    say.setAttribute("role", "status");
    card.append(list, say);
    super(card, say);
    this.pictures = pictures;
    this.form = form; // signing in again looks there
    this.taken = taken;
    this.gone = gone;
  }

  get left() { return this.pictures.left; }
  set left(number) { this.pictures.left = number; }

  refresh() { return this.pictures.refresh(); }
}

// Asks which picture: one that is there, or files from this computer.
export function choose(pictures, { use, send }) {
  const dialog = make("dialog", { className: "prose-chooser" });
  dialog.setAttribute("aria-labelledby", "h-choose");
  dialog.append(make("h2", { id: "h-choose", textContent: _("插入图片") }));
  const close = () => { dialog.close(); dialog.remove(); };
  if (pictures.upload && pictures.left > 0) {
    const field = make("div", { className: "field" });
    const input = make("input", { type: "file", id: "prose-file", className: "input", accept: pictures.accept, multiple: true });
    input.setAttribute("aria-describedby", "prose-file-hint");
    const formats = pictures.accept.replaceAll(".", "").split(",").filter((ending) => !ALSO.includes(ending));
    field.append(
      make("label", { className: "label", htmlFor: "prose-file", textContent: _("从这台电脑或者手机上传") }),
      make("p", { className: "hint", id: "prose-file-hint", textContent: _("{formats}，每张不超过 {most} MB，还能放 {left} 张。", { formats: formats.join(_("、")).toUpperCase(), most: pictures.most / 1_000_000, left: pictures.left }) }),
      input,
    );
    input.addEventListener("change", () => {
      const files = [...input.files];
      close();
      send(files);
    });
    dialog.append(field);
  } else dialog.append(make("p", { className: "note", textContent: pictures.upload ? _("插图已经放满。要换的，先到“证明材料”里删去一张。") : _("现在不能上传新的图片。") }));
  if (pictures.usable.length) {
    dialog.append(make("h3", { textContent: _("已经上传的") }));
    const list = make("ul", { className: "prose-thumbs" });
    for (const name of pictures.usable) {
      const line = make("li");
      const made = button("", () => { close(); use(name); }, "prose-thumb");
      made.append(make("img", { src: pictures.view(name), alt: "", loading: "lazy" }), make("span", { textContent: name }));
      line.append(made);
      list.append(line);
    }
    dialog.append(list);
  }
  dialog.append(button(_("取消"), close));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  document.body.append(dialog);
  dialog.showModal();
}

// A picture of a long answer. `part` is the segment {name, caption, lines}; `host`: tools(part), pictures, replace(part).
export function pictureBlock(part, host) {
  const node = make("div", { className: "prose-block prose-picture" });
  node.setAttribute("role", "group");
  const name = _("图片：{name}", { name: part.name });
  node.setAttribute("aria-label", name);
  const missing = make("p", { className: "wrong", hidden: true });
  const image = make("img", { alt: part.caption || part.name });
  const none = () => {
    image.hidden = true;
    missing.hidden = false;
    missing.textContent = _("图片“{name}”没有上传，或者画不出来。请换一张，或者删除。", { name: part.name });
  };
  image.addEventListener("error", none);
  if (host.pictures?.names.includes(part.name)) image.src = host.pictures.view(part.name);
  else none();
  const field = make("label", { className: "prose-caption" });
  const caption = make("input", { type: "text", className: "input", value: part.caption, autocomplete: "off" });
  field.append(make("span", { textContent: _("图名（印在图下）") }), caption);
  const bar = make("div", { className: "prose-tools" });
  if (host.pictures) bar.append(button(_("换一张"), () => host.replace(part)));
  bar.append(...host.tools(part, _("删除图片")));
  node.append(make("p", { className: "prose-block-name", textContent: name }), image, missing, field, bar);
  return { node, caption };
}

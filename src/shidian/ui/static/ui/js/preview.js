// The printed pages of a section beside the form: real print, drawn anew a moment after each save.
//
// <details data-preview="address of the JSON"> holds [data-preview-words] and [data-preview-pages]; nothing is fetched
// while it is closed. Open, the page makes room for it (.previewing on [data-preview-page]).
import { _ } from "./words.js";

const QUIET = 700; // ms after a save

export function start(root) {
  const panel = root.querySelector("details[data-preview]");
  if (panel) new Preview(panel, root.querySelector("form[data-autosave]"));
}

class Preview {
  constructor(panel, form) {
    this.panel = panel;
    this.words = panel.querySelector("[data-preview-words]");
    this.pages = panel.querySelector("[data-preview-pages]");
    panel.addEventListener("toggle", () => this.toggle());
    form?.addEventListener("saved", () => { if (panel.open) this.plan(); });
  }

  toggle() {
    this.panel.closest("[data-preview-page]")?.classList.toggle("previewing", this.panel.open);
    if (this.panel.open) this.draw();
  }

  plan() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), QUIET);
  }

  async draw() {
    this.asking?.abort();
    this.asking = new AbortController();
    this.words.dataset.is = "wait";
    this.say([_("正在排版…")]);
    try {
      const answer = await fetch(this.panel.dataset.preview, { headers: { Accept: "application/json" }, redirect: "error", signal: this.asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") this.say([_("现在排不出来：网络断开或者服务器没有应答。保存以后会再试。")]);
    }
  }

  show({ pages = [], boxes = [], refused = "" }) {
    const over = boxes.filter((box) => box.over);
    this.words.dataset.is = refused ? "stop" : over.length ? "wait" : "done";
    this.say(refused ? [refused] : boxes.length ? boxes.map((box) => box.words) : [_("这一部分按申请书的版面排好了。")]);
    this.pages.replaceChildren(...pages.map(({ number, picture }) => Object.assign(document.createElement("img"), { src: picture, alt: _("打印出来的第 {number} 页", { number }) })));
  }

  say(lines) {
    this.words.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  }
}

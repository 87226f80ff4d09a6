// Codes one after the other: a hand scanner types them and presses Enter faster than a page can load, so each is sent by
// itself while the field is ready for the next one. Without script the same form posts one code at a time.
//
// <form data-scan action> with the field `code`; [data-scan-said] beside it says what became of each; the answer is JSON
// {tone, words, row?, key?, counted?}: `row` goes on top of [data-scan-list] (one with the same data-key once),
// `counted` into [data-scan-counted]. [data-scan-camera] opens [data-scan-view], where the camera reads codes.
import { _ } from "./words.js";

const KEPT = 4; // refusals that stay in sight while further codes come in

export function start(root) {
  for (const form of root.querySelectorAll("form[data-scan]")) new Scan(form);
}

class Scan {
  constructor(form) {
    this.form = form;
    this.field = form.elements.code;
    this.said = form.querySelector("[data-scan-said]");
    this.list = document.querySelector("[data-scan-list]");
    this.counted = document.querySelector("[data-scan-counted]");
    this.waiting = []; // codes that the server has not answered
    this.busy = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const code = this.field.value.trim();
      this.clear();
      if (code) this.take(code);
      else if (this.waiting.length) this.next();
    });
    addEventListener("beforeunload", (event) => { if (this.waiting.length) event.preventDefault(); });
    this.list?.addEventListener("change", () => this.count());
    this.offerCamera();
  }

  clear() {
    this.field.value = "";
    this.field.removeAttribute("aria-invalid");
    this.form.querySelector("#code-wrong")?.remove();
    this.form.querySelector(".field-wrong")?.classList.remove("field-wrong");
    if (!this.camera) this.field.focus();
  }

  take(code) {
    this.waiting.push(code);
    return this.next();
  }

  async next() {
    if (this.busy || !this.waiting.length) return;
    this.busy = true;
    this.form.setAttribute("aria-busy", "true");
    try {
      while (this.waiting.length) {
        const told = await this.send(this.waiting[0]);
        this.waiting.shift();
        this.tell(told.tone, told.words);
        if (told.row) this.add(told);
      }
    } catch {
      this.tell("stop", _("没有送到：网络断了，或者登录已过期。还有 {count} 个码留在这一页，接通以后按回车再送；仍然不行，请重新登录再扫。", { count: this.waiting.length }));
    } finally {
      this.busy = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  async send(code) {
    const body = new URLSearchParams({ code, csrfmiddlewaretoken: this.form.elements.csrfmiddlewaretoken.value });
    const answer = await fetch(this.form.action, {
      method: "POST", body, headers: { "X-Requested-With": "scan", Accept: "application/json" },
    });
    // A page instead of an answer: the sign-in page, or a fault.
    if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error(String(answer.status));
    return answer.json();
  }

  tell(tone, words) {
    // A new element each time: a reader hears the same words again, and looks see that something happened.
    const line = Object.assign(document.createElement("p"), { className: "note", textContent: words });
    line.dataset.is = tone;
    for (const done of this.said.querySelectorAll("[data-is='done']")) done.remove();
    this.said.prepend(line);
    while (this.said.children.length > KEPT) this.said.lastElementChild.remove();
    this.camera?.show(tone, words);
  }

  add({ row, key, counted }) {
    if (!this.list) return;
    if (key) [...this.list.children].find((each) => each.dataset.key === key)?.remove();
    const holder = document.createElement("template");
    holder.innerHTML = row;
    this.list.prepend(holder.content);
    if (counted && this.counted) this.counted.textContent = counted;
    else this.count();
  }

  count() {
    if (!this.counted || !this.list.querySelector("[data-key]")) return;
    this.counted.textContent = _("已选 {count} 份", { count: this.list.querySelectorAll(":checked").length });
  }

  offerCamera() {
    const button = this.form.querySelector("[data-scan-camera]");
    const view = this.form.querySelector("[data-scan-view]");
    if (!button || !navigator.mediaDevices?.getUserMedia) return;
    button.hidden = false;
    const shut = () => {
      this.camera?.close();
      this.camera = null;
      view.hidden = true;
      button.textContent = _("用相机扫");
      button.setAttribute("aria-expanded", "false");
    };
    button.addEventListener("click", async () => {
      if (this.camera) return shut();
      const { Camera } = await import("./camera.js");
      this.camera = new Camera(view, (code) => this.take(code));
      view.hidden = false;
      button.textContent = _("关上相机");
      button.setAttribute("aria-expanded", "true");
      try {
        view.scrollIntoView({ block: "nearest" });
        await this.camera.open();
      } catch (fault) {
        shut();
        this.tell("stop", refusal(fault));
      }
    });
    addEventListener("pagehide", shut);
  }
}

function refusal(fault) {
  if (fault.name === "NotAllowedError") return _("浏览器没有得到使用相机的许可。请在地址栏左边允许相机，或者用扫码枪、输入短码。");
  if (fault.name === "NotFoundError") return _("没有找到相机。请用扫码枪，或者输入短码。");
  return _("相机打不开（{reason}）。请用扫码枪，或者输入短码。", { reason: fault.name });
}

// Saves the section form while it is being written.
//
// <form data-autosave data-key="unique key of this section"> with a hidden input `version`; [data-saved] shows the state.
// Posts the whole form to its action with X-Requested-With: autosave. The answer is
//   200 {"saved_at": "10:42", "version": 5, "problems": [...]}   or   409 {"conflict": true, "url": "…"}.
// Chinese input methods: `input` events during composition carry half-typed pinyin, so they are ignored and the save
// is planned at compositionend. What could not be sent stays in localStorage and is only ever offered, never written.
import { keepLocal, dropLocal, offerLocal } from "./draft.js";

const QUIET = 800; // ms after the last key
const RETRY = [3000, 10000, 30000]; // ms, then the last for ever

export function start(root) {
  const form = root.querySelector("form[data-autosave]");
  if (form) new Autosave(form, root.querySelector("[data-saved]"));
}

class Autosave {
  constructor(form, status) {
    this.form = form;
    this.status = status;
    this.composing = false;
    this.dirty = false;
    this.sending = false;
    this.stopped = false; // after a conflict: nothing is sent any more, a person decides
    this.failures = 0;
    this.pressed = undefined; // the button of a post that waits until the save under way has brought its number
    this.sent = this.snapshot();

    form.addEventListener("compositionstart", () => { this.composing = true; });
    form.addEventListener("compositionend", () => { this.composing = false; this.touched(); });
    form.addEventListener("input", (event) => { if (!event.isComposing && !this.composing) this.touched(event); });
    form.addEventListener("change", (event) => { if (!this.composing) this.touched(event, 0); });
    form.addEventListener("focusout", () => { if (this.dirty && !this.composing) this.plan(0); });
    form.addEventListener("submit", (event) => this.submit(event));
    addEventListener("online", () => { if (this.dirty) this.plan(0); });
    addEventListener("beforeunload", (event) => { if (this.unsaved()) event.preventDefault(); });
    addEventListener("pagehide", () => this.last());

    offerLocal(form, this.sent, () => this.touched(null, 0));
  }

  // The form as it would be posted, without what changes by itself.
  snapshot() {
    const data = new FormData(this.form);
    data.delete("version");
    data.delete("csrfmiddlewaretoken");
    return new URLSearchParams([...data].filter(([, value]) => typeof value === "string")).toString();
  }

  unsaved() {
    return !this.stopped && (this.dirty || this.sending) && this.snapshot() !== this.sent;
  }

  touched(event, wait = QUIET) {
    if (event?.target.closest?.("[data-transient]")) return;
    if (this.snapshot() === this.sent) return;
    this.dirty = true;
    keepLocal(this.form, this.snapshot());
    this.plan(wait);
  }

  // Posting while a save is under way would carry the number from before it: the writer would meet a conflict with
  // himself. So the post waits for the answer.
  submit(event) {
    clearTimeout(this.timer);
    this.dirty = false;
    if (this.sending) {
      event.preventDefault();
      this.pressed = event.submitter;
    } else {
      this.stopped = true;
    }
  }

  plan(wait) {
    if (this.stopped || this.pressed !== undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    if (this.sending || this.stopped) return;
    if (this.composing) return this.plan(QUIET);
    const now = this.snapshot();
    if (now === this.sent) return;
    this.sending = true;
    this.dirty = false;
    this.show("busy", "正在保存…");
    try {
      const answer = await fetch(this.form.action, {
        method: "POST",
        body: new FormData(this.form),
        headers: { "X-Requested-With": "autosave", Accept: "application/json" },
        redirect: "error", // a redirect means that the sign-in has ended: the text must not be taken for saved
      });
      if (answer.status === 409) return this.conflict(await answer.json());
      if (!answer.ok) throw new Error(String(answer.status));
      const { saved_at: at, version } = await answer.json();
      this.sent = now;
      this.failures = 0;
      if (version !== undefined && this.form.elements.version) this.form.elements.version.value = version;
      if (this.snapshot() === now) dropLocal(this.form);
      this.show("ok", `已自动保存 ${at}`);
    } catch (error) {
      this.failed(error);
    } finally {
      this.sending = false;
      if (this.pressed !== undefined) this.form.requestSubmit(this.pressed);
      else if (this.dirty && !this.failures) this.plan(QUIET);
    }
  }

  failed(error) {
    const refused = /^4\d\d$/.test(error.message);
    keepLocal(this.form, this.snapshot());
    this.dirty = true;
    this.show("off", refused
      ? "没有保存：登录已失效或不再可以修改，内容留在本机；请在新窗口登录后再回到这一页"
      : "没有保存：网络断开，内容留在本机，恢复后自动重试");
    const wait = RETRY[Math.min(this.failures, RETRY.length - 1)];
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  conflict({ url }) {
    this.stopped = true;
    keepLocal(this.form, this.snapshot());
    this.show("off", "没有保存：同事刚刚改了这一部分。内容留在本机，");
    const link = Object.assign(document.createElement("a"), { href: url || location.href, textContent: "看两份再选" });
    this.status?.append(link);
  }

  // Leaving at once after typing: one last try that outlives the page.
  last() {
    if (!this.unsaved() || this.composing) return;
    fetch(this.form.action, {
      method: "POST",
      body: new FormData(this.form),
      headers: { "X-Requested-With": "autosave" },
      keepalive: true,
    }).catch(() => {});
  }

  show(is, words) {
    if (!this.status) return;
    this.status.dataset.is = is;
    this.status.textContent = words;
  }
}

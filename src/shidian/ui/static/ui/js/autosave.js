// Saves every field of the section form by itself: a moment after typing rests, at the latest every few seconds, and on leaving it.
//
// <form data-autosave data-key data-fields="address of the section" data-session data-signed-in data-user> with a hidden
// input `numbers` (JSON, the number of each field as the page shows it); [data-saved] says what is saved and when.
// A field is posted to <data-fields><field>/ with its own controls and `number`. The answers are those of portal.views.fields.
// Chinese input methods: `input` events during composition carry half-typed pinyin, so they are ignored and the save
// is planned at compositionend. Whatever is typed goes into the journal first and leaves it when the server has it.
import { offer, put, same } from "./draft.js";
import { Journal } from "./journal.js";
import { signInAgain, whoIsIt } from "./sign_in_again.js";
import { _, labelOf } from "./words.js";

const QUIET = 800; // ms after the last key
const LONGEST = 4000; // ms from the first unsaved key while somebody types on and on
const LANES = 4; // fields on their way at once
const PATIENCE = 20000; // ms until an answer must be there
const RETRY = [1000, 3000, 10000, 30000]; // ms, then the last for ever

export function start(root) {
  const form = root.querySelector("form[data-autosave]");
  if (form) new Autosave(form, root.querySelector("[data-saved]"));
}

class Autosave {
  constructor(form, status) {
    this.form = form;
    this.status = status;
    this.composing = false;
    this.fields = new Map(); // key -> {number, sent, dirty, stopped}
    for (const [key, number] of Object.entries(JSON.parse(form.elements.numbers.value))) {
      this.fields.set(key, { number, sent: "", dirty: false, stopped: "" });
    }
    this.keys = [...this.fields.keys()].sort((a, b) => b.length - a.length);
    for (const [key, field] of this.fields) field.sent = this.snapshot(key);
    this.sending = null;
    this.failures = 0;
    this.savedAt = "";
    this.since = 0;
    this.leaving = false;
    this.journal = new Journal(form.dataset.key);
    this.alert = Object.assign(document.createElement("p"), { className: "note saving-off", hidden: true });
    this.alert.dataset.is = "stop";
    this.alert.setAttribute("role", "alert");
    form.append(this.alert);

    form.addEventListener("compositionstart", () => { this.composing = true; });
    form.addEventListener("compositionend", (event) => { this.composing = false; this.touched(event.target); });
    form.addEventListener("input", (event) => { if (!event.isComposing && !this.composing) this.touched(event.target); });
    form.addEventListener("change", (event) => { if (!this.composing) this.touched(event.target, 0); });
    form.addEventListener("focusout", () => { if (this.dirty().length && !this.composing) this.plan(0); });
    form.addEventListener("submit", (event) => this.submit(event));
    for (const back of ["online", "focus"]) addEventListener(back, () => { if (this.failures && this.dirty().length) this.plan(0); });
    addEventListener("beforeunload", (event) => { if (!this.leaving && this.unsaved()) event.preventDefault(); });
    addEventListener("pagehide", () => this.last());

    this.recover();
  }

  // Fields and their controls

  keyOf(node) {
    // What an editor shows belongs to the control that it stands for.
    const name = node?.closest?.("[data-stands-for]")?.dataset.standsFor || node?.name || node?.closest?.("[data-rows]")?.dataset.rows || "";
    return this.keys.find((key) => name === key || name.startsWith(`${key}-`));
  }

  // The controls of a field as they would be posted.
  snapshot(key) {
    const pairs = [];
    for (const [name, value] of new FormData(this.form)) {
      if (typeof value === "string" && this.keyOf({ name }) === key) pairs.push([name, value]);
    }
    return new URLSearchParams(pairs).toString();
  }

  place(key) {
    const node = this.form.querySelector(`#f-${CSS.escape(key)}`) ?? this.form.querySelector(`[id^="f-${CSS.escape(key)}-"]`);
    return node?.closest(".field-gap") ?? node;
  }

  label(key) {
    const words = this.place(key)?.querySelector(".label, legend, label");
    return (words && labelOf(words)) || key;
  }

  dirty() {
    return this.keys.filter((key) => this.fields.get(key).dirty && !this.fields.get(key).stopped);
  }

  unsaved() {
    return this.keys.some((key) => this.fields.get(key).dirty) || this.sending !== null;
  }

  // Typing

  touched(node, wait = QUIET) {
    if (node?.closest?.("[data-transient]")) return;
    const key = this.keyOf(node);
    if (!key) return;
    const field = this.fields.get(key);
    const now = this.snapshot(key);
    if (now === field.sent) {
      if (field.dirty) this.journal.drop(key);
      field.dirty = false;
      return;
    }
    field.dirty = true;
    this.journal.put(key, { snapshot: now, base: field.number });
    if (field.stopped) return;
    this.since ||= Date.now();
    if (!this.failures) this.show("idle", _("正在填写，还没有保存"));
    this.plan(Math.min(wait, Math.max(0, this.since + LONGEST - Date.now())));
  }

  plan(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  // Saving: a few fields at a time, so that a slow line is neither idle nor crowded

  save() {
    clearTimeout(this.timer);
    if (this.composing) return this.plan(QUIET);
    this.sending ??= this.round().finally(() => { this.sending = null; });
    return this.sending;
  }

  async round() {
    for (let keys = this.dirty(); keys.length; keys = this.dirty()) {
      this.show("busy", _("正在保存…"));
      this.since = 0;
      const sent = await Promise.allSettled(keys.slice(0, LANES).map((key) => this.send(key)));
      const lost = sent.find(({ status }) => status === "rejected");
      if (lost) return this.failed(lost.reason);
      if (this.composing) break;
    }
    this.told();
  }

  async send(key, more = {}) {
    const field = this.fields.get(key);
    const now = this.snapshot(key);
    const answer = await this.post(key, now, field.number, more);
    const said = await answer.json().catch(() => ({}));
    if (answer.status === 401) {
      this.show("off", _("登录已过期，还没有保存"));
      this.renew(await signInAgain(this.form));
      return;
    }
    if (answer.status === 403 && !said.refused) {
      // The token is out of date: somebody signed in again in another window.
      const { user, token } = await whoIsIt(this.form);
      if (String(user) === this.form.dataset.user && token !== this.token()) return this.renew(token);
      throw new Error("403");
    }
    if (answer.status === 409) return this.contested(key, now, said);
    if (said.refused) return this.refused(key, said.refused);
    if (!answer.ok || typeof said.number !== "number") throw new Error(String(answer.status));

    field.number = said.number;
    field.sent = now;
    field.stopped = "";
    this.failures = 0;
    this.savedAt = said.saved_at;
    this.remember();
    this.place(key)?.parentElement?.querySelector(`[data-place="${key}"]`)?.remove();
    const typed = this.snapshot(key);
    field.dirty = typed !== now;
    if (field.dirty) this.journal.put(key, { snapshot: typed, base: field.number });
    else this.journal.drop(key);
    this.form.dispatchEvent(new CustomEvent("saved", { detail: { key, ...said } }));
  }

  post(key, snapshot, number, more) {
    const body = new URLSearchParams(snapshot);
    for (const [name, value] of Object.entries({ number, csrfmiddlewaretoken: this.token(), ...more })) body.set(name, value);
    return fetch(`${this.form.dataset.fields}${key}/`, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
  }

  token() {
    return this.form.elements.csrfmiddlewaretoken.value;
  }

  renew(token) {
    for (const input of document.querySelectorAll("input[name='csrfmiddlewaretoken']")) input.value = token;
  }

  remember() {
    this.form.elements.numbers.value = JSON.stringify(Object.fromEntries([...this.fields].map(([key, { number }]) => [key, number])));
  }

  // When it does not go well

  failed(error) {
    const count = this.dirty().length;
    const why = error.message === "sign-in" ? _("登录已过期") : /^\d+$/.test(error.message) ? _("服务器没有接收") : _("网络断开或者服务器没有应答");
    this.show("off", _("没有保存（{count} 栏）：{why}。内容留在本机，恢复后自动重试", { count, why }), true);
    const wait = error.message === "sign-in" ? RETRY.at(-1) : RETRY[Math.min(this.failures, RETRY.length - 1)];
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  refused(key, words) {
    this.fields.get(key).stopped = words;
    this.show("off", _("“{name}”没有保存：{words}内容留在本机。", { name: this.label(key), words }), true);
  }

  // Somebody else wrote first: both texts are on the server; this field waits for a choice, the others go on.
  contested(key, now, { contested, number }) {
    const field = this.fields.get(key);
    field.sent = now;
    field.stopped = "contested";
    field.dirty = false;
    this.journal.drop(key);
    const place = this.place(key);
    place?.parentElement.querySelector(`[data-place="${key}"]`)?.remove();
    const box = document.createElement("div");
    box.dataset.place = key;
    box.innerHTML = contested;
    place?.after(box);
    box.addEventListener("click", (event) => {
      const keep = event.target.closest("[data-keep]")?.dataset.keep;
      if (keep) this.settle(key, number, keep);
    });
    box.firstElementChild?.focus();
  }

  async settle(key, number, keep) {
    const field = this.fields.get(key);
    field.number = number;
    field.stopped = "";
    if (keep === "theirs") {
      try {
        await this.send(key, { keep });
      } catch (error) {
        field.stopped = "contested";
        return this.failed(error);
      }
      if (field.stopped) return;
      field.dirty = false;
      this.journal.drop(key);
      await this.save();
      if (this.unsaved()) return;
      this.leaving = true;
      location.reload();
      return;
    }
    field.sent = "";
    field.dirty = true;
    this.save();
  }

  told() {
    const contested = this.keys.filter((key) => this.fields.get(key).stopped === "contested");
    const refused = this.keys.some((key) => this.fields.get(key).stopped && this.fields.get(key).stopped !== "contested");
    if (contested.length) this.show("off", _("有 {count} 栏别人也改了：两份都已保存，请选定", { count: contested.length }));
    else if (!refused) this.show("ok", this.savedAt ? _("已自动保存 {time}", { time: this.savedAt }) : "");
  }

  // Leaving

  // The buttons of the form post it whole; before that, everything is saved field by field, so that nothing rides on the post.
  async submit(event) {
    if (this.leaving) return;
    const waits = () => this.unsaved() || this.keys.some((key) => this.fields.get(key).stopped);
    if (!waits()) {
      this.leaving = true;
      return;
    }
    event.preventDefault();
    const pressed = event.submitter;
    await this.save();
    if (this.dirty().length) await this.save();
    if (waits()) {
      this.alert.scrollIntoView({ block: "nearest" });
      return;
    }
    this.leaving = true;
    // Not within the event that is still being handled: a browser ignores that.
    setTimeout(() => this.form.requestSubmit(pressed));
  }

  // Leaving at once after typing: one last try that outlives the page. The journal has it in any case.
  last() {
    if (this.composing || this.leaving) return;
    for (const key of this.dirty().slice(0, 5)) {
      const { number } = this.fields.get(key);
      const body = new URLSearchParams(this.snapshot(key));
      body.set("number", number);
      body.set("csrfmiddlewaretoken", this.token());
      if (body.toString().length < 60000) {
        fetch(`${this.form.dataset.fields}${key}/`, { method: "POST", body, keepalive: true }).catch(() => {});
      }
    }
  }

  // Coming back

  async recover() {
    const entries = [];
    for (const entry of await this.journal.entries()) {
      const field = this.fields.get(entry.key);
      if (!field) continue;
      if (same(entry.snapshot, field.sent)) this.journal.drop(entry.key);
      else entries.push(entry);
    }
    this.form.dataset.ready = "";
    if (!entries.length) return;
    offer(this.form, entries, {
      label: (key) => this.label(key),
      use: () => {
        for (const { key, snapshot, base } of entries) {
          this.fields.get(key).number = base; // what the writer had before the eyes then: later texts of others stay
          put(this.form, key, snapshot);
          this.touched(this.form.querySelector(`[name^="${CSS.escape(key)}"]`), 0);
        }
      },
      leave: () => { for (const { key } of entries) this.journal.drop(key); },
    });
  }

  show(is, words, loud = false) {
    this.alert.hidden = !loud;
    if (loud) this.alert.textContent = words;
    if (!this.status || (!words && is === "ok")) return;
    this.status.dataset.is = is;
    this.status.textContent = words;
  }
}

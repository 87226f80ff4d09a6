// Files in pieces (tus): several at once, with progress, cancelled or continued; a killed server, a closed page or a
// lost network cost nothing that the server has. Without this module the same form posts small files whole.
//
// <section data-upload="address where uploads begin" data-slot data-most (bytes) data-left data-accept> holds the form,
// [data-upload-files] (drawn anew by the server when something was taken) and <ul data-upload-list> with the rows of what
// is on its way: <li data-upload-row data-stands data-url data-mark>. A template [data-upload-model] holds an empty row.
import { signInAgain } from "./sign_in_again.js";
import { _ } from "./words.js";

const PIECE = 1_000_000; // small, so that a slow line holds a thread of the server for moments only
const AT_ONCE = 2;
const RETRY = [0, 1000, 2000, 3000, 5000, 10_000, 20_000, ...Array(20).fill(30_000)];
const LOOK = [400, 800, 1500, 3000]; // ms between looks at a file that is being checked, then the last

let client; // tus-js-client, fetched when the first file is chosen
let sending = 0;
const queue = [];
const open = new Set();
let watched = false;

export function start(root) {
  const cards = [...root.querySelectorAll("[data-upload]")];
  if (!cards.length) return;
  const say = root.querySelector("[data-upload-say]");
  const slots = cards.map((card) => new Slot(card, say));
  // A file dropped beside a card would replace the page.
  for (const kind of ["dragover", "drop"]) {
    addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || slots.some(({ card }) => card.contains(event.target))) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}

function watch() {
  if (watched) return;
  watched = true;
  addEventListener("online", () => { for (const file of open) file.goOn(); });
  addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
}

// Elsewhere than on the page of attachments a slot extends this: `refresh()`, and what follows when a file was
// `taken(name)` or is `gone()`.
export class Slot {
  constructor(card, say) {
    watch();
    this.card = card;
    this.say = say;
    this.list = card.querySelector("[data-upload-list]");
    this.form = card.querySelector("form[data-upload-form]");
    for (const row of this.list.querySelectorAll("[data-upload-row]")) this.revive(row);
    if (!this.form) return;
    this.input = this.form.querySelector("input[type=file]");
    this.input.multiple = true;
    this.form.classList.add("upload-live");
    for (const part of this.form.querySelectorAll("[data-upload-plain], [data-upload-words]")) part.hidden = !part.hidden;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.input.addEventListener("change", () => {
      this.take([...this.input.files]);
      this.input.value = "";
    });
    card.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      card.dataset.over = "";
    });
    card.addEventListener("dragleave", (event) => { if (!card.contains(event.relatedTarget)) delete card.dataset.over; });
    card.addEventListener("drop", (event) => {
      event.preventDefault();
      delete card.dataset.over;
      this.take([...event.dataTransfer.files]);
    });
  }

  get left() { return Number(this.card.dataset.left); }
  set left(number) { this.card.dataset.left = number; }

  take(files) {
    for (const file of files) {
      const mark = markOf(file);
      const known = [...this.list.children].find((row) => row.dataset.mark === mark && row.sending && !row.sending.file);
      const upload = known?.dataset.stands === "uploading" ? known.sending : new Sending(this, newRow(this, file, mark));
      upload.file = file;
      if (known?.sending === upload) upload.wait();
      else if (this.left <= 0) upload.end(_("这一类材料已经放满，请先删去一个。"));
      else if (file.size > Number(this.card.dataset.most)) {
        const sizes = { size: size(file.size), most: size(this.card.dataset.most) };
        upload.end(_("文件大小为 {size}，超过上限 {most}。请降低扫描分辨率（建议 200 至 300 DPI）、压缩图片或拆分成几个文件后再上传。", sizes));
      } else {
        this.left -= 1;
        upload.counted = true;
        upload.wait();
      }
    }
  }

  // Rows that the server drew: what is being checked is watched, what stopped asks for its file.
  revive(row) {
    if (!row.dataset.url) return;
    const upload = new Sending(this, row);
    if (row.dataset.stands === "uploading") upload.words.textContent += _("。再选一次这个文件，就从断处接着传。");
    else if (row.dataset.stands !== "refused") upload.look();
  }

  taken() {}

  gone() {}

  // The server draws the list; whoever reads it stays where they are.
  async refresh() {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const card = page.getElementById(this.card.id);
    if (!card) return;
    for (const part of ["files", "count", "room"]) {
      const here = this.card.querySelector(`[data-upload-${part}]`);
      const there = card.querySelector(`[data-upload-${part}]`);
      if (here && there) here.replaceChildren(...there.childNodes);
    }
    this.left = card.dataset.left;
  }
}

function newRow(slot, file, mark) {
  const row = document.querySelector("template[data-upload-model]").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-upload-name]").textContent = file.name;
  row.querySelector("[data-upload-size]").textContent = size(file.size);
  row.querySelector("[data-upload-what]").textContent = _("：{name}", { name: file.name });
  row.dataset.mark = mark;
  slot.list.append(row);
  return row;
}

class Sending {
  constructor(slot, row) {
    this.slot = slot;
    this.row = row;
    this.file = null;
    this.mark = row.dataset.mark;
    this.url = row.dataset.url || "";
    this.words = row.querySelector("[data-upload-state]");
    this.bar = row.querySelector("progress");
    this.button = row.querySelector("[data-upload-drop]");
    this.name = row.querySelector("[data-upload-name]").textContent;
    this.looks = 0;
    this.button.addEventListener("click", (event) => { event.preventDefault(); this.drop(); });
    row.sending = this;
  }

  show(stands, words, { percent } = {}) {
    this.row.dataset.stands = stands;
    this.words.textContent = words;
    this.bar.hidden = !["uploading", "checking"].includes(stands);
    if (stands === "checking") this.bar.removeAttribute("value");
    else if (percent !== undefined) this.bar.value = percent;
    this.button.firstChild.textContent = stands === "refused" ? _("知道了") : _("取消");
  }

  tell(words) { this.slot.say.textContent = words; }

  wait() {
    open.add(this);
    this.show("uploading", _("等候上传"));
    queue.push(this);
    pump();
  }

  async begin() {
    try {
      client ??= import("../../vendor/tus/tus.min.js");
      await client;
      if (!this.url) this.url = await this.create();
    } catch (error) {
      return this.failed(error.status, error.status ? error.message : "");
    }
    if (this.gone) return this.leave();
    this.row.dataset.url = this.url;
    this.tell(_("开始上传“{name}”", { name: this.name }));
    this.began = undefined;
    this.upload = new window.tus.Upload(this.file, {
      uploadUrl: this.url, // and no address to create another at: a server that is starting must not cost what it has
      chunkSize: PIECE,
      retryDelays: RETRY,
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", token(this.slot.card)),
      onShouldRetry: (error) => this.again(error),
      onProgress: (sent, all) => this.progress(sent, all),
      onSuccess: () => { this.leave(); this.look(); },
      onError: (error) => this.stopped(error),
    });
    this.upload.start();
  }

  async create() {
    const card = this.slot.card;
    let answer;
    try {
      answer = await fetch(card.dataset.upload, {
        method: "POST",
        headers: {
          "Tus-Resumable": "1.0.0",
          "Upload-Length": String(this.file.size),
          "Upload-Metadata": Object.entries({ filename: this.file.name, slot: card.dataset.slot, mark: this.mark })
            .map(([key, value]) => `${key} ${base64(value)}`).join(","),
          "X-CSRFToken": token(card),
        },
      });
    } catch {
      throw Object.assign(new Error(""), { status: 0 });
    }
    if (answer.status !== 201) throw Object.assign(new Error(await wordsOf(answer)), { status: answer.status });
    return answer.headers.get("Location");
  }

  progress(sent, all) {
    const now = performance.now();
    this.began ??= { at: now, sent };
    if (this.drawn && now - this.drawn < 300 && sent < all) return;
    this.drawn = now;
    const seconds = (now - this.began.at) / 1000;
    const rate = seconds > 1 ? (sent - this.began.sent) / seconds : 0;
    const percent = Math.floor((sent / all) * 100);
    const words = rate > 0
      ? _("已传 {percent}%，每秒 {rate}，还要{time}", { percent, rate: size(rate), time: time((all - sent) / rate) })
      : _("已传 {percent}%", { percent });
    this.show("uploading", words, { percent });
  }

  again(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    const yes = navigator.onLine && (!status || status >= 500 || [409, 423, 460].includes(status));
    this.began = undefined;
    if (yes && status !== 503 && status !== 409) {
      this.words.textContent = _("连接中断，正在自动重试；已传的部分都在");
      if (!this.told) this.tell(_("“{name}”连接中断，正在自动重试", { name: this.name }));
      this.told = true;
    }
    return yes;
  }

  stopped(error) {
    const answer = error.originalResponse;
    const text = answer?.getHeader("Content-Type")?.startsWith("text/plain") ? answer.getBody() : "";
    this.failed(answer?.getStatus() ?? 0, text);
  }

  // What a person can do about it; the network comes back by itself.
  failed(status, text) {
    this.leave(false);
    if (this.gone) return;
    if (status === 401 || (status === 403 && !text)) return this.signIn();
    if (status === 410) return this.look();
    if (status === 404) return this.end(_("这次上传已经取消或者过期，请重新选择文件。"));
    if (status >= 400 && status < 500) return this.end(text || _("服务器不接收这个文件。请刷新网页后再试。"));
    this.show("uploading", _("网络断开，恢复后自动继续；已传的部分都在"));
    this.tell(_("“{name}”网络断开，恢复后自动继续", { name: this.name }));
    this.timer = setTimeout(() => this.goOn(), 30_000);
  }

  signIn() {
    this.show("uploading", _("登录已失效，已传的部分都在。重新登录以后继续"));
    signInAgain(this.slot.form).then(
      () => this.goOn(),
      () => this.ask(_("登录已失效，已传的部分都在。请重新登录，再按“继续”。")),
    );
  }

  ask(words) {
    this.show("uploading", words);
    this.tell(`“${this.name}”${words}`);
    const go = Object.assign(document.createElement("button"), { type: "button", className: "button button-quiet", textContent: _("继续") });
    go.addEventListener("click", () => { go.remove(); this.button.focus(); this.goOn(); });
    this.row.querySelector("[data-upload-buttons]").prepend(go);
  }

  goOn() {
    if (!this.file || this.gone || this.busy || queue.includes(this) || this.row.dataset.stands !== "uploading") return;
    clearTimeout(this.timer);
    this.row.querySelector("[data-upload-buttons] button:not([data-upload-drop])")?.remove();
    queue.push(this);
    pump();
  }

  leave(done = true) {
    if (done) open.delete(this);
    if (!this.busy) return;
    this.busy = false;
    sending -= 1;
    pump();
  }

  // The file is complete; the server looks into it.
  async look() {
    if (this.gone) return;
    let standing;
    try {
      const answer = await fetch(this.url, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.status === 404) return this.row.remove();
      standing = await answer.json();
    } catch {
      standing = { stands: "checking", words: _("已传完，正在检查内容"), over: false };
    }
    if (this.gone) return;
    if (standing.stands === "taken") return this.taken(standing.name);
    if (standing.stands === "refused") return this.end(standing.words);
    this.show(standing.stands, standing.words);
    if (standing.stands === "held" && !this.held) this.tell(`“${this.name}”${standing.words}`);
    this.held = standing.stands === "held";
    const wait = this.held ? 10_000 : LOOK[Math.min(this.looks++, LOOK.length - 1)];
    setTimeout(() => this.look(), wait);
  }

  async taken(name) {
    this.show("taken", _("已收下"));
    await this.slot.refresh().catch(() => {});
    const had = this.row.contains(document.activeElement);
    this.row.remove();
    if (had) this.slot.card.focus();
    this.slot.taken(name);
    this.tell(_("“{name}”已收下", { name: this.name }));
  }

  end(words) {
    this.leave();
    const [before] = _("没有收下：{reason}").split("{reason}");
    const reason = words.startsWith(before) ? words.slice(before.length) : words;
    this.show("refused", _("没有收下：{reason}", { reason }));
    this.tell(_("“{name}”没有收下：{reason}", { name: this.name, reason }));
    if (this.url) this.slot.refresh().catch(() => {});
    else if (this.counted) this.slot.left += 1;
    this.counted = false;
  }

  async drop() {
    this.gone = true;
    clearTimeout(this.timer);
    this.upload?.abort();
    const waiting = queue.indexOf(this);
    if (waiting >= 0) queue.splice(waiting, 1);
    if (this.url) {
      await fetch(this.url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": token(this.slot.card) } })
        .catch(() => {});
    }
    this.leave();
    const next = this.row.nextElementSibling?.querySelector("button") ?? this.slot.input ?? this.slot.card;
    this.row.remove();
    next.focus();
    this.slot.gone();
    this.tell(_("已取消“{name}”", { name: this.name }));
    await this.slot.refresh().catch(() => {});
  }
}

function pump() {
  while (sending < AT_ONCE && queue.length) {
    const next = queue.shift();
    next.busy = true;
    sending += 1;
    next.begin();
  }
}

// Tells a file from another of the same name, on any machine, without reading it.
function markOf(file) {
  let hash = 0;
  for (const char of file.name) hash = (Math.imul(hash, 31) + char.codePointAt(0)) | 0;
  return `${file.size}-${file.lastModified}-${(hash >>> 0).toString(36)}`.slice(0, 40);
}

// Signing in changes the token; the cookie always has the one of now.
function token(card) {
  const cookie = /(?:^|;\s*)shidian_csrf=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? card.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function wordsOf(answer) {
  return answer.headers.get("Content-Type")?.startsWith("text/plain") ? answer.text() : "";
}

const base64 = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));

function size(bytes) {
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["KB", 1e3]]) {
    if (bytes >= factor) return `${Math.ceil((bytes * 10) / factor) / 10} ${unit}`;
  }
  return _("{count} 字节", { count: Math.round(bytes) });
}

function time(seconds) {
  if (seconds < 60) return _("不到 1 分钟");
  if (seconds < 3600) return _("约 {count} 分钟", { count: Math.round(seconds / 60) });
  return _("约 {count} 小时", { count: (seconds / 3600).toFixed(1) });
}

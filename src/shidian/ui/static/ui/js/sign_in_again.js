// Signing in again without leaving the page: the sign-in page, with every step it may have, in a dialog over the form.
// Resolves with a fresh token for the next post once the same person is signed in; nothing on the page is touched.
import { _ } from "./words.js";

let asking = null;

export function signInAgain(form) {
  asking ??= ask(form).finally(() => { asking = null; });
  return asking;
}

export async function whoIsIt(form) {
  const answer = await fetch(form.dataset.session, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function ask(form) {
  const now = await whoIsIt(form);
  if (String(now.user) === form.dataset.user) return now.token;

  const dialog = make("dialog", { className: "sign-in-again" });
  dialog.setAttribute("aria-labelledby", "h-again");
  const words = make("p", { textContent: _("您写的都还在这一页，也留在本机。登录后接着保存，不会离开这一页。") });
  words.setAttribute("role", "status");
  const frame = make("iframe", { title: _("登录"), src: `${now.sign_in}?next=${encodeURIComponent(form.dataset.signedIn)}` });
  const later = make("button", { type: "button", className: "button button-quiet", textContent: _("以后再登录") });
  dialog.append(make("h2", { id: "h-again", textContent: _("登录已过期，请再登录一次") }), words, frame, later);
  document.body.append(dialog);
  dialog.showModal();

  return new Promise((signedIn, refused) => {
    const close = () => { dialog.close(); dialog.remove(); };
    const leave = () => { close(); refused(new Error("sign-in")); };
    later.addEventListener("click", leave);
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
    frame.addEventListener("load", async () => {
      if (!frame.contentDocument?.querySelector("[data-signed-in]")) return;
      const { user, token } = await whoIsIt(form);
      if (String(user) === form.dataset.user) {
        close();
        signedIn(token);
      } else {
        words.textContent = _("现在登录的是另一个账号，不能替原来的人保存。请先退出，用原来的账号登录。");
        words.className = "wrong";
      }
    });
  });
}

const make = (tag, what = {}) => Object.assign(document.createElement(tag), what);

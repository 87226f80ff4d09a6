// Follows long work: asks data-progress every two seconds, shows share and words, reloads the page at the end.
// The address answers {"done": 12, "total": 48, "words": "…", "finished": false}.
import { _ } from "./words.js";

const EVERY = 2000;

export function start(root) {
  for (const card of root.querySelectorAll("[data-progress]")) if (card.dataset.progress) follow(card);
}

function follow(card) {
  const bar = card.querySelector("progress");
  const share = card.querySelector("[data-progress-share]");
  const words = card.querySelector("[data-progress-words]");
  let failures = 0;

  const ask = async () => {
    try {
      const answer = await fetch(card.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { done, total, words: text, finished } = await answer.json();
      failures = 0;
      if (finished) return location.reload();
      if (total) {
        bar.max = total;
        bar.value = done;
        share.textContent = `${done} / ${total}`;
      }
      if (text && words.textContent !== text) words.textContent = text;
    } catch {
      // The work goes on by itself; only the looking has failed.
      failures += 1;
      if (failures === 3) words.textContent = _("暂时看不到进度，处理仍在继续，网络恢复后自动显示。");
    }
    setTimeout(ask, EVERY * Math.min(1 + failures, 5));
  };
  setTimeout(ask, EVERY);
}

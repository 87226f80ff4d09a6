// Keeps a part of a page as it stands on the server: <div data-refresh="address"> asks every few seconds while the page
// is seen, and takes over the answer's HTML when it is another. Without script the page has a link that loads it again.
const EVERY = 4000; // ms; longer after failures

export function start(root) {
  for (const part of root.querySelectorAll("[data-refresh]")) follow(part);
}

function follow(part) {
  let failures = 0;
  let last = "";
  const ask = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } });
        if (answer.status === 404 || answer.redirected) return;
        if (!answer.ok) throw new Error(String(answer.status));
        const html = await answer.text();
        failures = 0;
        if (html !== last) part.innerHTML = last = html;
      } catch {
        failures += 1;
      }
    }
    setTimeout(ask, EVERY * Math.min(1 + failures, 5));
  };
  setTimeout(ask, EVERY);
}

"""A person at a browser: walks by words that are on the screen, and looks at every page with axe.

Whatever goes wrong on the way (an error in a script, a refusal by the content security policy, an answer of 400 or more
that was not expected) is kept and fails the test at its end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Download,
    Locator,
    Page,
    Request,
    expect,
)

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PATIENCE = 15_000  # milliseconds until something must be there
LISTEN = """
addEventListener("securitypolicyviolation", (event) => {
  (window.refusedByPolicy ??= []).push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""
# Axe lies among the static files of the server, so that the browser reads and compiles half a megabyte only once.
MEASURE = """
async () => {
  if (!window.axe) {
    const script = document.createElement("script");
    script.src = "/static/axe.min.js";
    await new Promise((done, lost) => {
      script.onload = done;
      script.onerror = () => lost(new Error("axe is not there"));
      document.head.append(script);
    });
    script.remove();
  }
  const result = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return result.violations;
}
"""
# What differs between two views of one page without being another page.
_REFERENCE = re.compile(r"(?<=/)(?:[A-Z]{2}[A-Z0-9]*-[^/]+|\d+|(?=[^/]*[A-Z0-9])[\w.:-]{12,})(?=/|$)")
_ANSWERED = re.compile(r"the server responded with a status of (\d+)")
_NAME = re.compile(r"：|“|[A-Z]*[\d０-９]")  # where the title of a page goes on to say which one it is


def axe(page: Page) -> list[str]:
    """What axe finds on a page, every finding with the rule, the places and what to do."""
    found: list[dict[str, Any]] = page.evaluate(MEASURE)
    return [
        f"{rule['id']}: {rule['help']} at {node['target']}\n    {node['html'][:200]}\n    {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


class Seen:
    """The pages that axe has measured: an empty file for each, in a folder that all workers of a run share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def adds(self, *page: str) -> bool:
        """Whether nobody has measured it; whoever asks first does."""
        try:
            (self.folder / hashlib.sha256("\0".join(page).encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


class Visitor:
    """One person with a browser of their own; `seen` is shared, so that a page is looked at once in a run."""

    def __init__(self, context: BrowserContext, address: str, seen: Seen, *, scripts: bool = True) -> None:
        self.context, self.address, self.seen, self.scripts = context, address, seen, scripts
        self.expected: set[int] = set()
        self.faults: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.add_init_script(LISTEN)
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        self.page.on("console", self._heard)
        self.page.on("requestfailed", self._lost)

    def _note(self, what: str) -> None:
        self.faults.append(f"{self.page.url}: {what}")

    def _heard(self, message: ConsoleMessage) -> None:
        # Every answer of 400 or more is told here too, which spares hearing of the forty others of each page.
        answered = _ANSWERED.search(message.text)
        if answered and int(answered[1]) not in self.expected:
            self._note(f"{answered[1]} {message.location['url']}")
        # What could not be loaded for another reason is told by `_lost`. What the policy refuses is gathered in the
        # page, since axe sets styles of its own that are refused later.
        known = "Failed to load resource" in message.text or "Content Security Policy" in message.text
        if message.type in ("error", "warning") and not known:
            self._note(f"console: {message.text}")

    def _lost(self, request: Request) -> None:
        # A download, and whatever a page was still fetching when it was left, are given up by the browser itself.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"lost {request.method} {request.url}: {request.failure}")

    # Walking

    def go(self, path: str) -> Page:
        """Open an address and look at the page."""
        self.page.goto(path if path.startswith("http") else self.address + path)
        self.look()
        return self.page

    def press(self, words: str | Locator, *, exact: bool = True, within: str = "main") -> Page:
        """Press the button or the link with these words, come to the page it leads to, and look at it."""
        target = self.control(words, exact=exact, within=within) if isinstance(words, str) else words
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            target.click()
        self.look()
        return self.page

    def control(self, words: str, *, exact: bool = True, within: str = "main") -> Locator:
        """The button, or else the link, with these words. Words for screen readers may follow the visible ones."""
        place = self.page.locator(within)
        pattern = re.compile(rf"^\s*{re.escape(words)}" + (r"\s*(?:[：（].*)?$" if exact else ""), re.DOTALL)
        return place.get_by_role("button", name=pattern).or_(place.get_by_role("link", name=pattern)).first

    def fetch(self, words: str | Locator, *, within: str = "main") -> bytes:
        """Press something that is downloaded; its content."""
        target = self.control(words, within=within) if isinstance(words, str) else words
        with self.page.expect_download() as caught:
            target.click()
        download: Download = caught.value
        return Path(download.path()).read_bytes()

    def get(self, link: Locator) -> bytes:
        """What a link leads to, read as this person without opening it: the viewer of the browser keeps PDFs to itself."""
        href = link.get_attribute("href") or ""
        answer = self.context.request.get(self.address + href if href.startswith("/") else href)
        assert answer.ok, f"{answer.status} {href}"
        return answer.body()

    def sign_in(self, email: str, password: str) -> None:
        """By address and password, as everybody does."""
        self.go("/sign-in/")
        self.page.fill("#id_login", email)
        self.page.fill("#id_password", password)
        self.press("登录", within="main form >> nth=0")

    def type(self, answers: Mapping[str, str]) -> None:
        """Write into controls by their name: text, a choice of a list, or one of several buttons."""
        for name, value in answers.items():
            control = self.page.locator(f"main [name='{name}']:not([type=hidden])")
            kind = control.first.evaluate("(node) => node.type")
            if kind == "radio":
                self.page.check(f"main [name='{name}'][value='{value}']")
            elif kind == "select-one":
                control.select_option(value)
            else:
                control.fill(value)

    def upload(self, selector: str, name: str, content: bytes) -> None:
        """Choose a file."""
        kinds = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}
        kind = kinds[name.rpartition(".")[2]]
        self.page.set_input_files(selector, {"name": name, "mimeType": kind, "buffer": content})

    # Looking

    def look(self) -> None:
        """Fail when axe finds anything; a page seen already in the same state is not measured again.

        Where scripts are off axe cannot run either; the same pages are measured elsewhere.
        """
        if not self.scripts:
            return
        refused, title, states = self.page.evaluate(
            """() => [
              window.refusedByPolicy ?? [],
              document.title,
              document.querySelectorAll("main h1, main [data-errors], main form").length,
            ]"""
        )
        for each in refused:
            self._note(f"content security policy: {each}")
        path = _REFERENCE.sub("*", re.split(r"[?#]", self.page.url.removeprefix(self.address))[0])
        size = self.page.viewport_size or {"width": 0}
        if self.seen.adds(path, _NAME.split(title)[0], str(states), str(size["width"])):
            found = axe(self.page)
            assert not found, f"axe at {self.page.url}\n" + "\n".join(found)

    def reads(self, words: str | re.Pattern[str], *, within: str = "main") -> None:
        """The page says this."""
        expect(self.page.locator(within)).to_contain_text(words, timeout=PATIENCE)

    def title(self, words: str) -> None:
        """The heading of the page."""
        expect(self.page.locator("h1")).to_contain_text(words)

    def fits(self, width: int = 390) -> None:
        """At the width of a phone nothing of the page lies outside; then as wide as before."""
        was = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": 844})
        self.look()
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{self.page.url} is {wide} wide on a screen of {width}"
        if was is not None:
            self.page.set_viewport_size(was)

    def message_at(self, name: str, words: str) -> None:
        """A message stands at the control of this name, and the control says so to screen readers too."""
        control = self.page.locator(f"main [name='{name}']").first
        described = (control.get_attribute("aria-describedby") or "").split()
        places = [place for place in described if place.endswith("-wrong")]
        assert places, f"{name} has no message of its own; it is described by {described}"
        expect(self.page.locator(f"#{places[0]}")).to_contain_text(words)

"""Two people type on one application while the server is killed, the network is cut and sessions end, at random moments.

Not one character that a page called saved may be missing in the end, and nothing typed before the last cut may be missing
from the journal of the browser. SHIDIAN_ENDURANCE sets the seconds (`make endure` takes five minutes), SHIDIAN_SEED the
course of events.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as TooLate

from tests.browser import chromium, people
from tests.browser.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.long(60)]

SECONDS = int(os.environ.get("SHIDIAN_ENDURANCE", "40"))
SEED = int(os.environ.get("SHIDIAN_SEED", "1"))
SECTION = "basis"
WORDS = "标准化试点工作机制人员资金检查改进服务居民满意目标实施培训宣传体系自查评估"
SETTLED = 90_000  # milliseconds until everything that can be sent has been sent


@pytest.fixture
def server(tmp_path: Path, stage: Path) -> Iterator[Server]:
    """A system of its own: it will be killed."""
    with Server(tmp_path).on(stage) as running:
        yield running


class Writer:
    """One person with a browser of their own, who remembers what was typed and what the page called saved."""

    def __init__(self, browser: Browser, server: Server, email: str, mark: str) -> None:
        self.server, self.email, self.mark = server, email, mark
        self.context: BrowserContext = browser.new_context(locale="zh-CN")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.typed: dict[str, str] = {}
        self.called_saved: list[tuple[str, str]] = []
        self.count = 0
        self.page.goto(server.address + "/sign-in/")
        self.sign_in(self.page)

    def sign_in(self, place: object) -> None:
        place.locator("#id_login").fill(self.email)
        place.locator("#id_password").fill(people.PASSWORD)
        place.locator("main form button[type=submit]").first.click()

    def open(self, reference: str) -> None:
        self.page.wait_for_url("**/applications/**")
        self.page.goto(f"{self.server.address}{reference}sections/{SECTION}/")
        self.page.wait_for_selector("form[data-ready]")

    def type(self, field: str, chance: random.Random) -> None:
        """Add a few words at the end; each stretch is unlike any other, so that it can be found again."""
        self.count += 1
        words = "".join(chance.choices(WORDS, k=chance.randint(2, 9))) + f"{self.mark}{self.count}。"
        control = self.page.locator(f"[name={field}]")
        control.evaluate(
            "(node) => { node.focus(); node.setSelectionRange(node.value.length, node.value.length); }"
        )
        self.page.keyboard.insert_text(words)
        self.typed[field] = control.input_value()

    def look(self) -> None:
        """Note what stands in the fields when the page says that all of it is saved."""
        state = self.page.evaluate(
            """() => ({
              is: document.querySelector("[data-saved]").dataset.is,
              texts: [...document.querySelectorAll("textarea")].map((node) => [node.name, node.value]),
            })"""
        )
        if state["is"] == "ok":
            self.called_saved += [(name, text) for name, text in state["texts"] if text]

    def come_back(self) -> None:
        """Sign in again over the page when it asks for that, and choose one's own text where two stand."""
        dialog = self.page.locator("dialog.sign-in-again")
        if dialog.count():
            frame = self.page.frame_locator("dialog.sign-in-again iframe")
            frame.locator("#id_login").wait_for()
            self.sign_in(frame)
            expect(dialog).to_have_count(0)
        elif self.page.locator("[data-place] [data-keep=mine]").count():
            with suppress(TooLate):  # the dialog may open just now; then it comes first
                self.page.locator("[data-place] [data-keep=mine]").first.click(timeout=2_000)

    def settle(self) -> None:
        """Everything is sent in the end, without anybody pressing a button."""
        end = time.monotonic() + SETTLED / 1000
        while self.page.locator("[data-saved]").get_attribute("data-is") != "ok":
            assert time.monotonic() < end, self.page.locator("[data-saved]").inner_text()
            self.come_back()
            self.page.evaluate("dispatchEvent(new Event('online'))")
            self.page.wait_for_timeout(500)


def revisions(server: Server) -> dict[str, list[str]]:
    """Every text that the database holds, by field."""
    found: dict[str, list[str]] = {}
    with sqlite3.connect(server.folder / "data" / "shidian.sqlite3") as base:
        rows = base.execute(
            "SELECT a.field, r.value FROM applications_answerrevision r"
            " JOIN applications_answer a ON a.id = r.answer_id WHERE a.section = ?",
            (SECTION,),
        )
        for field, value in rows:
            found.setdefault(field, []).append(orjson.loads(value) if value else "")
    return found


def end_sessions(server: Server) -> None:
    """As if the twelve hours of everybody's session were over."""
    with sqlite3.connect(server.folder / "data" / "shidian.sqlite3", timeout=20) as base:
        base.execute("DELETE FROM django_session")


def test_nothing_typed_is_ever_lost(server: Server, browser: Browser) -> None:
    chance = random.Random(SEED)
    browsers = [
        browser.browser_type.launch(executable_path=chromium.program(), args=chromium.UNPAINTED)
        for _ in range(2)
    ]
    writers = [
        Writer(each, server, email, mark)
        for each, email, mark in zip(
            browsers, (people.PLAIN_WRITER, people.PLAIN_COLLEAGUE), "甲乙", strict=True
        )
    ]
    writers[0].page.wait_for_url("**/applications/**")
    writers[0].page.goto(server.address + "/applications/")
    row = writers[0].page.locator("main tbody tr", has_text="填写中").get_by_role("link").first
    draft = row.get_attribute("href") or ""
    for writer in writers:
        writer.open(draft)
    fields = (
        writers[0]
        .page.locator("main form textarea")
        .evaluate_all("(nodes) => nodes.map((node) => node.name)")
    )
    assert len(fields) >= 2

    happened = {"killed": 0, "cut": 0, "expired": 0}
    end = time.monotonic() + SECONDS
    event_at = time.monotonic() + chance.uniform(2, 5)
    while time.monotonic() < end or not all(happened.values()):
        for number, writer in enumerate(writers):
            # Mostly each has a field of one's own; now and then both write in the same.
            own = fields[number]
            writer.type(own if chance.random() < 0.85 else fields[1 - number], chance)
            writer.page.wait_for_timeout(chance.choice((60, 200, 1100)))
            writer.look()
        if time.monotonic() < event_at:
            continue
        event = min(happened, key=lambda name: (happened[name], chance.random()))
        happened[event] += 1
        disturb(event, server, writers, chance)
        event_at = time.monotonic() + chance.uniform(3, 8)

    # The last cut: one person types on without a network, and then the browser is closed.
    for writer in writers:
        writer.settle()
        writer.look()
    last = writers[0]
    last.context.set_offline(True)
    for _ in range(5):
        last.type(fields[0], chance)
    last.page.wait_for_timeout(300)
    left = last.typed[fields[0]]
    last.page.close(run_before_unload=False)
    last.context.set_offline(False)
    last.page = last.context.new_page()
    last.page.goto(f"{server.address}{draft}sections/{SECTION}/")
    expect(last.page.locator("[data-draft] dd").first).to_have_text(left)
    before = revisions(server)
    last.page.wait_for_timeout(1500)
    assert revisions(server) == before, "a restore wrote by itself"
    last.page.click("text=用本机的内容")
    last.settle()
    last.look()
    for each in browsers:
        each.close()
    server.stop()

    kept = revisions(server)
    missing = [
        (name, text) for writer in writers for name, text in writer.called_saved if text not in kept[name]
    ]
    assert missing == []
    assert left in kept[fields[0]]
    texts = sum(map(len, kept.values()))
    sys.stderr.write(f"{SECONDS} s, seed {SEED}: {happened}, {texts} texts kept\n")
    assert sum(len(writer.called_saved) for writer in writers) > SECONDS / 10


def disturb(event: str, server: Server, writers: list[Writer], chance: random.Random) -> None:
    """One misfortune, while people go on typing, and its end."""
    if event == "killed":
        server.kill()
    elif event == "cut":
        for writer in writers:
            writer.context.set_offline(True)
    else:
        end_sessions(server)
    for _ in range(chance.randint(2, 4)):
        for number, writer in enumerate(writers):
            if not writer.page.locator("dialog.sign-in-again").count():
                writer.type(
                    f"{writer.page.locator('main form textarea').nth(number).get_attribute('name')}", chance
                )
            writer.page.wait_for_timeout(300)
            writer.look()
    if event == "killed":
        server.start()
    elif event == "cut":
        for writer in writers:
            writer.context.set_offline(False)
    for writer in writers:
        writer.settle()

"""A file of 10 MB on its way: the server is killed, the page is reloaded, the network is cut, and it arrives all the same."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser import people
from tests.browser.server import Server
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

SIZE = 10_000_000  # ten parts
PATIENCE = 40_000  # milliseconds
SLOT = "#slot-support"
FILES = f"{SLOT} [data-upload-files]"
ROWS = f"{SLOT} [data-upload-row]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stage: Path) -> Iterator[Server]:
    """A system of its own: it will be killed."""
    with Server(tmp_path_factory.mktemp("uploads")).on(stage) as running:
        yield running


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A sound PDF that does not compress, under a name of its own."""
    path = tmp_path / f"支持文件{os.urandom(3).hex()}.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.Kept = pdf.make_stream(os.urandom(SIZE))
        pdf.save(path)
    return path


class Sender:
    """A person at the page of attachments, on a line that is slow enough to be interrupted."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.context = browser.new_context(locale="zh-CN")
        server.admit(self.context, people.KEYS_WRITER)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("dialog", lambda dialog: dialog.accept())  # "leave this page?"
        self.page.on("request", self._count)
        self.created = self.sent = 0
        self.page.goto(f"{server.address}/applications/")
        draft = self.page.locator("main a[href*='/applications/']").first.get_attribute("href")
        self.page.goto(f"{server.address}{draft}attachments/")
        self.page.route("**/attachments/uploads/*/", self._slowly)

    def _slowly(self, route: Route) -> None:
        if route.request.method == "PATCH":
            time.sleep(0.2)
        route.continue_()

    def _count(self, request: Request) -> None:
        if "/uploads/" in request.url:
            self.created += request.method == "POST"
            self.sent += request.method == "PATCH"

    def choose(self, path: Path) -> None:
        self.page.set_input_files(f"{SLOT} input[type=file]", path)

    def wait_until_some_has_come(self, percent: int = 30) -> None:
        self.page.wait_for_function(
            "([row, least]) => document.querySelector(row + ' progress')?.value >= least", arg=[ROWS, percent]
        )

    def arrived(self, path: Path) -> None:
        expect(self.page.locator(FILES)).to_contain_text(path.name, timeout=PATIENCE)
        expect(self.page.locator(ROWS)).to_have_count(0)
        with self.page.expect_download() as got:
            row = self.page.locator(f"{FILES} li", has_text=path.name)
            row.get_by_role("link", name="下载").click()
        assert digest(Path(got.value.path())) == digest(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_killed_server_costs_nothing_that_it_had(browser: Browser, server: Server, scan: Path) -> None:
    sender = Sender(browser, server)
    sender.choose(scan)
    sender.wait_until_some_has_come()

    server.kill()
    expect(sender.page.locator(ROWS)).to_contain_text("自动")
    server.start()

    sender.arrived(scan)
    assert sender.created == 1
    assert sender.sent < 2 * SIZE / 1_000_000, "it began from the beginning again"
    sender.context.close()


def test_a_reloaded_page_and_a_cut_network_go_on_where_they_stopped(
    browser: Browser, server: Server, scan: Path
) -> None:
    sender = Sender(browser, server)
    sender.choose(scan)
    sender.wait_until_some_has_come()

    sender.page.reload()
    expect(sender.page.locator(ROWS)).to_contain_text("没有传完，已收到")
    sender.choose(scan)
    sender.wait_until_some_has_come(50)
    sender.context.set_offline(True)
    expect(sender.page.locator(ROWS)).to_contain_text("恢复后自动继续")
    sender.context.set_offline(False)

    sender.arrived(scan)
    assert sender.created == 1
    assert sender.sent < 2 * SIZE / 1_000_000
    sender.context.close()


def test_an_ended_session_is_signed_in_again_beside_the_upload(
    browser: Browser, server: Server, scan: Path
) -> None:
    sender = Sender(browser, server)
    sender.choose(scan)
    sender.wait_until_some_has_come()

    sender.context.clear_cookies(name="shidian_session")
    frame = sender.page.frame_locator("dialog iframe")
    frame.locator("[name=login]").fill(people.KEYS_WRITER)
    frame.locator("[name=password]").fill(people.PASSWORD)
    frame.locator("main button[type=submit]").click()

    sender.arrived(scan)
    assert sender.created == 1
    sender.context.close()


def test_what_is_cancelled_is_gone(browser: Browser, server: Server, scan: Path) -> None:
    sender = Sender(browser, server)
    sender.choose(scan)
    sender.wait_until_some_has_come(10)

    sender.page.locator(ROWS).get_by_role("button", name="取消").click()

    expect(sender.page.locator(ROWS)).to_have_count(0)
    sender.page.reload()
    expect(sender.page.locator(ROWS)).to_have_count(0)
    assert list((server.folder / "data" / "uploads").glob("*.part")) == []
    sender.context.close()


def test_refused_taken_and_seen_without_a_fault(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.KEYS_WRITER)
    writer.go("/applications/")
    draft = writer.page.locator("main a[href*='/applications/']").first.get_attribute("href")
    writer.go(f"{draft}attachments/")
    good = _small_pdf()
    writer.page.set_input_files(
        f"{SLOT} input[type=file]",
        [
            {"name": "好的.pdf", "mimeType": "application/pdf", "buffer": good},
            {"name": "程序.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + bytes(900)},
        ],
    )

    expect(writer.page.locator(FILES)).to_contain_text("好的.pdf")
    # The row of the file that was taken goes a moment later.
    refused = writer.page.locator(ROWS).filter(has_text="程序.pdf")
    expect(refused).to_contain_text("没有收下：这个文件实际上是 Windows 程序")
    expect(writer.page.locator("[data-upload-say]")).not_to_be_empty()
    writer.look()
    refused.get_by_role("button", name="知道了").click()
    expect(writer.page.locator(ROWS)).to_have_count(0)
    writer.press(writer.page.locator(FILES).get_by_role("link", name="好的.pdf", exact=True))
    writer.reads("第 1 页，共 2 页")
    writer.look()


def _small_pdf() -> bytes:
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()

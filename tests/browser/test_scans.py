"""Scans are thrown in, read by the worker, and what it could not read is matched by a key; also without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

READ = 120_000  # milliseconds


def printed(visitor: Visitor, application: str) -> list[Image.Image]:
    """The pages of the newest version, as this person prints them."""
    visitor.go(application)
    content = visitor.get(visitor.page.locator("main a[href$='form.pdf']").last)
    with pypdfium2.PdfDocument(content) as document:
        return [page.render(scale=200 / 72).to_pil().convert("RGB") for page in document]


def scan(pages: list[Image.Image]) -> bytes:
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return out.getvalue()


def unmarked(page: Image.Image) -> Image.Image:
    out = page.copy()
    out.paste("white", (out.width - 330, 0, out.width, 330))
    out.paste("white", (0, out.height - 330, 330, out.height))
    return out


def frozen(visitor: Visitor) -> str:
    """The address of the application that everybody has agreed to."""
    visitor.go("/applications/")
    row = visitor.page.locator("main tbody tr", has_text="可以递交")
    return row.get_by_role("link").first.get_attribute("href") or ""


def test_a_pile_is_read_in_the_background_and_the_rest_matched_by_keys(
    arrive: Callable[..., Visitor],
) -> None:
    writer = arrive(people.KEYS_WRITER)
    application = frozen(writer)
    pages = printed(writer, application)
    writer.go(application)
    writer.press("本单位的扫描件")
    writer.upload("#files", "全文.pdf", scan([pages[0], unmarked(pages[1]), *pages[2:]]))
    expect(writer.page.locator("[data-upload-files]")).to_contain_text("刚才收下 1 个文件", timeout=READ)
    writer.press("看结果")
    expect(writer.page.locator("main")).to_contain_text("缺 1 页：第 2 页", timeout=READ)
    writer.look()

    writer.press("认 1 页")
    writer.reads("读不出页码")
    with writer.page.expect_navigation():
        writer.page.keyboard.press("j")
    writer.reads(f"{len(pages)} 页齐全")
    writer.press("逐页核对", exact=False)
    writer.title("逐页核对")

    writer.page.go_back()
    writer.press(writer.page.locator("a[href$='/boxes/']").first)
    left = writer.page.locator("[data-key=j]")
    expect(left).to_have_count(1)
    for key in "jkl":
        with writer.page.expect_navigation():
            writer.page.keyboard.press(key)
    expect(writer.page.locator("[aria-pressed=true]")).to_have_count(3)


def test_throwing_in_and_matching_without_scripts(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.PHONE_WRITER, java_script_enabled=False)
    application = frozen(writer)
    pages = printed(writer, application)
    writer.go(application)
    writer.press("本单位的扫描件")
    writer.upload("#files", "第一页.pdf", scan([unmarked(pages[0]), pages[1]]))
    writer.press("交给系统识别")
    expect(writer.page).to_have_url(re.compile(r"/scans/[\w-]+/$"))
    for _ in range(READ // 1000):
        writer.page.wait_for_timeout(1000)
        writer.page.reload()
        if not writer.page.get_by_text("正在识别").count():
            break
    writer.press("认 1 页")
    writer.press("归到第", exact=False)
    writer.reads("已归入")
    writer.reads("人工归页")

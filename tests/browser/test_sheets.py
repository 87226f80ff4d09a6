"""From the print pack to a stranger with one of its sheets: chosen, printed, scanned, typed, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pypdfium2
import pytest
import zxingcpp

from tests.browser import people
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def _pack(writer: Visitor) -> bytes:
    """Choose one holder's copies and nothing else, as a person does, and take the PDF that the form asks for."""
    writer.go("/applications/")
    row = writer.page.locator("main tbody tr", has_text="小白楼").get_by_role("link").first
    signed = row.get_attribute("href") or ""
    writer.go(f"{signed}versions/1/")
    writer.press("打印盖章用的全套")
    writer.title("盖章用的全套")
    for box in writer.page.locator("main input[type=checkbox]").all():
        box.uncheck()
    writer.expected.add(422)
    writer.press("印成一个 PDF")
    writer.reads("没有选要打印的内容")
    writer.page.get_by_label("试点承担单位").check()
    form = writer.page.locator("main form")
    chosen = form.evaluate("(node) => new URLSearchParams(new FormData(node)).toString()")
    answer = writer.context.request.get(f"{writer.address}{form.get_attribute('action')}?{chosen}")
    assert answer.ok
    return answer.body()


@pytest.mark.parametrize("width", [1366, 390])
def test_a_printed_sheet_is_checked_by_anybody(arrive: Callable[..., Visitor], width: int) -> None:
    viewport = {"width": width, "height": 900}
    writer = arrive(people.PLAIN_WRITER, viewport=viewport)
    with pypdfium2.PdfDocument(_pack(writer)) as pdf:
        assert len(pdf) > 4
        codes = zxingcpp.read_barcodes(pdf[0].render(scale=2).to_pil())
        said = pdf[0].get_textpage().get_text_bounded().strip().splitlines()[-1]
    assert len(codes) == 2
    assert " C4 " in said

    stranger = arrive(viewport=viewport)
    stranger.go("/")
    stranger.press("核验纸面", within="footer")
    for text in (codes[0].text, said, said.lower().replace(" ", "")):
        stranger.page.fill("[name=text]", text)
        # A hand scanner presses the enter key by itself.
        with stranger.page.expect_navigation():
            stranger.page.keyboard.press("Enter")
        stranger.look()
        stranger.reads("真的")
        stranger.reads("第 4 份")
    stranger.type({"text": said[:-1] + ("0" if said[-1] != "0" else "1")})
    stranger.press("核验")
    stranger.reads("不是本系统打印的")
    stranger.go(f"/s/{codes[1].text}")
    stranger.reads("真的")
    assert stranger.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_sheet_is_checked_without_javascript(arrive: Callable[..., Visitor]) -> None:
    stranger = arrive(java_script_enabled=False)
    stranger.go("/sheet-check/")
    stranger.type({"text": "TJ10-0001"})
    stranger.press("核验")
    stranger.reads("没有认出来")

"""Long answers on the real system: tables, pictures uploaded on the spot, pasting, two people, history, print, no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect

from shidian.questionnaires import prose
from tests.browser import people
from tests.browser.visitor import Visitor, axe
from tests.ui.long_answers import paste

pytestmark = pytest.mark.browser

FIELD = "#f-goals"
CELL = ".prose-cell"
SAVED = re.compile("已自动保存")
PHONE = {"width": 390, "height": 844}


def draw(color: str) -> bytes:
    """A picture that can be told from white paper."""
    picture = Image.new("RGB", (900, 500), "white")
    ImageDraw.Draw(picture).rectangle((100, 100, 800, 400), fill=color)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def open_goals(visitor: Visitor) -> str:
    """The section of goals in this person's draft; the address of the application."""
    visitor.go("/applications/")
    draft = visitor.page.locator("main tbody tr", has_text="填写中").get_by_role("link").first
    address = draft.get_attribute("href") or ""
    visitor.go(f"{address}sections/goals/")
    if visitor.scripts:
        visitor.page.wait_for_selector("form[data-ready]")
    return address


def fresh_goals(visitor: Visitor, text: str) -> str:
    """The same, with this text and nothing else in it."""
    address = open_goals(visitor)
    if visitor.page.locator(FIELD).is_hidden():
        button(visitor, "看原文").click()
    visitor.page.fill(FIELD, text)
    saved(visitor)
    visitor.page.reload()
    visitor.page.wait_for_selector("form[data-ready]")
    return address


def button(visitor: Visitor, words: str) -> Locator:
    return visitor.page.get_by_role("button", name=words, exact=True).first


def saved(visitor: Visitor) -> None:
    visitor.page.locator("main h1").click()
    expect(visitor.page.locator("[data-saved]")).to_have_attribute("data-is", "ok")
    expect(visitor.page.locator("[data-saved]")).to_have_text(SAVED)


def held(visitor: Visitor) -> str:
    return visitor.page.locator(FIELD).input_value()


def test_a_table_and_a_picture_are_made_in_the_page_and_come_on_paper(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.LONG_WRITER)
    address = fresh_goals(writer, "一、目标\n二、指标\n三、体系结构")
    page = writer.page
    page.locator(FIELD).evaluate("(node) => { node.focus(); node.setSelectionRange(6, 6); }")
    button(writer, "插入表格").click()
    for words in ("年度", "国家标准", "行业标准", "2022", "36", "12", "2023", "41", "15"):
        page.keyboard.insert_text(words)
        page.keyboard.press("Tab")
    page.locator(".prose-text").last.click()
    page.keyboard.press("Control+End")
    button(writer, "插入图片").click()
    assert axe(page) == []
    page.set_input_files(
        "dialog input[type=file]", {"name": "结构.png", "mimeType": "image/png", "buffer": draw("#c8102e")}
    )
    expect(page.locator(".prose-picture img")).to_be_visible()
    expect(page.locator(".prose-coming")).to_have_count(0)
    expect(page.get_by_label("图名（印在图下）")).to_be_focused()
    page.keyboard.insert_text("图 1　体系结构")
    assert axe(page) == []
    saved(writer)

    text = held(writer)
    table = prose.Table((("年度", "国家标准", "行业标准"), ("2022", "36", "12"), ("2023", "41", "15")), True)
    assert prose.parse(text).blocks[2:] == (
        table,
        prose.Item("三、", "体系结构"),
        prose.Picture("结构.png", "图 1　体系结构"),
    )
    page.reload()
    page.wait_for_selector("form[data-ready]")
    assert held(writer) == text
    assert page.locator(CELL).count() == 9
    assert (
        page.locator(".prose-picture img").evaluate(
            "(image) => image.decode().then(() => image.naturalWidth)"
        )
        > 100
    )
    pdf = pypdfium2.PdfDocument(
        writer.get(page.locator(f"a[href='{address}form.pdf'], a[href*='/form']").first)
    )
    printed = next(each for each in pdf if "体系结构" in each.get_textpage().get_text_bounded())
    words = printed.get_textpage().get_text_bounded()
    assert words.index("国家标准") < words.index("2023") < words.index("三、体系结构") < words.index("图 1")
    assert "[图" not in words
    assert "|" not in words
    colors = printed.render(scale=1).to_pil().convert("RGB").getcolors(1 << 24) or []
    assert sum(count for count, (red, green, blue) in colors if red > 180 and green < 60 and blue < 80) > 2000  # type: ignore[misc]


def test_what_is_no_picture_is_refused_in_words_and_nothing_is_written(
    arrive: Callable[..., Visitor],
) -> None:
    writer = arrive(people.LONG_WRITER)
    fresh_goals(writer, "一段")
    page = writer.page
    button(writer, "插入图片").click()
    page.set_input_files(
        "dialog input[type=file]", {"name": "假的.png", "mimeType": "image/png", "buffer": b"MZ" + bytes(900)}
    )

    expect(page.locator(".prose-coming")).to_contain_text("没有收下：这个文件实际上是 Windows 程序")
    assert axe(page) == []
    page.locator(".prose-coming").get_by_role("button", name="知道了").click()
    expect(page.locator(".prose-coming")).to_have_count(0)
    assert held(writer) == "一段"


def test_a_picture_on_its_way_waits_while_one_writes_on_and_undo_keeps_it(
    arrive: Callable[..., Visitor],
) -> None:
    writer = arrive(people.LONG_WRITER)
    fresh_goals(writer, "前面\n后面")
    page = writer.page
    waiting: list[Callable[[], None]] = []
    page.route(
        "**/attachments/uploads/*/",
        lambda route: (
            waiting.append(route.continue_) if route.request.method == "PATCH" else route.continue_()
        ),
    )
    page.locator(FIELD).evaluate("(node) => { node.focus(); node.setSelectionRange(1, 1); }")
    button(writer, "插入图片").click()
    page.set_input_files(
        "dialog input[type=file]", {"name": "等候.png", "mimeType": "image/png", "buffer": draw("#0b4a8f")}
    )
    expect(page.locator(".prose-coming progress")).to_be_visible()
    page.locator(".prose-text").last.click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("又写")
    assert held(writer) == "前面\n后面又写"
    page.keyboard.press("Control+z")
    assert held(writer) == "前面\n后面"
    page.keyboard.press("Control+y")
    expect(page.locator(".prose-coming progress")).to_be_visible()
    while page.locator(".prose-coming").count():
        while waiting:
            waiting.pop()()
        page.wait_for_timeout(100)

    assert held(writer) == "前面\n[图：等候.png]\n后面又写"
    saved(writer)


def test_a_paste_from_word_comes_to_the_server(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.LONG_WRITER)
    fresh_goals(writer, "开头")
    sample = Path(__file__).parents[1] / "ui/clipboard/word-table.html"
    page = writer.page
    page.locator(FIELD).evaluate("(node) => { node.focus(); node.setSelectionRange(2, 2); }")

    paste(page, html=sample.read_text(), plain="标准数量")

    expect(page.locator("[data-pasted]")).to_contain_text("已粘贴")
    assert axe(page) == []
    saved(writer)
    page.reload()
    page.wait_for_selector("form[data-ready]")
    assert held(writer) == "开头" + sample.with_suffix(".txt").read_text().rstrip("\n")
    expect(page.locator(CELL)).to_have_count(9)


def test_two_people_in_one_table_lose_nothing(arrive: Callable[..., Visitor]) -> None:
    first, second = arrive(people.LONG_WRITER), arrive(people.LONG_COLLEAGUE)
    second.expected = {409}
    fresh_goals(first, "| 甲 | 乙 |\n| 丙 | 丁 |")
    address = open_goals(second)
    first.page.locator(CELL).nth(0).click()
    first.page.keyboard.insert_text("一")
    saved(first)
    second.page.locator(CELL).nth(3).click()
    second.page.keyboard.insert_text("二")
    expect(second.page.locator("[data-two-texts]")).to_contain_text("请选一份")
    assert axe(second.page) == []
    second.page.locator(CELL).nth(1).click()
    second.page.keyboard.insert_text("三")
    second.page.locator("[data-keep=mine]").click()
    saved(second)

    second.go(f"{address}sections/goals/")
    text = held(second)
    assert "二" in text
    assert "三" in text
    second.page.locator("details.written summary").click()
    second.press(second.page.locator("[data-written=goals] a"))
    second.reads("一")
    earlier = second.page.locator("main form", has=second.page.get_by_role("button", name="恢复")).last
    second.press(earlier.get_by_role("button"))
    second.go(f"{address}sections/goals/")
    assert held(second) != text
    assert second.page.locator(CELL).count() in (0, 4)


def test_without_javascript_the_text_is_written_by_hand(arrive: Callable[..., Visitor]) -> None:
    plain = arrive(people.LONG_WRITER, java_script_enabled=False)
    open_goals(plain)
    text = "一、目标\n| 甲 | 乙 |\n| 丙 | 丁 |"
    expect(plain.page.locator("[data-prose-grammar]")).to_be_visible()
    plain.type({"goals": text})
    plain.press("保存")

    assert held(plain) == text
    writer = arrive(people.LONG_WRITER, viewport=PHONE, has_touch=True, is_mobile=True)
    open_goals(writer)
    expect(writer.page.locator(CELL)).to_have_count(4)
    assert writer.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    writer.page.locator(CELL).nth(3).tap()
    button(writer, "下面加一行").tap()
    writer.page.keyboard.insert_text("戊")
    saved(writer)
    assert held(writer) == f"{text}\n| 戊 |  |"


def test_a_fault_told_on_the_page_leads_into_the_editor(arrive: Callable[..., Visitor]) -> None:
    writer = arrive(people.LONG_WRITER)
    address = fresh_goals(writer, "| 甲 | 乙 |\n| 丙 | 丁 |\n[图：没有传.png]")
    writer.go(f"{address}sections/goals/?check=filled")
    writer.page.locator("[data-errors] a", has_text="没有传.png").click()

    assert writer.page.evaluate("document.activeElement.closest('.prose-editor') !== null")

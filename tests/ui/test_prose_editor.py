"""The editor of long answers in a real browser: the same grammar as the server, nothing lost, tables and pictures by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shidian.questionnaires import prose
from shidian.questionnaires.prose import Block, Item, Paragraph, Picture, Prose, Table
from tests.browser.visitor import axe
from tests.questionnaires.test_prose import BLOCKS, TEXTS
from tests.ui.long_answers import GOALS, LongAnswers, open_page, written

pytestmark = pytest.mark.browser

TEXT = "一、目标\n| 年度 | 项数 |\n| --- | --- |\n| 2022 | 36 |\n[图：图1.png｜结构图]\n\n其余见附件。"
CELL = ".prose-cell"
EDITOR = ".prose-editor"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="zh-CN")
    yield context
    context.close()


@pytest.fixture
def site() -> LongAnswers:
    return LongAnswers()


@pytest.fixture
def page(context: BrowserContext, site: LongAnswers) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if "Content Security" in m.text else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/*", site.handle)
    yield page
    page.close()
    assert faults == []


def focused(page: Page) -> list[Any]:
    found: list[Any] = page.evaluate(
        "[document.activeElement.value, document.activeElement.selectionStart, document.activeElement.getAttribute('aria-label')]"
    )
    return found


def button(page: Page, words: str) -> None:
    page.locator(".field", has=page.locator(GOALS)).get_by_role(
        "button", name=words, exact=True
    ).first.click()


def shape(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph(text=text):
            return {"kind": "paragraph", "text": text}
        case Item():
            parts = {"marker": block.marker, "text": block.text, "before": block.before, "gap": block.gap}
            return {"kind": "item", **parts}
        case Table(rows=rows, header=header):
            return {"kind": "table", "rows": [list(row) for row in rows], "header": header}
        case Picture(name=name, caption=caption):
            return {"kind": "picture", "name": name, "caption": caption}


def test_browser_and_server_read_the_same_blocks_and_every_text_comes_back(
    page: Page, site: LongAnswers
) -> None:
    open_page(page, site, goals=TEXT)
    texts: list[str] = []

    @settings(max_examples=700, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(TEXTS, st.lists(BLOCKS, max_size=8).map(lambda each: prose.serialise(Prose(tuple(each)))))
    )
    def gather(text: str) -> None:
        texts.append(text)

    gather()
    texts += ["|" * 3000, "| a |\n" * 105, "|a|\n|---|", "\n\n", "|a|b|\n|c|d|\n\n|e|f|\n|g|h|", "1．" * 900]
    found = page.evaluate(
        """async (texts) => {
          const { parse, segments, textOf, length } = await import("/static/ui/js/prose.js");
          return texts.map((text) => [textOf(segments(text)), parse(text), length(text)]);
        }""",
        texts,
    )

    for text, (back, blocks, length) in zip(texts, found, strict=True):
        assert back == text
        assert blocks == [shape(block) for block in prose.parse(text).blocks]
        assert length == prose.length(text)


def test_opening_and_looking_changes_nothing(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals=TEXT)
    assert page.locator(CELL).evaluate_all("(all) => all.map((cell) => cell.value)") == [
        "年度",
        "项数",
        "2022",
        "36",
    ]
    expect(page.locator(f"{EDITOR} img")).to_have_js_property(
        "naturalWidth",
        page.locator(f"{EDITOR} img").evaluate("(image) => image.decode().then(() => image.naturalWidth)"),
    )
    expect(page.locator("[data-prose-grammar]")).to_be_hidden()
    button(page, "看原文")
    expect(page.locator(GOALS)).to_be_focused()
    expect(page.locator("[data-prose-grammar]")).to_be_visible()
    button(page, "看表格和图片")
    page.locator(CELL).first.focus()
    page.locator(CELL).first.blur()
    page.wait_for_timeout(1200)

    assert written(page) == TEXT
    assert site.saves == []


def test_what_is_typed_anywhere_is_saved_as_text_and_counted(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals=TEXT)
    page.locator(CELL).nth(3).click()
    page.keyboard.press("End")
    page.keyboard.type("|5")
    page.get_by_label("图名（印在图下）").fill("新图名")
    page.locator(".prose-text").last.click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("完")

    wanted = (
        "一、目标\n| 年度 | 项数 |\n| --- | --- |\n| 2022 | 36\\|5 |\n[图：图1.png｜新图名]\n\n其余见附件。完"
    )
    assert written(page) == wanted
    expect(page.locator("[data-saved]")).to_have_text("已自动保存 10:42")
    assert site.saves[-1]["goals"].replace("\r\n", "\n") == wanted
    assert {save["key"] for save in site.saves} == {"goals"}
    expect(page.locator("#f-goals-count")).to_have_text(f"已写 {prose.length(wanted)} 字，上限 900 字")


@pytest.mark.parametrize("place", [f"{CELL} >> nth=2", ".prose-text >> nth=0", ".prose-caption input"])
def test_a_composing_input_method_is_left_alone_and_its_word_is_saved(
    page: Page, site: LongAnswers, place: str
) -> None:
    open_page(page, site, goals=TEXT)
    client = page.context.new_cdp_session(page)
    page.locator(place).focus()
    node = page.locator(place).element_handle()
    client.send("Input.imeSetComposition", {"text": "biao", "selectionStart": 4, "selectionEnd": 4})
    page.wait_for_timeout(1200)
    assert site.saves == []
    assert "biao" not in written(page)

    client.send("Input.insertText", {"text": "标"})

    expect(page.locator("[data-saved]")).to_have_text("已自动保存 10:42")
    assert "标" in site.saves[-1]["goals"]
    assert "biao" not in site.saves[-1]["goals"]
    assert node is not None
    assert node.evaluate("(node) => node === document.activeElement")


def test_a_table_by_keyboard(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="前言\n后语")
    expect(page.locator(GOALS)).to_be_visible()
    page.focus(GOALS)
    page.evaluate("document.activeElement.setSelectionRange(1, 1)")
    button(page, "插入表格")

    assert focused(page) == ["", 0, "第 1 行第 1 列"]
    for words in ("甲", "乙", "丙", "1", "2", "3"):
        page.keyboard.insert_text(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page)[0] == "3"
    page.keyboard.press("ArrowUp")
    assert focused(page)[0] == "丙"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert focused(page)[0] == "乙"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    assert focused(page)[2] == "第 3 行第 1 列：甲"
    button(page, "删这一列")
    button(page, "删这一行")

    assert written(page) == "前言\n| 乙 | 丙 |\n| --- | --- |\n| 2 | 3 |\n|  |  |\n后语"
    page.get_by_label("第一行是表头").uncheck()
    assert written(page) == "前言\n| 乙 | 丙 |\n| 2 | 3 |\n|  |  |\n后语"
    button(page, "删这一行")
    button(page, "删这一行")
    expect(page.locator(".prose-said")).to_contain_text("至少要有两行")
    button(page, "删除表格")
    assert written(page) == "前言\n后语"
    for _ in range(30):
        page.keyboard.press("Control+z")
    assert written(page) == "前言\n后语"
    assert page.locator(CELL).count() == 0
    for _ in range(30):
        page.keyboard.press("Control+Shift+z")
    assert written(page) == "前言\n后语"
    page.keyboard.press("Control+z")
    assert len(prose.parse(written(page)).blocks) == 3


def test_undo_goes_back_in_sensible_steps_over_all_blocks(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals=TEXT)
    page.locator(CELL).nth(2).click()
    page.keyboard.press("End")
    page.keyboard.type("年")
    page.locator(".prose-text").first.click()
    page.keyboard.press("End")
    page.keyboard.type("与任务", delay=20)
    after_typing = written(page)
    page.locator(CELL).nth(3).click()
    button(page, "下面加一行")
    assert written(page) != after_typing

    page.keyboard.press("Control+z")
    assert written(page) == after_typing
    page.keyboard.press("Control+z")
    assert written(page) == TEXT.replace("2022", "2022年")
    assert focused(page)[0] == "2022年"
    page.keyboard.press("Control+z")
    assert written(page) == TEXT
    page.keyboard.press("Control+z")
    assert written(page) == TEXT
    for _ in range(3):
        page.keyboard.press("Control+y")
    assert len(prose.parse(written(page)).blocks[1].rows) == 3  # type: ignore[union-attr]


def test_limits_are_told_in_words(page: Page, site: LongAnswers) -> None:
    wide = "\n".join(["|" + "a|" * 12] * 2)
    tall = "\n".join(["| a |"] * 100)
    open_page(page, site, goals=wide)
    page.locator(CELL).first.click()
    button(page, "右边加一列")
    expect(page.locator(".prose-said")).to_contain_text("最多 12 列")
    assert written(page) == wide

    open_page(page, site, goals=tall)
    page.locator(CELL).first.click()
    button(page, "下面加一行")
    expect(page.locator(".prose-said")).to_contain_text("最多 100 行")
    assert written(page) == tall
    open_page(page, site, goals="\n".join(["[图：图1.png]"] * 20))
    button(page, "插入图片")
    expect(page.locator(".prose-said")).to_contain_text("最多 20 张图片")


def test_blocks_move_past_paragraphs_and_each_other(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals=TEXT)
    table = page.get_by_role("group", name="表格：")
    table.get_by_role("button", name="上移").click()
    assert written(page).split("\n")[-4:] == ["一、目标", "[图：图1.png｜结构图]", "", "其余见附件。"]
    table.get_by_role("button", name="上移").click()
    expect(page.locator(".prose-said")).to_contain_text("已经在最前面")
    table.get_by_role("button", name="下移").click()
    table.get_by_role("button", name="下移").click()

    assert prose.parse(written(page)).blocks == (
        Item("一、", "目标"),
        Picture("图1.png", "结构图"),
        Table((("年度", "项数"), ("2022", "36")), True),
        Paragraph("其余见附件。"),
    )


def test_a_picture_that_is_there_is_chosen_and_one_that_is_not_is_told(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="第一段\n[图：没有.png]")
    expect(page.locator(".prose-picture .wrong")).to_contain_text("图片“没有.png”没有上传")
    button(page, "换一张")
    expect(page.locator("dialog")).to_contain_text("现在不能上传新的图片")
    assert page.locator(".prose-thumb").all_inner_texts() == ["图1.png"]
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    button(page, "换一张")
    page.locator(".prose-thumb").click()
    page.keyboard.insert_text("一 | 二")

    assert prose.parse(written(page)).pictures == [Picture("图1.png", "一 | 二")]
    button(page, "删除图片")
    assert written(page) == "第一段"


def test_without_a_slot_there_are_no_pictures(page: Page, site: LongAnswers) -> None:
    site.pictures = None
    open_page(page, site, goals="甲")

    expect(page.get_by_role("button", name="插入图片")).to_have_count(0)
    expect(page.get_by_role("button", name="插入表格")).to_have_count(1)


def test_a_draft_that_comes_back_is_shown_as_blocks(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="甲")
    page.evaluate(
        """async (text) => {
          const { put } = await import("/static/ui/js/draft.js");
          put(document.querySelector("form"), "goals", new URLSearchParams({ goals: text }).toString());
        }""",
        TEXT,
    )

    expect(page.locator(CELL)).to_have_count(4)
    assert written(page) == TEXT


def test_links_and_labels_lead_into_the_editor(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals=TEXT)
    page.locator(".label", has_text="目标").click()
    assert focused(page)[0] == "一、目标"
    page.locator(CELL).first.focus()
    page.evaluate("document.querySelector('#f-goals').focus()")
    assert focused(page)[0] == "一、目标"


def test_a_wide_table_on_a_narrow_phone(page: Page, site: LongAnswers) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    open_page(page, site, goals=TEXT + "\n" + "\n".join(["|" + "字|" * 12] * 3), state="另一栏")

    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert axe(page) == []
    button(page, "插入图片")
    assert axe(page) == []
    box = page.locator("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320


def test_the_help_is_short_and_the_grammar_stands_in_the_page_for_those_without_scripts(
    site: LongAnswers,
) -> None:
    page = site.page()

    assert "可以有表格和图片；从 Word、WPS、网页粘贴，会保留段落、编号和简单的表格。" in page
    assert "data-prose-grammar>原文里，" in page

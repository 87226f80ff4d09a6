"""Pasting from Word, WPS, spreadsheets and web pages into long answers, with the real clipboard of a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from shidian.questionnaires import prose
from tests.ui.long_answers import GOALS, LongAnswers, open_page, paste, written

pytestmark = pytest.mark.browser

SAMPLES = sorted((Path(__file__).parent / "clipboard").glob("*.html"))
TABLE = "<table><tr><th>甲</th><th>乙</th></tr><tr><td>1</td><td>2</td></tr></table>"
NOTICE = "[data-pasted]"


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab for all; every test loads the page anew."""
    context = browser.new_context(locale="zh-CN")
    tab = context.new_page()
    tab.on("dialog", lambda dialog: dialog.accept())
    yield tab
    context.close()


@pytest.fixture
def site() -> LongAnswers:
    return LongAnswers()


@pytest.fixture
def page(tab: Page, site: LongAnswers) -> Iterator[Page]:
    faults: list[str] = []

    def thrown(error: Error) -> None:
        faults.append(str(error))

    def said(message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            faults.append(message.text)

    tab.on("pageerror", thrown)
    tab.on("console", said)
    tab.route("**/*", site.handle)
    yield tab
    tab.goto("about:blank")
    tab.unroute_all()
    tab.remove_listener("pageerror", thrown)
    tab.remove_listener("console", said)
    assert faults == []


def plain_of(html: str) -> str:
    """Something else than what is in the markup, so that nothing is right by accident."""
    return f"文字 {len(html)}"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_paste_keeps_paragraphs_numbers_and_simple_tables(
    page: Page, site: LongAnswers, sample: Path
) -> None:
    open_page(page, site)
    html = sample.read_text()
    expected = sample.with_suffix(".txt").read_text().rstrip("\n")
    page.focus(GOALS)

    paste(page, html=html, plain=plain_of(html))

    assert written(page) == expected
    assert prose.faults(expected) == []
    assert page.evaluate("window.ran") is None
    expect(page.locator(NOTICE)).to_be_visible()

    # A field without tables gets the same words.
    page.focus("#f-state")

    paste(page, html=html, plain=plain_of(html))

    assert written(page, "#f-state") == "\n".join(without_tables(expected))
    assert page.evaluate("window.ran") is None


def without_tables(text: str) -> list[str]:
    """The lines of a text, each row of its tables as one."""
    lines: list[str] = []
    for block in prose.parse(text).blocks:
        if isinstance(block, prose.Table):
            rows = [[cell.replace("\n", " ") for cell in row if cell] for row in block.rows]
            lines += ["；".join(row) for row in rows]
        else:
            lines += prose.lines_of(block)
    return lines


def test_the_samples_are_there() -> None:
    assert len(SAMPLES) >= 20


def test_a_paste_is_one_step_of_undo_and_goes_to_the_server(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="前面后面", state="前面后面")
    for field, key in (("#f-goals", "goals"), ("#f-state", "state")):
        page.focus(field)
        page.evaluate("document.activeElement.setSelectionRange(2, 2)")
        paste(page, html="<ol><li>甲</li><li>乙</li></ol>", plain="甲\n乙")
        assert written(page, field) == "前面1. 甲\n2. 乙后面"
        page.wait_for_timeout(1000)
        assert site.saves[-1][key] == "前面1. 甲\n2. 乙后面"

        page.keyboard.press("Control+z")
        assert written(page, field) == "前面后面"
        page.keyboard.press("Control+Shift+z")
        assert written(page, field) == "前面1. 甲\n2. 乙后面"


def test_the_notice_says_what_was_kept_and_takes_it_back(page: Page, site: LongAnswers) -> None:
    open_page(page, site, state="原来")
    page.focus("#f-state")
    page.keyboard.press("Control+End")

    paste(page, html=f"<p>新</p>{TABLE}<img src=a.png>", plain="")

    assert written(page, "#f-state") == "原来新\n甲；乙\n1；2"
    expect(page.locator(NOTICE)).to_contain_text(
        "已粘贴 1 段文字、1 个表格，字体和格式没有带入。这一栏不放表格，各格用“；”隔开。1 张图片没有带入。"
    )
    page.click(f"{NOTICE} >> text=撤销")
    assert written(page, "#f-state") == "原来"
    expect(page.locator(NOTICE)).to_be_hidden()


def test_what_was_typed_after_a_paste_is_not_taken_back(page: Page, site: LongAnswers) -> None:
    open_page(page, site)
    page.focus("#f-state")
    paste(page, html="<ol><li>甲</li></ol>", plain="甲")
    page.keyboard.insert_text("又写")

    expect(page.locator(NOTICE).get_by_text("撤销")).to_have_count(0)
    page.click(f"{NOTICE} >> text=知道了")
    expect(page.locator(NOTICE)).to_be_hidden()
    assert written(page, "#f-state") == "1. 甲又写"


def test_a_table_opens_the_grid_and_the_text_around_it_stays(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="开头结尾")
    page.focus(GOALS)
    page.evaluate("document.activeElement.setSelectionRange(2, 2)")

    paste(page, html=TABLE, plain="甲\t乙\n1\t2")

    text = "开头\n| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |\n结尾"
    assert written(page) == text
    expect(page.locator(".prose-cell")).to_have_count(4)
    assert page.evaluate("[document.activeElement.value, document.activeElement.selectionStart]") == [
        "结尾",
        0,
    ]
    page.keyboard.press("Control+z")
    assert written(page) == "开头结尾"
    page.keyboard.press("Control+y")
    assert written(page) == text
    expect(page.locator(".prose-cell")).to_have_count(4)


def test_a_table_next_to_a_table_does_not_become_one_with_it(page: Page, site: LongAnswers) -> None:
    two = "| a | b |\n| c | d |"
    open_page(page, site, goals=two)
    page.locator(".prose-text").last.focus()

    paste(page, html=TABLE, plain="")

    blocks = prose.parse(written(page)).blocks
    assert [len(block.rows) for block in blocks if isinstance(block, prose.Table)] == [2, 2]


def test_cells_of_a_sheet_are_a_table(page: Page, site: LongAnswers) -> None:
    open_page(page, site)
    page.focus(GOALS)

    paste(page, plain='指标\t值\r\n"一行\n两行"\t"说""好"""\r\n')

    assert written(page) == '| 指标 | 值 |\n| 一行\\n两行 | 说"好" |'
    page.click(f"{NOTICE} >> text=撤销")
    assert written(page) == ""
    expect(page.locator(GOALS)).to_be_visible()


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        (None, "第一段\n第二段\n一行\t有制表符"),
        ("<meta charset='utf-8'><p>第一段</p><p>第二段</p>", "第一段\n\n第二段"),
        ("<span style='color:red'>一句话</span>", "一句话"),
    ],
)
def test_plain_text_is_left_to_the_browser(
    page: Page, site: LongAnswers, html: str | None, plain: str
) -> None:
    open_page(page, site)
    for field in (GOALS, "#f-state"):
        page.focus(field)
        paste(page, html=html, plain=plain)
        assert written(page, field) == plain
    expect(page.locator(NOTICE)).to_have_count(0)


def test_a_picture_alone_drops_nothing_that_was_marked(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="选中的字")
    page.focus(GOALS)
    page.keyboard.press("Control+a")

    paste(page, html="<img src='https://example.cn/a.png' width=300>", plain="")

    assert written(page) == "选中的字"
    expect(page.locator(NOTICE)).to_contain_text("没有可以粘贴的文字。1 张图片没有带入，请用“插入图片”上传。")


def test_rows_of_a_table_are_cleaned_too(page: Page, site: LongAnswers) -> None:
    open_page(page, site)
    page.focus("#f-plan-1-what")

    paste(page, html="<ul><li>甲</li></ul>", plain="甲")

    assert written(page, "#f-plan-1-what") == "● 甲"


def test_a_long_table_comes_in_parts_that_fit(page: Page, site: LongAnswers) -> None:
    open_page(page, site)
    rows = "".join(f"<tr><td>{n}</td><td>甲</td></tr>" for n in range(150))
    page.focus(GOALS)

    paste(page, html=f"<table><tr><th>号</th><th>名</th></tr>{rows}</table>", plain="")

    tables = [block for block in prose.parse(written(page)).blocks if isinstance(block, prose.Table)]
    assert [len(table.rows) for table in tables] == [100, 52]
    assert all(table.header for table in tables)


def test_cells_take_a_grid_from_where_they_stand(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="| a | b |\n| c | d |")
    page.locator(".prose-cell").nth(3).focus()

    paste(page, html="<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>", plain="")

    assert written(page) == "| a | b |  |\n| c | 1 | 2 |\n|  | 3 | 4 |"
    page.keyboard.press("Control+z")
    assert written(page) == "| a | b |\n| c | d |"


def test_paragraphs_stay_in_their_cell(page: Page, site: LongAnswers) -> None:
    open_page(page, site, goals="| a | b |\n| c | d |")
    page.locator(".prose-cell").nth(0).focus()
    page.keyboard.press("End")

    paste(page, html="<ul><li>甲</li><li>乙</li></ul>", plain="甲 乙")

    assert written(page) == "| a● 甲\\n● 乙 | b |\n| c | d |"

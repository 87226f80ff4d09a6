"""Paper received by code: a hand scanner that types faster than pages load, a person who types, and a camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page, expect

from shidian.dispatch.registering import SAME_SHEETS
from shidian.documents.marks.payload import Mark, encode, spoken
from tests.browser import chromium, people
from tests.browser.server import Server
from tests.browser.visitor import PATIENCE, Seen, Visitor, axe

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
SAID = "[data-scan-said] .note"


def registry_of(visitor: Visitor) -> Page:
    """The clerk's way to the register, by the words on the screen."""
    visitor.go("/desk/")
    visitor.press("材料登记")
    return visitor.page


def type_like_a_scanner(page: Page, text: str) -> None:
    """A hand scanner is a keyboard: it types into whatever has the focus, without a pause, and ends with Enter."""
    page.keyboard.type(text, delay=0)
    page.keyboard.press("Enter")


def reference_on(page: Page) -> str:
    found = re.search(r"TJ10\w*-\d{4}", page.locator(".register .code").first.inner_text())
    assert found
    return found[0]


def keys_of(server: Server) -> list[bytes]:
    return [bytes.fromhex(line) for line in (server.folder / "data" / "mark-keys").read_text().split()]


@pytest.fixture
def said() -> Callable[[Page, str], None]:
    def expect_said(page: Page, words: str) -> None:
        expect(page.locator(SAID).first).to_contain_text(words, timeout=PATIENCE)

    return expect_said


def test_a_hand_scanner_counts_one_copy_after_the_other(
    arrive: Callable[..., Visitor], server: Server, said: Callable[[Page, str], None]
) -> None:
    clerk = arrive(people.SCANNING_CLERK)
    clerk.expected |= {409, 422}
    page = registry_of(clerk)
    expect(page.locator("#code")).to_be_focused()
    type_like_a_scanner(page, "https://example.com/another-site?x=1")
    said(page, "这不是打印件上的码")
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#code")).to_have_value("")

    reference, known = reference_on(page), keys_of(server)
    site = "HTTPS://PILOTS.EXAMPLE.CN/S/"

    def code(copy: int, page_number: int = 1, version: int = 1) -> str:
        mark = Mark(reference, version, page_number, 13, copy)
        return encode(mark, "T", key=known[0], address=site)

    # Three codes without waiting for an answer, the first copy twice: nothing is swallowed, the field stays ready.
    for text in (code(1), code(1, 2), code(2)):
        type_like_a_scanner(page, text)
    said(page, f"已登记 {reference} 第 2 份（v1），还缺第 3 份纸质材料、电子材料。")
    clerk.reads(re.compile(rf"{reference} 第 1 份已经登记过：郁登记"), within="[data-scan-said]")
    expect(page.locator("[data-scan-counted]")).to_have_text("今天您登记了 2 份，1 件申请。")
    expect(page.locator("[data-scan-list] > li")).to_have_count(2)
    expect(page.locator("#code")).to_be_focused()
    assert not axe(page)

    type_like_a_scanner(page, code(3, version=2))
    said(page, "v2 还没有随清单报送")
    type_like_a_scanner(page, code(3)[:-3] + "000")
    said(page, "核对码不对")
    type_like_a_scanner(page, code(0, version=0))
    said(page, "草稿打印件")

    # A person types the short text.
    page.locator("#code").fill(spoken(Mark(reference, 1, 4, 13, 3), keys=known).lower())
    page.keyboard.press("Enter")
    said(page, f"已登记 {reference} 第 3 份")
    expect(page.locator("[data-scan-list] > li").first).to_contain_text(f"{reference} 第 3 份（v1）")

    # Undo is at hand, and the copy can be scanned again.
    clerk.press(page.locator("[data-scan-list] a", has_text="撤销").first)
    expect(page.locator("[name=reason]")).to_have_value("刚才误扫，撤销登记。")
    clerk.press("更正这一份")
    expect(page.locator("[data-scan-counted]")).to_have_text("今天您登记了 2 份，1 件申请。")

    # Two of them go somewhere together.
    for box in page.locator("[data-scan-list] input").all():
        box.check()
    clerk.press("选中的去向……", within="form:has([data-scan-list])")
    expect(page.locator("[data-scan-counted]")).to_have_text("已选 2 份")
    expect(page.locator("#code")).to_be_focused()
    type_like_a_scanner(page, code(5))
    said(page, f"{reference} 第 5 份，没有记录。")
    expect(page.locator("[data-scan-counted]")).to_have_text("已选 3 份")
    expect(page.locator("[name=shelf]")).to_be_hidden()
    page.get_by_label("存放到……").check()
    expect(page.locator("[name=shelf]")).to_be_visible()
    expect(page.locator("[name=to]")).to_be_hidden()
    page.get_by_label("交给……").check()
    page.locator("[name=holder]").select_option("")
    page.locator("[name=to]").fill("市市场监管委 李某")
    clerk.press("记下去向")
    clerk.reads("3 份已交出")
    clerk.reads("已交出 市市场监管委 李某")

    clerk.press("缺件清单")
    clerk.reads(re.compile(rf"{reference}.*第 3 份、电子材料", re.DOTALL))
    clerk.press("登记回执")
    clerk.press("开回执")
    clerk.reads("已开具")
    slip = clerk.get(clerk.control("打印（PDF）"))
    assert slip.startswith(b"%PDF")


def test_a_broken_line_keeps_the_codes(
    arrive: Callable[..., Visitor], server: Server, said: Callable[[Page, str], None]
) -> None:
    clerk = arrive(people.SCANNING_CLERK)
    clerk.expected |= {409, 422}
    page = registry_of(clerk)
    page.route("**/registry/receiving/", lambda route: route.abort("internetdisconnected"))
    type_like_a_scanner(page, "甲")
    said(page, "还有 1 个码留在这一页")
    type_like_a_scanner(page, "乙")
    said(page, "还有 2 个码留在这一页")
    page.unroute("**/registry/receiving/")
    page.keyboard.press("Enter")
    said(page, "这不是打印件上的码")
    expect(page.locator(SAID)).to_have_count(4)
    clerk.faults = [fault for fault in clerk.faults if "INTERNET_DISCONNECTED" not in fault]


def test_without_scripts_each_code_is_a_page(arrive: Callable[..., Visitor], server: Server) -> None:
    clerk = arrive(people.SCANNING_CLERK, java_script_enabled=False)
    clerk.expected |= {422}
    page = registry_of(clerk)
    page.locator("#code").fill("不是码")
    page.keyboard.press("Enter")
    clerk.reads("这不是打印件上的码")  # the page has come
    clerk.message_at("code", "这不是打印件上的码")
    expect(page.locator("#code")).to_have_value("不是码")
    mark = Mark(reference_on(page), 1, 2, 13, 4)
    page.locator("#code").fill(spoken(mark, keys=keys_of(server)))
    page.keyboard.press("Enter")
    clerk.reads(f"已登记 {mark.reference} 第 4 份（v1），试点承担单位留存的一份")


def test_on_a_phone_held_upright(arrive: Callable[..., Visitor]) -> None:
    clerk = arrive(people.SCANNING_CLERK, viewport=PHONE, has_touch=True, is_mobile=True)
    page = registry_of(clerk)
    for name in ("登记", "在哪里", "缺件清单", "登记回执"):
        clerk.press(name, within=".paper-nav")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{name}: {wide}"
    clerk.press("在哪里", within=".paper-nav")
    clerk.press("扫码交接", within="body")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


# The camera: Chromium plays a film of a sheet on a table.


def sheet(form: bytes) -> Image.Image:
    """The first page of the printed form with its own codes, as a scanner of 200 dpi sees it."""
    with pypdfium2.PdfDocument(form) as pdf:
        return pdf[0].render(scale=200 / 72, grayscale=True).to_pil().convert("L")


def film(page: Image.Image, path: Path, size: tuple[int, int] = (1280, 720)) -> None:
    """The upper right quarter of the page, held a little askew under a dim lamp, as YUV4MPEG2 of two pictures."""
    part = page.crop((page.width - 900, 0, page.width, 506)).rotate(3, fillcolor=120, expand=False)
    shown = part.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.2))
    light = np.asarray(shown, dtype=np.float32) * 0.7 + 25
    noise = np.random.default_rng(7)
    grey = bytes([128]) * (size[0] * size[1] // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{size[0]} H{size[1]} F10:1 Ip A1:1 C420\n".encode())
        for _ in range(2):
            picture = np.clip(light + noise.normal(0, 5, light.shape), 0, 255).astype(np.uint8)
            file.write(b"FRAME\n" + picture.tobytes() + grey)


@pytest.fixture
def filming(browser: Browser, tmp_path: Path) -> Iterator[Callable[[Image.Image], Browser]]:
    """A browser with a camera that sees a sheet."""
    opened: list[Browser] = []

    def film_of(page: Image.Image) -> Browser:
        path = tmp_path / "sheet.y4m"
        film(page, path)
        flags = [
            *chromium.UNPAINTED,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={path}",
        ]
        opened.append(browser.browser_type.launch(executable_path=chromium.program(), args=flags))
        return opened[-1]

    yield film_of
    for each in opened:
        each.close()


def test_the_camera_reads_the_code_of_a_sheet(
    arrive: Callable[..., Visitor],
    server: Server,
    filming: Callable[[Image.Image], Browser],
    seen: Seen,
) -> None:
    first = arrive(people.SCANNING_CLERK)
    reference = reference_on(registry_of(first))
    form = first.context.request.get(f"{server.address}/desk/applications/{reference}/form.pdf").body()
    context = filming(sheet(form)).new_context(locale="zh-CN")
    server.admit(context, people.SCANNING_CLERK)
    clerk = Visitor(context, server.address, seen)
    page = registry_of(clerk)
    # For a while after a copy was counted a sheet without a number of its own is in doubt.
    [(at,)] = server.rows("SELECT max(at) FROM dispatch_papercopy")
    since = datetime.now(UTC) - datetime.fromisoformat(f"{at or '2023-07-03 00:00:00'}Z")
    page.wait_for_timeout(max(0, (SAME_SHEETS - since).total_seconds()) * 1000)
    page.get_by_role("button", name="用相机扫").click()
    # The print of the system carries no number of a copy: it is the next that is missing.
    told = re.compile(rf"已登记 {reference} 第 [123] 份（v1）")
    expect(page.locator(SAID).first).to_contain_text(told, timeout=PATIENCE)
    expect(page.locator("[data-scan-view-said]")).to_contain_text(told)
    # The sheet stays in sight: it is told once.
    page.wait_for_timeout(1500)
    expect(page.locator(SAID)).to_have_count(1)
    assert not axe(page)
    page.get_by_role("button", name="关上相机").click()
    expect(page.locator("[data-scan-view]")).to_be_hidden()
    assert page.evaluate("document.querySelector('video').srcObject") is None
    context.close()
    assert not clerk.faults


def test_without_a_camera_it_says_what_to_do(
    arrive: Callable[..., Visitor], said: Callable[[Page, str], None]
) -> None:
    clerk = arrive(people.SCANNING_CLERK)
    page = registry_of(clerk)
    page.get_by_role("button", name="用相机扫").click()
    said(page, "请用扫码枪，或者输入短码")
    expect(page.locator("[data-scan-view]")).to_be_hidden()

"""Takes the pictures of the documents anew: starts a demonstration in a temporary folder and looks at its pages.

Run as `make screenshots`. Writes docs/pictures/*.png, wide and phone, with 256 colours, and the composed overview.png.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.browser import chromium
from tests.browser.server import Server

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "shidian-demo"
CALL = "tianjin-2023-smps10-demo"
WIDE, PHONE = (1366, 860), (390, 844)
LARGEST = 250_000

WRITER = "writer{:03d}@unit.example"
WAITING, SIGNING, HALF, RETURNED = (WRITER.format(number) for number in (1, 2, 4, 5))
HANDLER, APPROVER = "handler.heping@office.example", "approver.heping@office.example"
LIST_APPROVER = "approver.nankai@office.example"
CLERK = "registrar.tjtsi@office.example"
OFFICER, TOP = "handler.commission@office.example", "approver.commission@office.example"
ADMINISTRATOR, AUDITOR = "administrator@office.example", "auditor@office.example"


LIST = """\
经营异常名录,,,,
序号,企业名称,统一社会信用代码/注册号,列入经营异常名录原因,列入时间
1,和平区样板社区安全促进中心01(演示),12120101PDY00001X0,未依照规定的期限公示年度报告,2023年5月4日
2,,,只有原因,2023-01-01
3,天津市示范第三商贸有限公司,,通过登记的住所或者经营场所无法联系,2022/9/8
"""


@dataclass(frozen=True)
class Shot:
    """One picture: who looks, at which address, what they do there first."""

    name: str
    who: str
    path: str
    act: Callable[[Page], None] | None = None
    phone: bool = False
    size: tuple[int, int] = WIDE


def first(selector: str, text: str = "") -> Callable[[Page], None]:
    """Follow the first link that this selector (and text) finds."""

    def act(page: Page) -> None:
        page.locator(selector, has_text=text).first.click()
        page.wait_for_load_state("load")

    return act


def wrong_answer(page: Page) -> None:
    """A code with a wrong check digit and an impossible month."""
    page.fill("[name=period-to]", "2025-13")
    page.locator("main [name=go][value=save]:visible").click()
    page.wait_for_load_state("load")
    expect(page.locator("[data-errors]")).to_be_visible()


def wrong_registration(page: Page) -> None:
    """A unit's registration with one wrong character in its code."""
    page.fill("[name=name]", "和平区示范应急服务中心")
    page.fill("[name=code]", "12120101PDY00001X1")
    page.locator("main form [type=submit]:visible").last.click()
    page.wait_for_load_state("load")


def into(*steps: Callable[[Page], None]) -> Callable[[Page], None]:
    """One after the other."""

    def act(page: Page) -> None:
        for step in steps:
            step(page)

    return act


def down_to(selector: str) -> Callable[[Page], None]:
    """Scroll so that this stands below the top."""

    def act(page: Page) -> None:
        page.locator(selector).first.evaluate(
            "(node) => window.scrollTo(0, node.getBoundingClientRect().top + scrollY - 24)"
        )

    return act


def a_list(page: Page) -> None:
    """Upload a list of units with a row that cannot be used."""
    page.check("[name=kind][value=abnormal]")
    page.fill("[name=source]", "国家企业信用信息公示系统")
    page.fill("[name=as_of]", "2023-06-30")
    page.set_input_files(
        "[name=file]",
        {"name": "经营异常名录.csv", "mimeType": "text/csv", "buffer": LIST.encode("gb18030")},
    )
    with page.expect_navigation():
        page.locator("main form [type=submit]:visible").first.click()


def load_it(page: Page) -> None:
    """Confirm the list that waits, and wait until it is loaded."""
    page.locator("main a[href*='/watchlists/']", has_text="经营异常名录").first.click()
    with page.expect_navigation():
        page.get_by_text("确认，载入").click()
    expect(page.locator("main")).to_contain_text("名单内容", timeout=30_000)


def to_check(key: str) -> Callable[[Page], None]:
    """Bring one item of the checklist into view."""

    def act(page: Page) -> None:
        page.locator(f"#check-{key}").scroll_into_view_if_needed()

    return act


def send_to_the_top(page: Page) -> None:
    """Approve, seal and dispatch the last list, and wait until its package is written."""

    def press(words: str) -> None:
        with page.expect_navigation():
            page.locator("main").get_by_text(words).and_(page.locator("main a, main button")).first.click()

    press("审批通过")
    press("审批通过")
    press("上传盖章扫描件")
    scan = BytesIO()
    Image.new("RGB", (600, 800), "white").save(scan, "PNG")
    page.set_input_files(
        "[name=scan]", {"name": "清单盖章.png", "mimeType": "image/png", "buffer": scan.getvalue()}
    )
    for words in ("上传", "报送（", "报送"):
        press(words)
    with page.expect_navigation():
        page.locator("main a[href$='/package/']").first.click()
    expect(page.locator("main")).to_contain_text("下载报送包", timeout=60_000)


SHOTS = [
    Shot("call", "", f"/calls/{CALL}/"),
    Shot("sign-in", "", "/sign-in/"),
    Shot("register", "", "/register/", wrong_registration),
    Shot("application", SIGNING, "/applications/TJ10D-0002/", phone=True, size=(1366, 1000)),
    Shot("section", HALF, "/applications/TJ10D-0004/sections/cover/", wrong_answer, phone=True),
    Shot("conditions", HALF, "/applications/TJ10D-0004/sections/conditions/"),
    Shot("attachments", HALF, "/applications/TJ10D-0004/attachments/"),
    Shot("check", HALF, "/applications/TJ10D-0004/check/"),
    Shot("reopening", SIGNING, "/applications/TJ10D-0002/reopening/"),
    Shot("opinion", SIGNING, "/applications/TJ10D-0002/", first("#board a", "登记意见")),
    Shot("lodgement", "writer006@unit.example", "/applications/TJ10D-0006/lodgement/", size=(1366, 1000)),
    Shot("receipt", WAITING, "/applications/TJ10D-0001/", first("a[href*=receipts]"), phone=True),
    Shot("returned", RETURNED, "/applications/TJ10D-0005/"),
    Shot("desk", HANDLER, "/desk/", phone=True),
    Shot("desk-list", HANDLER, f"/desk/calls/{CALL}/offices/heping/", phone=True),
    Shot("review", HANDLER, "/desk/applications/TJ10D-0001/", phone=True, size=(1366, 1000)),
    Shot("watchlist", OFFICER, "/desk/watchlists/new/", a_list, size=(1366, 1000)),
    Shot("watchlist-rows", OFFICER, "/desk/watchlists/", load_it),
    Shot(
        "listed", HANDLER, "/desk/applications/TJ10D-0001/", to_check("condition-record"), size=(1366, 1000)
    ),
    Shot("return", HANDLER, "/desk/applications/TJ10D-0001/return/"),
    Shot("ranking", HANDLER, f"/desk/calls/{CALL}/offices/heping/list/", size=(1366, 1000)),
    Shot("approval", LIST_APPROVER, "/desk/lists/TJ10D-NANKAI-1/"),
    Shot("registry", CLERK, f"/desk/calls/{CALL}/registry/", phone=True),
    Shot("overview-offices", OFFICER, f"/desk/calls/{CALL}/overview/"),
    Shot("commission", OFFICER, "/desk/applications/TJ10D-0007/", down_to("#h-parties")),
    Shot("package", TOP, "/desk/lists/TJ10D-COMMISSION-1/", send_to_the_top),
    Shot("administration", ADMINISTRATOR, "/desk/administration/"),
    Shot("audit", AUDITOR, "/desk/audit/"),
]


def main() -> None:
    """Take every picture, or those named on the command line."""
    wanted = set(sys.argv[1:])
    program = chromium.program()
    if program is None:
        raise SystemExit("没有安装 Chromium（Debian：sudo apt-get install chromium-headless-shell）")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="shidian-screenshots-") as folder,
        sync_playwright() as playwright,
    ):
        server = Server(Path(folder))
        server.run("shidian", "prepare")
        server.run("shidian", "demonstrate")
        # The words that Chromium itself puts into pages (“选择文件”) follow these two where chromium-l10n is installed.
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*chromium.FLAGS, "--lang=zh-CN"],
            env={**os.environ, "LANGUAGE": "zh_CN"},
        )
        try:
            server.start()
            _Camera(browser, server.address).take(
                [shot for shot in SHOTS if not wanted or shot.name in wanted]
            )
        finally:
            browser.close()
            server.stop()


class _Camera:
    """One browser context for each person and size; the form is kept as a picture too."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.contexts: dict[tuple[str, bool], BrowserContext] = {}

    def take(self, shots: list[Shot]) -> None:
        """All of them, then the official form and the composed picture when the whole set was taken."""
        for shot in shots:
            self.shoot(shot, phone=False)
            if shot.phone:
                self.shoot(shot, phone=True)
        if len(shots) == len(SHOTS):
            self.form()
            compose()

    def context(self, who: str, *, phone: bool) -> BrowserContext:
        """The browser of a person who has signed in."""
        if (who, phone) not in self.contexts:
            width, height = PHONE if phone else WIDE
            context = self.browser.new_context(
                locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": height}
            )
            if who:
                page = context.new_page()
                page.goto(f"{self.address}/sign-in/")
                page.fill("#id_login", who)
                page.fill("#id_password", PASSWORD)
                with page.expect_navigation():
                    page.locator("main form button").first.click()
                page.close()
            self.contexts[who, phone] = context
        return self.contexts[who, phone]

    def shoot(self, shot: Shot, *, phone: bool) -> None:
        """One page as it stands after the first act."""
        page = self.context(shot.who, phone=phone).new_page()
        width, height = PHONE if phone else shot.size
        page.set_viewport_size({"width": width, "height": height})
        page.goto(self.address + shot.path)
        if shot.act:
            shot.act(page)
        page.evaluate("document.activeElement?.blur?.()")
        save(Image.open(BytesIO(page.screenshot())), f"{shot.name}{'-phone' if phone else ''}")
        page.close()

    def form(self) -> None:
        """Two pages of the printed form side by side."""
        answer = self.context(SIGNING, phone=False).request.get(
            f"{self.address}/applications/TJ10D-0002/versions/1/form.pdf"
        )
        document = pypdfium2.PdfDocument(answer.body())
        pages = [
            document[number].render(scale=1.4).to_pil().convert("RGB") for number in (0, 2, len(document) - 1)
        ]
        document.close()
        gap = 16
        width = sum(page.width for page in pages) + gap * (len(pages) + 1)
        sheet = Image.new("RGB", (width, pages[0].height + 2 * gap), "#dfe3e6")
        left = gap
        for page in pages:
            sheet.paste(page, (left, gap))
            left += page.width + gap
        save(sheet, "form")


def compose() -> None:
    """The picture of the README: overview, desk and form, one behind the other."""
    canvas = Image.new("RGB", (1600, 900), "#eceff1")
    form = Image.open(PICTURES / "form.png").convert("RGB")
    third = (form.width - 64) // 3
    page = form.crop((16 + third + 16, 16, 16 + third + 16 + third, form.height - 16))
    for picture, width, place in (
        (Image.open(PICTURES / "application.png").convert("RGB"), 830, (40, 40)),
        (Image.open(PICTURES / "desk-list.png").convert("RGB"), 830, (310, 390)),
        (page, 400, (1170, 140)),
    ):
        small = picture.resize(
            (width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS
        )
        small = small.crop((0, 0, width, min(small.height, 900 - place[1] - 40)))
        shadow = Image.new("L", canvas.size, 0)
        ImageDraw.Draw(shadow).rectangle(
            (place[0], place[1] + 6, place[0] + small.width, place[1] + small.height + 6), fill=90
        )
        canvas.paste("#263238", mask=shadow.filter(ImageFilter.GaussianBlur(12)))
        canvas.paste(small, place)
    save(canvas, "overview")


def save(picture: Image.Image, name: str) -> None:
    """Write with few colours; refuse a picture that would weigh the repository down."""
    path = PICTURES / f"{name}.png"
    colours = 256
    while colours >= 16:
        reduced = picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        reduced.save(path, optimize=True)
        if path.stat().st_size < LARGEST:
            break
        colours //= 2
    else:
        raise SystemExit(f"{name}.png 太大：{path.stat().st_size} 字节")
    print(f"{name}.png {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()

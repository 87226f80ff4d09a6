"""The form as a Word file on a phone: out, back in, compared, and written where it was ticked; with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import docx
import pytest

from shidian.applications import word_form
from tests.browser import people
from tests.browser.test_phone import fits
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def edited(content: bytes, label: str, answer: str) -> bytes:
    """The file with one answer typed over, as somebody does in Word, and a line that is no answer."""
    document = docx.Document(BytesIO(content))
    for table in document.tables:
        for row in table.rows:
            for number, cell in enumerate(row.cells[:-1]):
                if cell.text == label:
                    row.cells[number + 1].text = answer
    document.tables[0]._tbl.addprevious(document.add_paragraph("这一行不属于任何栏目")._p)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("scripts", [True, False])
def test_out_and_in_again(arrive: Callable[..., Visitor], scripts: bool) -> None:
    writer = arrive(people.PHONE_WRITER, viewport={"width": 390, "height": 844}, java_script_enabled=scripts)
    writer.go("/applications/")
    addresses = [
        link.get_attribute("href") or ""
        for link in writer.page.locator("main tbody a[href*='/applications/']").all()
    ]
    for address in addresses:
        writer.go(address)
        if writer.page.get_by_role("link", name="从 Word 导入").count():
            break
    content = writer.fetch("下载 Word 版")
    writer.press("从 Word 导入")
    if scripts:
        fits(writer, "读取")
        writer.page.set_viewport_size({"width": 390, "height": 844})
    changed = edited(content, "单位地址", f"新地址{scripts}号")
    file = {"name": "改过的申请书.docx", "mimeType": word_form.MEDIA_TYPE, "buffer": changed}
    writer.page.set_input_files("#word-file", file)  # type: ignore[arg-type]
    writer.press("读取")
    writer.title("Word 里的内容与现在的比较")
    writer.reads("有 1 栏与现在不同")
    writer.reads("这一行不属于任何栏目")
    if scripts:
        fits(writer, "采用所勾选的")
    writer.press("采用所勾选的")
    writer.reads("已从 Word 采用：单位地址")
    writer.go(f"{address}sections/lead/")
    assert writer.page.input_value("#f-address") == f"新地址{scripts}号"

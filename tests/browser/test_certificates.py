"""A party signs with a key file of the test authority, sees it on the board, takes the PDF along; others judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Locator
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from shidian.documents.certificates.trial import PASSWORD, Trial, draw_seal
from tests.browser import people
from tests.browser.server import Server
from tests.browser.test_phone import SIZES, fits
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

LEAD, GUARANTOR, GUIDANCE = "和平区示范应急服务中心", "和平区示范人民政府", "天津市示范应急管理局"


@pytest.fixture(scope="module")
def reference(server: Server) -> str:
    return server.run("tests.browser.unsigned")


def link(visitor: Visitor, words: str, name: str) -> Locator:
    """What can be done about one party on the board."""
    return visitor.page.locator("#board li").filter(has_text=name).get_by_role("link").filter(has_text=words)


def choose(visitor: Visitor, name: str, file: str, content: bytes) -> None:
    visitor.page.set_input_files(
        f"[name='{name}']", {"name": file, "mimeType": "application/octet-stream", "buffer": content}
    )


def sound(pdf: bytes, platform: Trial) -> list[str]:
    """The names of the fields whose signatures pyHanko itself finds good, trusted and stamped."""
    root = asn1_x509.Certificate.load(platform.authority.root.public_bytes(Encoding.DER))
    found = []
    for signature in PdfFileReader(BytesIO(pdf)).embedded_signatures:
        context = ValidationContext(trust_roots=[root], allow_fetching=False, revocation_mode="soft-fail")
        status = asyncio.run(async_validate_pdf_signature(signature, context, context))
        if status.bottom_line and status.timestamp_validity is not None and status.timestamp_validity.trusted:
            found.append(str(signature.field_name))
    return found


def test_two_parties_sign_and_the_pdf_is_sound_elsewhere(
    arrive: Callable[..., Visitor], reference: str, platform: Trial
) -> None:
    writer = arrive(people.OTHER_WRITER)
    writer.go(f"/applications/{reference}/")
    writer.press(link(writer, "证书签名", LEAD))
    writer.title("用数字证书签名")
    writer.reads("由时间戳服务证明")
    key = platform.authority.key_file(*platform.authority.issue(LEAD))
    writer.type({"signatory": "李负责", "capacity": "主任"})
    choose(writer, "key", "单位.p12", key)
    choose(writer, "picture", "章.png", draw_seal(LEAD))
    writer.page.fill("[name='password']", "falsch")
    writer.press("签名，同意这一版")
    writer.message_at("password", "密码不对")
    writer.reads("没有替您保存")

    choose(writer, "key", "单位.p12", key)
    writer.page.fill("[name='password']", PASSWORD)
    writer.press("签名，同意这一版")
    writer.reads("数字证书签名，李负责（主任）", within="#board")

    # Somebody signs on the platform, later.
    seal = platform.add_seal(GUARANTOR, manner="ask")
    writer.press(link(writer, "证书签名", GUARANTOR))
    writer.press("用签章平台的印章签")
    writer.type({"signatory": "周某"})
    writer.page.locator(f"input[value='{seal.id}']").check()
    writer.press("申请用印")
    writer.reads("等印章管理员在签章平台上同意")
    for signing in list(platform.signings.values()):
        platform.confirm(signing)
    writer.reads("已经同意这一版")

    writer.go(f"/applications/{reference}/")
    writer.press(link(writer, "核验签名", GUARANTOR))
    writer.reads("全部成立", within="body")
    writer.reads("其后只增加了别的签名")
    pdf = writer.fetch("下载签名的 PDF")
    with ThreadPoolExecutor() as aside:  # Playwright has the loop of this thread
        assert len(aside.submit(sound, pdf, platform).result()) == 2


def test_the_pages_fit_a_phone(arrive: Callable[..., Visitor], reference: str) -> None:
    phone = arrive(
        people.OTHER_WRITER, viewport=SIZES[0], has_touch=True, is_mobile=True, device_scale_factor=2
    )
    phone.go(f"/applications/{reference}/")
    phone.press(link(phone, "证书签名", GUIDANCE))
    fits(phone, "签名，同意这一版")
    phone.press("在自己的签名软件里签")
    fits(phone, "核验并登记")
    phone.press("另附国密签名")
    fits(phone, "核验并收存")
    phone.go(f"/applications/{reference}/versions/1/certificates/")
    fits(phone)

"""The public check of a printed sheet: what it tells, what it hides, and what does not pass."""

from __future__ import annotations

import re
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.core.cache import cache
from django.test import Client

from shidian.applications import actions, papers
from shidian.applications.models import Application
from shidian.dispatch.models import CandidateList
from shidian.dispatch.papers import list_pdf
from shidian.documents.marks import keys
from shidian.documents.marks.payload import ALPHABET, Mark, encode, spoken
from shidian.public import guessing
from tests import steps

CHECK = "/sheet-check/"


@pytest.fixture(autouse=True)
def no_earlier_guesses(settings: Any, tmp_path: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }
    cache.clear()


@pytest.fixture
def frozen(cast: Any, call: Any) -> Application:
    return steps.frozen(cast, call)


def code_of(mark: Mark) -> str:
    return encode(mark, "T", key=keys.keys()[0])


def mark_of(application: Application, version: int = 1, **more: Any) -> Mark:
    return Mark(application.reference, version, 2, 5, **more)


def answer(client: Client, text: str) -> tuple[str, str]:
    """The heading of the answer, and the whole page."""
    page = client.get(f"/s/{text}").content.decode()
    found = re.search(r'<h2 id="h-found"[^>]*>(.*?)</h2>', page, re.DOTALL)
    return (found[1].strip() if found else ""), page


def test_the_codes_of_a_real_print_lead_to_a_page_that_says_genuine_and_current(
    client: Client, frozen: Application
) -> None:
    with pypdfium2.PdfDocument(papers.form_bytes(frozen.version)) as pdf:
        codes = zxingcpp.read_barcodes(pdf[1].render(scale=2).to_pil())
        line = pdf[1].get_textpage().get_text_bounded().strip().splitlines()[-1]
        total = len(pdf)
    assert len(codes) == 2
    for code in codes:
        title, page = answer(client, code.text)
        assert title == "真的，是现行版本"
        assert f"第 2 页，共 {total} 页" in page
        assert frozen.reference in page
        assert frozen.version.code in page
    said = client.post(CHECK, {"text": line.lower()}).content.decode()
    assert "真的，是现行版本" in said


def test_the_address_in_a_code_is_one_of_this_site(
    client: Client, frozen: Application, settings: Any
) -> None:
    settings.ADDRESS = "https://testserver"
    text = encode(mark_of(frozen), "B", key=keys.keys()[0], address=keys.address())
    path = text.removeprefix("HTTPS://TESTSERVER")
    assert path.startswith("/S/")
    assert "真的，是现行版本" in client.get(path).content.decode()
    assert "真的，是现行版本" in client.post(CHECK, {"text": text}).content.decode()


def test_nothing_of_the_content_is_told(client: Client, frozen: Application, cast: Any) -> None:
    _title, page = answer(client, code_of(mark_of(frozen, copy=2, party=3)))
    assert "第 2 份" in page
    content = frozen.version.data
    personal = [
        frozen.title,
        cast.lead.name,
        cast.lead.code,
        cast.lead_writer.name,
        *(party["name"] for party in content["parties"]),
        str(content["answers"]["cover"]["contact"]),
        str(content["answers"]["lead"]["phone"]),
    ]
    assert all(len(each) > 1 and each not in page for each in personal)


def test_it_is_kept_from_search_engines_caches_and_other_sites(client: Client, frozen: Application) -> None:
    for response in (client.get(f"/s/{code_of(mark_of(frozen))}"), client.get(CHECK)):
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert 'name="robots" content="noindex' in response.content.decode()
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in response.headers["Cache-Control"]
        links = re.findall(r'(?:href|src|action)="([^"]*)"', response.content.decode())
        assert links
        assert all(link.startswith(("/", "#")) for link in links)


def test_each_fate_of_a_version_has_its_words(client: Client, cast: Any, frozen: Application) -> None:
    first = code_of(mark_of(frozen))
    assert answer(client, code_of(mark_of(frozen, 0)))[0] == "真的，但只是草稿"
    assert answer(client, code_of(mark_of(frozen, 2)))[0] == "查不到这一版"
    assert answer(client, code_of(Mark("TJ10-9999", 1, 1, 1)))[0] == "查不到这一版"

    actions.reopen(frozen, by=cast.lead_writer, reason="改")
    assert answer(client, first)[0] == "真的，但内容正在修改，这一版不再使用"
    actions.freeze(steps.fresh(frozen), by=cast.lead_writer)
    title, page = answer(client, first)
    assert title == "真的，但已经有新版本"
    assert "现行的是 v2" in page
    assert answer(client, code_of(mark_of(frozen, 2)))[0] == "真的，是现行版本"
    actions.withdraw(steps.fresh(frozen), by=cast.lead_writer, reason="不办了")
    assert answer(client, code_of(mark_of(frozen, 2)))[0] == "真的，但申请已经撤回"


def test_a_list_is_checked_like_an_application(client: Client, cast: Any, call: Any) -> None:
    steps.nominated(cast, call)
    listed = CandidateList.objects.get(office=cast.heping)
    assert listed.version is not None
    with list_pdf(listed, listed.version).open() as file:
        content = file.read()
    with pypdfium2.PdfDocument(content) as pdf:
        codes = zxingcpp.read_barcodes(pdf[0].render(scale=2).to_pil())
    assert len(codes) == 2
    title, page = answer(client, codes[0].text)
    assert title == "真的，是现行版本"
    assert "备选项目清单" in page


def test_edited_guessed_and_foreign_marks_do_not_pass(
    client: Client, frozen: Application, settings: Any
) -> None:
    genuine = code_of(mark_of(frozen))
    tail = genuine.rpartition(".")[2]
    other = f"{frozen.reference[:-4]}{int(frozen.reference[-4:]) + 1:04d}"
    forged = [
        genuine.replace("V1P2", "V2P2"),
        genuine.replace("P2N5", "P3N5"),
        genuine.replace(frozen.reference, other),
        f"{genuine.rpartition('.')[0]}.{'0' * 10}",
        encode(mark_of(frozen), "T", key=b"\x01" * 32),
        genuine.replace("T." + tail, "B." + tail),
    ]
    for text in forged:
        title, page = answer(client, text)
        assert title == "不是本系统打印的，或者码被改过"
        assert "版本码" not in page
    said = spoken(mark_of(frozen), keys=keys.keys())
    page = client.post(CHECK, {"text": said.replace("-2/5", "-3/5")}).content.decode()
    assert "不是本系统打印的" in page


def test_a_damaged_code_says_what_to_do_and_keeps_what_was_typed(client: Client, frozen: Application) -> None:
    for text in (
        code_of(mark_of(frozen))[:-3],
        "TJ10-0001",
        "https://example.cn/x",
        "<script>alert(1)</script>",
    ):
        page = client.post(CHECK, {"text": text}).content.decode()
        assert "没有认出来" in page
        assert "可以换一个扫" in page
        assert "<script>alert" not in page
    assert 'value="TJ10-0001"' in client.post(CHECK, {"text": "TJ10-0001"}).content.decode()
    empty = client.post(CHECK, {"text": "  "})
    assert empty.status_code == 422
    assert "请扫码，或者输入" in empty.content.decode()


def test_whoever_guesses_has_to_wait_and_others_do_not(client: Client, frozen: Application) -> None:
    head = code_of(mark_of(frozen)).rpartition(".")[0]
    for number in range(guessing.WRONG):
        assert client.get(f"/s/{head}.{ALPHABET[number] * 10}").status_code == 200
    # Not even a right one tells anything now.
    refused = client.get(f"/s/{code_of(mark_of(frozen))}")
    assert refused.status_code == 429
    assert "真的" not in refused.content.decode()
    assert client.post(CHECK, {"text": spoken(mark_of(frozen), keys=keys.keys())}).status_code == 429
    assert client.get(f"/s/{code_of(mark_of(frozen))}", REMOTE_ADDR="192.0.2.9").status_code == 200
    assert client.get(CHECK).status_code == 200


def test_behind_a_proxy_the_address_that_it_saw_is_counted(
    client: Client, frozen: Application, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    wrong = f"/s/{code_of(mark_of(frozen)).rpartition('.')[0]}.{'0' * 10}"
    for number in range(guessing.WRONG):
        client.get(wrong, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 192.0.2.7")
    assert client.get(wrong, HTTP_X_FORWARDED_FOR="10.1.1.1, 192.0.2.7").status_code == 429
    assert client.get(wrong, HTTP_X_FORWARDED_FOR="192.0.2.7, 192.0.2.8").status_code == 200


def test_the_check_is_linked_from_every_page(client: Client, call: Any) -> None:
    assert f'href="{CHECK}"' in client.get("/").content.decode()

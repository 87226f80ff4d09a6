"""Signing with a certificate on the screen, and looking at such signatures."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import reverse

from shidian.applications import certifying
from shidian.applications.models import Application, SealRequest
from shidian.audit.actions import SYSTEM
from shidian.calls.models import Call
from shidian.core.verdict import YES, Verdict
from shidian.documents.certificates import trial
from shidian.documents.models import StoredFile
from shidian.signoffs.models import Party, Signature
from shidian.ui import certificates
from tests import steps
from tests.applications.test_certifying import agree, desk_signed, key_of, parties
from tests.portal.pages import at, hidden, signed_in, text_of, title_of
from tests.portal.test_signing import page_of, proven

SAID = {"signatory": "李负责", "capacity": "主任"}


@pytest.fixture
def application(cast: steps.Cast, call: Call, test_ca: trial.Trial) -> Application:
    return steps.frozen(cast, call)


@pytest.fixture
def party(application: Application) -> Party:
    return parties(application)[0]


def named(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def key_file(platform: trial.Trial, name: str) -> io.BytesIO:
    return named(platform.authority.key_file(*platform.authority.issue(name)), "单位.p12")


def address(application: Application, party: Party, how: str = "file") -> str:
    return at("certificate", application, party=party.pk, how=how)


def test_a_key_file_signs_and_the_board_says_so(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(address(application, party)))
    assert application.version is not None
    for words in (
        application.version.code,
        application.version.digest,
        "第 ",
        party.name,
        "由时间戳服务证明",
    ):
        assert words in page
    answer = client.post(
        address(application, party),
        {
            **SAID,
            "key": key_file(test_ca, party.name),
            "password": trial.PASSWORD,
            "picture": named(trial.draw_seal(party.name), "章.png"),
        },
    )

    assert answer.url == at("application", application) + "#board"
    signature = Signature.objects.get(party=party)
    assert (signature.signatory, signature.capacity, signature.means) == ("李负责", "主任", "certificate")
    board = text_of(client.get(at("application", application)))
    assert "数字证书签名，李负责（主任）" in board and "核验签名" in board
    review = text_of(client.get(at("certificates", application, number=1)))
    assert "全部成立" in review and "TEST 测试时间戳" in review and "通到可信的根证书" in review
    certified = client.get(at("certified", application, number=1))
    assert b"".join(certified.streaming_content) == signature.certified.read()


def test_a_wrong_password_stands_at_its_field_and_the_key_is_kept_nowhere(
    cast: steps.Cast,
    application: Application,
    party: Party,
    test_ca: trial.Trial,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    from shidian.ui.certificate_forms import KeyFileForm

    original = KeyFileForm.clean_key
    monkeypatch.setattr(
        KeyFileForm, "clean_key", lambda self: seen.append(self.cleaned_data["key"]) or original(self)
    )
    client = signed_in(cast.lead_writer)
    client.get(address(application, party))  # the form is printed once
    before = StoredFile.objects.count()
    with caplog.at_level(logging.DEBUG):
        page = client.post(
            address(application, party),
            {
                **SAID,
                "key": key_file(test_ca, party.name),
                "password": "geheim-99",
                "picture": named(trial.draw_seal(party.name) + b"\0" * 1_200_000, "章.png"),
            },
        )

    text = text_of(page)
    assert title_of(page).startswith("错误：")
    assert "密码不对" in text and 'id="id_password-wrong"' in text
    assert "证书文件是密钥，没有替您保存" in text and 'value="李负责"' in text
    assert "geheim-99" not in text and "geheim-99" not in caplog.text
    assert StoredFile.objects.count() == before
    assert all(isinstance(file, InMemoryUploadedFile) for file in seen) and seen
    # The picture is no key: it stays, and the second try needs only key and password.
    again = client.post(
        address(application, party),
        {
            **SAID,
            "key": key_file(test_ca, party.name),
            "password": trial.PASSWORD,
            "kept_picture": hidden(page, "kept_picture"),
        },
    )
    assert again.status_code == 302 and Signature.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"signatory": ""}, "请填写“签名人”"),
        ({"key": named(b"MZ" * 99, "a.p12")}, "这不是证书文件"),
        ({"key": ""}, "请选择“证书文件”"),
        ({"key": named(b"x" * 1_100_000, "a.p12")}, "超过 1 MB"),
        ({"picture": named(b"GIF89a", "a.gif")}, "不是完好的 PNG 或 JPEG"),
        ({"kept_picture": "%%%"}, "密码不对"),
    ],
)
def test_what_is_wrong_is_named(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial, changed: Any, words: str
) -> None:
    for value in changed.values():
        if isinstance(value, io.BytesIO):
            value.seek(0)
    given = {**SAID, "key": key_file(test_ca, party.name), "password": "x", **changed}

    page = signed_in(cast.lead_writer).post(address(application, party), given)

    assert page.status_code == 200 and words in text_of(page)
    assert not Signature.objects.exists()


def test_files_far_too_large_are_not_read(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    page = signed_in(cast.lead_writer).post(
        address(application, party), {**SAID, "key": named(b"x" * 5_000_000, "a.p12"), "password": "x"}
    )

    assert "合计超过 4 MB" in text_of(page)


def test_a_post_without_its_token_is_refused(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.lead_writer)

    assert client.post(address(application, party), SAID).status_code == 403


def test_another_name_is_asked_about_and_recorded(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    client = signed_in(cast.lead_writer)
    given = {**SAID, "password": trial.PASSWORD}
    page = client.post(address(application, party), {**given, "key": key_file(test_ca, "和平区旧名称中心")})
    assert "不是应签的" in text_of(page) and "已核实：这张证书属于本单位" in text_of(page)

    client.post(
        address(application, party),
        {**given, "other_name": "on", "key": key_file(test_ca, "和平区旧名称中心")},
    )

    assert Signature.objects.get().proof["notes"][-1]["code"] == "other_unit"
    assert "成立，请留意" in text_of(client.get(at("certificates", application, number=1)))


def test_without_a_time_stamp_or_roots_the_page_says_so(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial, settings: Any
) -> None:
    settings.TSA, settings.TRUST_FOLDER = "", None
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(address(application, party)))
    answer = client.post(
        address(application, party),
        {**SAID, "key": key_file(test_ca, party.name), "password": trial.PASSWORD},
    )

    assert "没有时间戳" in page and "还没有设置可信的根证书" in page
    assert "不能证明签名人的身份" in text_of(answer) and not Signature.objects.exists()


def test_a_pdf_signed_elsewhere_is_taken_and_a_changed_one_is_not(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    from tests.documents.certificates.conftest import rotated

    client = signed_in(cast.lead_writer)
    here = address(application, party, "desk")
    paper = b"".join(client.get(at("certificate-paper", application, party=party.pk)).streaming_content)
    pdf = desk_signed(application, party, key_of(test_ca, party.name), paper)

    bad = client.post(here, {**SAID, "pdf": named(rotated(pdf), "签好.pdf")})
    assert "改动了别的内容" in text_of(bad) and not Signature.objects.exists()
    assert "没有收下" in text_of(client.post(here, {**SAID, "pdf": named(b"MZ" * 99, "签好.pdf")}))
    assert "不是 PDF" in text_of(client.post(here, {**SAID, "pdf": named(steps.png_bytes(), "a.png")}))
    assert "请选择签好的 PDF" in text_of(client.post(here, SAID))
    nameless = client.post(here, {"signatory": "", "pdf": named(pdf, "签好.pdf")})
    assert "文件还在" in text_of(nameless)
    taken = client.post(here, {**SAID, "kept": hidden(nameless, "kept")})

    assert taken.status_code == 302
    assert Signature.objects.get().certified.read() == pdf


def test_an_older_base_is_sent_back_with_what_to_do(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    other = parties(application)[1]
    pdf = desk_signed(application, party, key_of(test_ca, party.name))
    agree(application, other, test_ca, cast)

    page = signed_in(cast.lead_writer).post(
        address(application, party, "desk"), {**SAID, "pdf": named(pdf, "签好.pdf")}
    )

    assert "请重新下载现在的文件" in text_of(page) and other.name in text_of(page)


def test_a_seal_on_the_platform_waits_and_is_signed(
    cast: steps.Cast,
    application: Application,
    party: Party,
    test_ca: trial.Trial,
    settings: Any,
    clock_at: Any,
) -> None:
    client = signed_in(cast.lead_writer)
    here = address(application, party, "platform")
    assert "没有设置签章平台" in text_of(client.get(here))
    settings.SEAL_PLATFORM, settings.SEAL_TOKEN = test_ca.address, test_ca.token
    assert "没有本系统可以申请的印章" in text_of(client.get(here))
    seal = test_ca.add_seal(party.name, manner="ask")

    assert "请选择" in text_of(client.post(here, SAID))
    client.post(here, {**SAID, "seal": seal.id})
    assert "等签章平台上的人同意用印" in text_of(client.get(here))
    progress = at("seal-progress", application, party=party.pk)
    assert client.get(progress).json()["finished"] is False
    for signing in test_ca.signings.values():
        test_ca.confirm(signing)
    clock_at(2023, 7, 3, 10, 1)
    assert client.get(progress).json()["finished"] is True

    assert Signature.objects.get(party=party).proof["how"] == "platform"
    assert "已经同意这一版" in text_of(client.get(here))


def test_a_waiting_seal_is_taken_back_and_a_refused_one_is_told(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial, settings: Any
) -> None:
    settings.SEAL_PLATFORM, settings.SEAL_TOKEN = test_ca.address, test_ca.token
    client = signed_in(cast.lead_writer)
    here = address(application, party, "platform")
    client.post(here, {**SAID, "seal": test_ca.add_seal(party.name, manner="ask").id})
    client.post(here, {"withdraw": "1"})
    assert SealRequest.objects.get().state == "withdrawn"

    refusing = test_ca.add_seal(party.name, manner="refuse")
    page = client.post(here, {**SAID, "seal": refusing.id})

    assert "没有同意用印" in text_of(page)
    settings.SEAL_PLATFORM = "http://127.0.0.1:9"
    assert "没有响应" in text_of(client.get(here))


def test_a_token_is_offered_only_where_there_is_a_driver(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    assert "没有设置密码设备" in text_of(
        signed_in(cast.lead_writer).get(address(application, party, "token"))
    )


def test_strangers_learn_nothing(
    cast: steps.Cast, call: Call, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    other = steps.frozen(cast, call)
    for client in (signed_in(cast.outsider), signed_in(cast.heping_handler)):
        assert client.get(address(application, party)).status_code == 404
        assert client.get(at("certificates", application, number=1)).status_code == 404
    assert signed_in(cast.lead_writer).get(address(other, party)).status_code == 404
    assert signed_in(cast.lead_writer).get(address(application, party, "magic")).status_code == 404
    assert signed_in(cast.lead_writer).get(at("certified", application, number=1)).status_code == 404


def test_a_form_without_boxes_is_told_and_offers_nothing(
    cast: steps.Cast, application: Application, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "_boxes", lambda digest, version: {})
    client = signed_in(cast.lead_writer)

    page = text_of(client.get(address(application, party)))
    paper = client.get(at("certificate-paper", application, party=party.pk))

    assert (
        "没有标明本单位签名的位置" in page
        and "<input" not in page.partition("<main")[2].partition("</main>")[0]
    )
    assert paper.status_code == 409 and "没有标明" in text_of(paper)


def test_a_version_without_certificates_says_so(cast: steps.Cast, application: Application) -> None:
    page = text_of(signed_in(cast.lead_writer).get(at("certificates", application, number=1)))

    assert "没有用数字证书做的签名" in page
    assert certifying.review(parties(application)[0].round) is None


def test_a_token_at_the_server_signs(
    cast: steps.Cast,
    application: Application,
    party: Party,
    test_ca: trial.Trial,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.documents.certificates.test_tokens import DRIVER, prepare_token

    if not DRIVER.exists():
        pytest.skip("SoftHSM2 is not installed")
    monkeypatch.setenv("SOFTHSM2_CONF", "")  # put back at the end
    prepare_token(tmp_path, *test_ca.authority.issue(party.name))
    settings.PKCS11_DRIVER = DRIVER
    client = signed_in(cast.lead_writer)
    here = address(application, party, "token")

    wrong = client.post(here, {**SAID, "token": "unit", "pin": "9999"})
    assert "PIN 不对" in text_of(wrong) and "9999" not in text_of(wrong)
    assert "找不到密码设备" in text_of(client.post(here, {**SAID, "token": "none", "pin": "1234"}))
    answer = client.post(here, {**SAID, "token": "unit", "pin": "1234"})

    assert answer.status_code == 302
    assert Signature.objects.get(party=party).proof["how"] == "token"


def test_somebody_without_an_account_signs_by_the_rule_of_whoever_lets_them_in(
    application: Application, party: Party, test_ca: trial.Trial
) -> None:
    request = RequestFactory().post(
        "/somewhere/",
        {**SAID, "pdf": named(desk_signed(application, party, key_of(test_ca, party.name)), "a.pdf")},
    )
    request.user, request.session = AnonymousUser(), {}
    request._messages = FallbackStorage(request)
    frame = certificates.Frame("portal/base.html", [], "/back/", ways={"file": "/f/", "desk": "/d/"})
    asked: list[Party] = []

    def may(by: Any, application: Application, party: Party) -> Verdict:
        asked.append(party)
        return YES

    with pytest.raises(Http404):
        certificates.signing_page(request, application, party, "platform", by=SYSTEM, frame=frame, may=may)
    answer = certificates.signing_page(request, application, party, "desk", by=SYSTEM, frame=frame, may=may)

    assert answer.status_code == 302 and answer.headers["Location"] == "/back/"
    assert Signature.objects.get(party=party).recorded_by is None
    assert len(asked) > 1  # once for the page, and again by the verb


def test_who_came_by_a_link_signs_with_a_certificate_and_the_link_is_used_up(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    client, link = proven(application, cast)
    party = link.party
    here = reverse("portal:sign-certificate", kwargs={"key": link.key, "how": "file"})
    assert here in text_of(client.get(page_of(link)))
    stranger = Client().get(here)
    paper = client.get(reverse("portal:sign-paper", kwargs={"key": link.key}))

    page = client.post(here, {**SAID, "key": key_file(test_ca, "别家单位"), "password": trial.PASSWORD})
    answer = client.post(here, {**SAID, "key": key_file(test_ca, party.name), "password": trial.PASSWORD})

    assert stranger.status_code == 404
    assert b"".join(paper.streaming_content).startswith(b"%PDF")
    # That a certificate of another name is this unit's own is not for the signatory to say.
    assert title_of(page).startswith("错误：") and "other_name" not in text_of(page)
    assert answer.url == page_of(link)
    signature = Signature.objects.get(party=party)
    assert (signature.means, signature.recorded_by, signature.proof["link"]) == (
        "certificate",
        None,
        link.key,
    )
    receipt = text_of(client.get(page_of(link)))
    assert "意见已记下" in receipt and "下载签好的申请书" in receipt
    certified = client.get(reverse("portal:sign-statement", kwargs={"key": link.key}))
    assert b"".join(certified.streaming_content) == signature.certified.read()
    assert client.get(here).status_code == 404


def test_a_pdf_signed_elsewhere_comes_back_by_the_link_and_stays_when_a_name_is_missing(
    cast: steps.Cast, application: Application, test_ca: trial.Trial
) -> None:
    client, link = proven(application, cast)
    here = reverse("portal:sign-certificate", kwargs={"key": link.key, "how": "desk"})
    signed = desk_signed(application, link.party, key_of(test_ca, link.party.name))

    page = client.post(here, {"signatory": "", "capacity": "主任", "pdf": named(signed, "签好.pdf")})
    answer = client.post(here, {**SAID, "kept": hidden(page, "kept")})

    assert title_of(page).startswith("错误：")
    assert answer.url == page_of(link)
    assert Signature.objects.get(party=link.party).means == "certificate"


def test_the_head_of_a_unit_signs_with_its_certificate_by_its_own_account(
    cast: steps.Cast, application: Application, party: Party, test_ca: trial.Trial
) -> None:
    client = signed_in(cast.lead_head)
    here = reverse("portal:sign-off-certificate", kwargs={"party": party.pk, "how": "file"})

    answer = client.post(here, {**SAID, "key": key_file(test_ca, party.name), "password": trial.PASSWORD})

    assert answer.url == reverse("portal:sign-off", kwargs={"party": party.pk})
    assert "下载签好的申请书" in text_of(client.get(answer.url))
    assert signed_in(cast.lead_writer).get(here).status_code == 404

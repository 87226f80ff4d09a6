"""Recording a party's opinion from its sealed page."""

import io

import pytest

from shidian.applications import actions
from shidian.signoffs.models import Signature
from tests import steps
from tests.portal.pages import at, hidden, signed_in, text_of, title_of

RIGHT = {
    "decision": "agree",
    "signatory": "李负责",
    "capacity": "主任",
    "signed_on": "2023-07-03",
    "opinion": "",
}


@pytest.fixture
def application(cast, call):
    return steps.frozen(cast, call)


@pytest.fixture
def party(application):
    return application.version.round.parties.first()


def scan(name="意见页.pdf", content=None):
    file = io.BytesIO(steps.pdf_bytes() if content is None else content)
    file.name = name
    return file


def test_an_opinion_is_recorded_with_its_scan(cast, application, party):
    client = signed_in(cast.lead_writer)
    address = at("opinion", application, party=party.pk)

    page = text_of(client.get(address))
    answer = client.post(address, {**RIGHT, "scan": scan()})

    assert application.version.code in page
    signature = Signature.objects.get(party=party)
    assert (signature.decision, signature.signatory, signature.capacity) == ("agree", "李负责", "主任")
    assert signature.digest == application.version.digest
    assert answer.url == at("application", application) + "#board"
    shown = client.get(at("scan", application, signature=signature.pk))
    assert shown.headers["Content-Type"] == "application/pdf"
    assert b"".join(shown.streaming_content) == steps.pdf_bytes()


def test_recording_and_going_on_leads_to_the_next_party(cast, application, party):
    answer = signed_in(cast.lead_writer).post(
        at("opinion", application, party=party.pk), {**RIGHT, "go": "next", "scan": scan()}
    )

    following = application.version.round.parties.all()[1]
    assert answer.url == at("opinion", application, party=following.pk)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"decision": ""}, "请选择“意见”"),
        ({"decision": "maybe"}, "请选择“同意”“不同意”或者“退回修改”"),
        ({"signatory": ""}, "请填写“签名的负责人”"),
        ({"signatory": "长" * 61}, "不能超过 60 个字"),
        ({"signed_on": ""}, "请填写“盖章日期”"),
        ({"signed_on": "明天"}, "盖章日期"),
        ({"signed_on": "2023-07-04"}, "不能晚于今天"),
        ({"signed_on": "2023-07-02"}, "早于这一版冻结的日子"),
        ({"decision": "disagree"}, "请在“意见内容”里写明理由"),
    ],
)
def test_what_is_wrong_is_named_and_the_file_needs_not_be_chosen_again(
    cast, application, party, changed, words
):
    client = signed_in(cast.lead_writer)
    address = at("opinion", application, party=party.pk)

    page = client.post(address, {**RIGHT, **changed, "scan": scan()})

    assert title_of(page).startswith("错误：")
    assert words in text_of(page)
    assert "文件已经收下：" in text_of(page)
    assert 'value="主任"' in text_of(page)
    assert not Signature.objects.exists()
    answer = client.post(address, {**RIGHT, "kept": hidden(page, "kept")})
    assert answer.status_code == 302
    assert Signature.objects.get(party=party).scan.name == "意见页.pdf"


def test_a_scan_is_needed_and_a_bad_one_is_named(cast, application, party):
    client = signed_in(cast.lead_writer)
    address = at("opinion", application, party=party.pk)

    without = client.post(address, RIGHT)
    bad = client.post(address, {**RIGHT, "scan": scan("页.pdf", b"MZ" + b"0" * 99)})

    assert "请选择盖章页的扫描件或者照片" in text_of(without)
    assert "“页.pdf”没有收下" in text_of(bad)
    assert 'value="李负责"' in text_of(bad)


def test_a_kept_file_serves_only_the_one_who_brought_it(cast, application, party):
    page = signed_in(cast.lead_writer).post(
        at("opinion", application, party=party.pk), {**RIGHT, "signatory": "", "scan": scan()}
    )
    token = hidden(page, "kept")
    other = application.version.round.parties.all()[1]

    wrong_party = signed_in(cast.lead_writer).post(
        at("opinion", application, party=other.pk), {**RIGHT, "kept": token}
    )
    wrong_person = signed_in(cast.lead_head).post(
        at("opinion", application, party=party.pk), {**RIGHT, "kept": token}
    )
    forged = signed_in(cast.lead_writer).post(
        at("opinion", application, party=party.pk), {**RIGHT, "kept": token + "x"}
    )

    for page in (wrong_party, wrong_person, forged):
        assert "请选择盖章页的扫描件或者照片" in text_of(page)


def test_a_disagreement_is_shown_and_may_be_followed_by_agreement(cast, application, party):
    client = signed_in(cast.lead_writer)
    address = at("opinion", application, party=party.pk)

    client.post(address, {**RIGHT, "decision": "disagree", "opinion": "目标不清", "scan": scan()})
    assert "目标不清" in text_of(client.get(at("application", application)))
    assert "以前登记过" in text_of(client.get(address))
    client.post(address, {**RIGHT, "scan": scan()})

    assert party.has_agreed


def test_an_agreed_party_and_a_void_version_take_no_more(cast, application, party):
    client = signed_in(cast.lead_writer)
    address = at("opinion", application, party=party.pk)
    client.post(address, {**RIGHT, "scan": scan()})

    again = client.post(address, {**RIGHT, "scan": scan()})
    assert "已经同意这一版" in text_of(again)
    actions.reopen(application, by=cast.lead_writer, reason="改")
    void = client.post(
        at("opinion", application, party=application.version.round.parties.all()[1].pk),
        {**RIGHT, "scan": scan()},
    )
    assert "已经失效" in text_of(void)
    assert Signature.objects.count() == 1


def test_a_party_of_another_application_is_404(cast, call, application, party):
    other = steps.frozen(cast, call)

    assert signed_in(cast.lead_writer).get(at("opinion", other, party=party.pk)).status_code == 404

"""Return, decline, recommend, take back, record an opinion: pages with consequences, one verb each."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from shidian.applications.models import Application
from shidian.applications.queries import round_of
from shidian.calls.models import Call
from shidian.dispatch import actions as dispatch
from shidian.documents.models import StoredFile
from shidian.reviews import actions as reviews
from shidian.reviews.models import Decision
from shidian.signoffs.models import Party, Signature
from tests import steps
from tests.desk.pages import signed_in, source_of, text_of


def address(application: Application, name: str, *more: Any) -> str:
    return reverse(f"desk:{name}", args=(application.reference, *more))


def test_items_not_met_stand_in_the_form_already(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    lodgement = found.lodgements.get()
    reviews.record_checks(
        lodgement,
        {"section-funding": ("not_met", "没有写金额"), "section-goals": ("met", "")},
        by=cast.heping_handler,
    )
    form = signed_in(cast.heping_handler).get(address(found, "return")).context["form"]
    assert [(row.text, row.section) for row in form.rows] == [("经费保障情况：没有写金额", "funding")]


def test_a_return_carries_its_reasons_with_their_parts(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    answer = signed_in(cast.heping_handler).post(
        address(found, "return"),
        {
            "reasons-1-text": "目标要写数字",
            "reasons-1-section": "goals",
            "reasons-2-text": "",
            "reasons-2-section": "",
            "reasons-3-text": "盖章不清",
            "reasons-3-section": "",
        },
        follow=True,
    )
    assert "已退回" in text_of(answer)
    assert steps.fresh(found).state == "returned"
    decision = Decision.objects.get()
    assert list(decision.reasons.values_list("section", "text")) == [
        ("goals", "目标要写数字"),
        ("", "盖章不清"),
    ]


@pytest.mark.parametrize("name", ["return", "decline"])
def test_without_a_reason_nothing_is_decided(cast: steps.Cast, call: Call, name: str) -> None:
    found = steps.lodged(cast, call)
    answer = signed_in(cast.heping_handler).post(address(found, name), {"reasons-1-text": "  "})
    assert answer.status_code == 422
    assert "请写明理由" in text_of(answer)
    assert 'href="#f-reasons-1-text"' in source_of(answer)
    assert steps.fresh(found).state == "lodged"


def test_rows_are_added_and_dropped_without_a_script(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    typed = {"reasons-1-text": "甲", "reasons-1-section": "goals", "reasons-2-text": "乙"}
    more = client.post(address(found, "return"), {**typed, "rows-add": "reasons"})
    assert [row.text for row in more.context["form"].rows] == ["甲", "乙", ""]
    less = client.post(address(found, "return"), {**typed, "rows-drop": "reasons-1"})
    assert [row.text for row in less.context["form"].rows] == ["乙"]
    assert steps.fresh(found).state == "lodged"


def test_a_reason_that_is_too_long_or_points_nowhere_stays_typed(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    answer = signed_in(cast.heping_handler).post(
        address(found, "return"),
        {"reasons-1-text": "长" * 2001, "reasons-2-text": "乙", "reasons-2-section": "nowhere"},
    )
    assert answer.status_code == 422
    assert len(answer.context["form_problems"]) == 2
    assert "长" * 2001 in source_of(answer)


def test_a_decline_ends_the_application(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    page = text_of(client.get(address(found, "decline")))
    assert "到此结束" in page
    client.post(address(found, "decline"), {"reasons-1-text": "领域不符", "reasons-1-section": "cover"})
    assert steps.fresh(found).state == "declined"


def test_a_recommendation_says_what_follows_first(cast: steps.Cast, call: Call) -> None:
    found = steps.judged(cast, call)
    client = signed_in(cast.heping_handler)
    page = text_of(client.get(address(found, "recommendation")))
    assert "自动列入天津市和平区市场监督管理局的试点备选项目清单" in page
    assert steps.fresh(found).state == "lodged"
    client.post(address(found, "recommendation"))
    assert steps.fresh(found).state == "recommended"


def test_an_unjudged_application_is_not_recommended(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    page = source_of(client.get(address(found, "recommendation")))
    assert "现在不能办" in page
    assert 'aria-disabled="true"' in page
    assert client.post(address(found, "recommendation")).status_code == 409
    assert steps.fresh(found).state == "lodged"


def test_a_second_decision_is_told_how_it_stands(cast: steps.Cast, call: Call) -> None:
    found = steps.judged(cast, call)
    client = signed_in(cast.heping_handler)
    client.post(address(found, "recommendation"))
    answer = client.post(address(found, "return"), {"reasons-1-text": "迟了"})
    assert answer.status_code == 409
    assert "已推荐" in text_of(answer)


def test_a_recommendation_is_taken_back_with_a_reason(cast: steps.Cast, call: Call) -> None:
    found = steps.recommended(cast, call)
    client = signed_in(cast.heping_handler)
    assert client.post(address(found, "taking-back"), {"reason": ""}).status_code == 422
    client.post(address(found, "taking-back"), {"reason": "发现一处遗漏"})
    assert steps.fresh(found).state == "lodged"


@pytest.mark.parametrize("name", ["return", "decline", "recommendation", "taking-back"])
def test_wrong_roles_are_told_and_strangers_are_not(cast: steps.Cast, call: Call, name: str) -> None:
    found = steps.recommended(cast, call) if name == "taking-back" else steps.judged(cast, call)
    given = {"reasons-1-text": "理由", "reason": "理由"}
    assert "只有受理机构的经办人可以办理" in text_of(
        signed_in(cast.heping_approver).get(address(found, name))
    )
    assert signed_in(cast.heping_approver).post(address(found, name), given).status_code == 403
    for user in (cast.other_handler, cast.outsider, cast.lead_writer, cast.institute_clerk):
        assert signed_in(user).get(address(found, name)).status_code == 404
        assert signed_in(user).post(address(found, name), given).status_code == 404


# The managing authority's opinion, recorded at the last stage.


def managing(found: Application) -> Party:
    round_ = round_of(found)
    assert round_ is not None
    return round_.parties.get(role="managing")


def opinion(**changed: Any) -> dict[str, Any]:
    given = {
        "decision": "agree",
        "opinion": "",
        "signatory": "某主任",
        "capacity": "主任",
        "signed_on": "2023-07-03",
        "scan": SimpleUploadedFile("意见页.pdf", steps.pdf_bytes()),
    }
    return {name: value for name, value in {**given, **changed}.items() if value is not None}


def test_the_opinion_is_asked_for_where_it_is_due(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    link = address(found, "opinion", managing(found).pk)
    assert link not in source_of(signed_in(cast.heping_handler).get(address(found, "application")))
    sent, _ = steps.dispatched(cast, call)
    link = address(sent, "opinion", managing(sent).pk)
    assert link in source_of(signed_in(cast.commission_officer).get(address(sent, "application")))


def test_an_opinion_is_bound_to_the_version(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    answer = signed_in(cast.commission_officer).post(
        address(found, "opinion", managing(found).pk), opinion(), follow=True
    )
    assert "已登记管理单位" in text_of(answer)
    signature = Signature.objects.get(party=managing(found))
    assert found.version is not None
    assert (signature.decision, signature.digest) == ("agree", found.version.digest)


def test_a_scan_is_kept_while_the_rest_is_corrected(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    client = signed_in(cast.commission_officer)
    link = address(found, "opinion", managing(found).pk)

    wrong = client.post(link, opinion(signed_on="2023-07-30"))
    assert wrong.status_code == 422
    page = text_of(wrong)
    assert "盖章日期不能晚于今天" in page
    assert "扫描件已收到" in page
    ticket = wrong.context["ticket"]

    client.post(link, opinion(scan=None, kept=ticket))
    assert Signature.objects.get(party=managing(found)).scan is not None


def test_a_ticket_is_of_no_use_to_another_person(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    link = address(found, "opinion", managing(found).pk)
    ticket = signed_in(cast.commission_officer).post(link, opinion(signatory="")).context["ticket"]
    answer = signed_in(cast.commission_approver).post(link, opinion(scan=None, kept=ticket))
    assert answer.status_code == 422
    assert "请选择文件" in text_of(answer)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"decision": None}, "请选择同意或者不同意"),
        ({"decision": "disagree"}, "不同意的，请写明理由"),
        ({"signatory": ""}, "请写签名的负责人"),
        ({"signed_on": "2023-02-30"}, "没有 2023 年 2 月 30 日这一天"),
        ({"signed_on": "2023-06-30"}, "早于这一版冻结的日子"),
        ({"scan": None}, "请选择文件"),
        ({"scan": SimpleUploadedFile("意见.pdf", b"MZ\x90\x00 not a page")}, "意见页扫描件"),
    ],
)
def test_wrong_opinions_are_told_at_their_field(
    cast: steps.Cast, call: Call, changed: dict[str, Any], words: str
) -> None:
    found, _ = steps.dispatched(cast, call)
    answer = signed_in(cast.commission_officer).post(
        address(found, "opinion", managing(found).pk), opinion(**changed)
    )
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Signature.objects.filter(party__role="managing").exists()


def test_an_upload_beyond_the_limit_is_told(cast: steps.Cast, call: Call, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 1_000
    found, _ = steps.dispatched(cast, call)
    big = SimpleUploadedFile("意见.pdf", steps.pdf_bytes() + b" " * 2_000)
    before = StoredFile.objects.count()
    answer = signed_in(cast.commission_officer).post(
        address(found, "opinion", managing(found).pk), opinion(scan=big)
    )
    assert answer.status_code == 422
    assert "一个也没有接收" in text_of(answer)
    assert StoredFile.objects.count() == before


def test_parties_of_other_applications_are_not_reached(cast: steps.Cast, call: Call) -> None:
    one, _ = steps.dispatched(cast, call)
    other = steps.lodged(cast, call)
    client = signed_in(cast.commission_officer)
    assert client.get(address(one, "opinion", managing(other).pk)).status_code == 404
    assert signed_in(cast.outsider).get(address(one, "opinion", managing(one).pk)).status_code == 404


def test_a_given_opinion_is_not_asked_for_again(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    client = signed_in(cast.commission_officer)
    link = address(found, "opinion", managing(found).pk)
    client.post(link, opinion())
    assert "该单位已经同意这一版" in text_of(client.get(link))
    assert Signature.objects.filter(party=managing(found)).count() == 1


def test_the_list_needs_the_opinion(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    steps.judge(found, cast.commission_officer)
    reviews.recommend(found, by=cast.commission_officer)
    keys = {"call": call.key, "office": cast.commission.key}
    client = signed_in(cast.commission_officer)
    page = text_of(client.get(reverse("desk:list", kwargs=keys)))
    assert "还缺管理单位“天津市市场监督管理委员会”的意见" in page
    assert client.post(reverse("desk:proposal", kwargs=keys)).status_code == 409
    assert dispatch.open_list(call, cast.commission) is None

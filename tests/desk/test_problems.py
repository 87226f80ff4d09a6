"""Marking problems while reading, sending the list, comparing what came back, and working one at a time."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from shidian.applications import corrections
from shidian.applications.models import Application, Correction, CorrectionItem, OpeningAnswer
from shidian.applications.queries import lodgement_here
from shidian.calls.models import Call
from shidian.reviews import actions as reviews
from shidian.reviews import checklist, claims, problems
from shidian.reviews.actions import Said
from shidian.reviews.models import Claim, Draft
from tests import steps
from tests.desk.pages import signed_in, source_of, text_of


def address(found: Application, name: str = "application", **more: Any) -> str:
    return reverse(f"desk:{name}", kwargs={"reference": found.reference, **more})


def marked(
    found: Application, cast: steps.Cast, place: str = "f:goals.goals", text: str = "没有指标"
) -> Draft:
    lodgement = lodgement_here(found)
    assert lodgement is not None
    return problems.draft(lodgement, place=place, text=text, severity="must", by=cast.heping_handler)


def test_a_problem_is_written_at_a_place_and_stands_beside_it(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    page = source_of(client.get(address(found)))
    assert f"{address(found, 'problem-new')}?place=f%3Agoals.goals" in page.replace("f:goals", "f%3Agoals")
    there = address(found, "problem-new") + "?place=f:goals.goals"
    phrase = next(each for each in call.definition.corrections.phrases if each.section == "goals")
    assert phrase.text in text_of(client.get(there))

    answer = client.post(
        there,
        {"place": "f:goals.goals", "phrase": phrase.text, "text": "例如覆盖率。", "severity": "should"},
        follow=True,
    )

    assert answer.redirect_chain[-1][0].endswith("#a-goals-goals")
    draft = Draft.objects.get()
    assert (draft.place, draft.text, draft.severity) == (
        "f:goals.goals",
        f"{phrase.text}例如覆盖率。",
        "should",
    )
    assert "例如覆盖率。" in text_of(answer)


def test_a_row_of_a_table_is_chosen_on_its_page(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    there = address(found, "problem-new") + "?place=f:plan.plan"
    assert 'value="r:plan.plan.2"' in source_of(client.get(there))

    client.post(there, {"place": "r:plan.plan.2", "text": "写明单位", "severity": "must"})

    assert Draft.objects.get().place == "r:plan.plan.2"


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    there = address(found, "problem-new") + "?place=f:goals.goals"

    answer = client.post(there, {"place": "f:goals.goals", "text": "", "severity": "must"})
    assert answer.status_code == 422
    assert "请写明哪里不对" in text_of(answer)
    answer = client.post(there, {"place": "nowhere", "text": "写了很久的话", "severity": "bad"})
    assert answer.status_code == 422
    assert "写了很久的话" in source_of(answer)
    answer = client.post(there, {"place": "f:goals.goals", "text": "长" * 2001, "severity": "must"})
    assert answer.status_code == 422
    for place in ("f:no.such", "x", "r:plan.plan.77", "p:99"):
        assert client.get(address(found, "problem-new"), {"place": place}).status_code == 404


def test_an_entry_is_changed_and_taken_out(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    row = marked(found, cast)
    client = signed_in(cast.heping_handler)
    there = address(found, "problem", pk=row.pk)
    assert "没有指标" in source_of(client.get(there))

    client.post(there, {"place": "s:goals", "text": "重写", "severity": "must"})
    row.refresh_from_db()
    assert (row.place, row.text) == ("s:goals", "重写")
    client.post(there, {"do": "drop"})
    assert not Draft.objects.exists()


def test_the_list_is_sent_with_reasons_and_a_deadline(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    marked(found, cast)
    client = signed_in(cast.heping_handler)
    page = source_of(client.get(address(found, "return")))
    assert "没有指标" in page
    assert 'value="5"' in page

    wrong = client.post(address(found, "return"), {"days": "abc", "reasons-1-text": "另一件事"})
    assert wrong.status_code == 422
    assert "期限请写" in text_of(wrong)
    assert "另一件事" in source_of(wrong)
    answer = client.post(
        address(found, "return"),
        {"days": "10", "reasons-1-text": "请通读", "reasons-1-section": "cover"},
        follow=True,
    )

    assert "已退回" in text_of(answer)
    correction = Correction.objects.get()
    assert correction.days == 10
    assert list(correction.items.values_list("place", flat=True)) == ["f:goals.goals", "s:cover"]
    paper = client.get(address(found, "correction-pdf", number=1))
    assert paper["Content-Type"] == "application/pdf"


def test_a_list_without_further_reasons_is_enough(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    marked(found, cast)

    signed_in(cast.heping_handler).post(address(found, "return"), {"days": "", "reasons-1-text": ""})

    assert Correction.objects.get().until is None


def returned(cast: steps.Cast, call: Call) -> Application:
    found = steps.lodged(cast, call)
    marked(found, cast)
    marked(
        found,
        cast,
        "f:funding.sources" if call.questionnaire.find("funding.sources") else "s:funding",
        "金额",
    )
    reviews.return_for_correction(found, by=cast.heping_handler)
    return steps.fresh(found)


def came_back(cast: steps.Cast, call: Call) -> Application:
    found = returned(cast, call)
    steps.write(found, cast.lead_writer, goals__goals=steps.LONG + "覆盖率达到 95%。")
    item = CorrectionItem.objects.order_by("pk").first()
    assert item is not None
    corrections.reply(item, text="已补充", by=cast.lead_writer)
    asked = corrections.ask_opening(
        Correction.objects.get(), place="f:cover.contact", reason="换了人", by=cast.lead_writer
    )
    corrections.answer_opening(asked, opened=True, by=cast.heping_handler)
    steps.write(found, cast.lead_writer, cover__contact="新联系人")
    return steps.hand_in_again(found, cast)


def test_what_changed_stands_beside_its_entry_and_the_rest_apart(cast: steps.Cast, call: Call) -> None:
    found = came_back(cast, call)

    answer = signed_in(cast.heping_handler).get(address(found))

    compared = answer.context["corrected"]
    assert [entry.changed for entry in compared.entries] == [True, False]
    assert [(row.asked, row.why) for row in compared.besides] == [(True, "换了人")]
    assert "<ins>覆盖率达到 95%。</ins>" in source_of(answer)
    assert compared.again
    page = text_of(answer)
    for words in ("已补充", "清单以外的改动", "经申请开放", "重新出具意见"):
        assert words in page


def test_entries_are_found_right_or_put_forward_again(cast: steps.Cast, call: Call) -> None:
    found = came_back(cast, call)
    first, second = CorrectionItem.objects.order_by("pk")
    client = signed_in(cast.heping_handler)
    there = address(found, "correction")

    client.post(there, {"item": first.pk, "do": "resolve", "from": "review"})
    wrong = client.post(there, {"item": second.pk, "do": "reopen", "text": ""})
    assert wrong.status_code == 422
    client.post(there, {"item": second.pk, "do": "reopen", "text": "金额还是不对"})

    assert first.is_resolved
    draft = Draft.objects.get()
    assert (draft.again, draft.text) == (second, "金额还是不对")
    page = text_of(client.get(address(found)))
    assert "确认已改好" in page
    assert "没有改好" in page
    assert client.post(there, {"item": 0, "do": "resolve"}).status_code == 404
    assert client.post(there, {"item": first.pk, "do": "fly"}).status_code == 404


def test_what_the_lead_asks_for_is_answered(cast: steps.Cast, call: Call) -> None:
    found = returned(cast, call)
    asked = corrections.ask_opening(
        Correction.objects.get(), place="f:cover.contact", reason="换了人", by=cast.lead_writer
    )
    client = signed_in(cast.heping_handler)
    there = address(found, "correction")
    assert "换了人" in text_of(client.get(there))

    wrong = client.post(there, {"request": asked.pk, "do": "refuse", "text": ""})
    assert wrong.status_code == 422
    client.post(there, {"request": asked.pk, "do": "refuse", "text": "不用换"})

    assert OpeningAnswer.objects.get().words == "不用换"
    assert "不用换" in text_of(client.get(there))


def test_the_page_says_who_works_on_it_and_who_else_reads(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    steps.appoint(cast.heping_approver, cast.heping, "handler")
    first, second = signed_in(cast.heping_handler), signed_in(cast.heping_approver)
    assert "没有人认领" in text_of(first.get(address(found)))

    assert "由您办理" in text_of(first.post(address(found, "claim"), {"do": "claim"}, follow=True))
    page = text_of(second.get(address(found)))
    assert "有人在办" in page
    assert "也打开着这件申请" in page
    assert first.post(address(found, "readers")).json()["words"]
    assert "正打开着这一页" in text_of(second.get(address(found, "claim-taking-over")))
    assert second.post(address(found, "claim-taking-over"), {"claim": "x"}).status_code == 409
    claim = Claim.objects.get()
    second.post(address(found, "claim-taking-over"), {"claim": claim.pk})
    assert "接手" in text_of(first.get(address(found)))
    second.post(address(found, "claim"), {"do": "release"})
    assert not Claim.objects.filter(ended_at__isnull=True).exists()


def test_a_stale_page_decides_nothing_and_keeps_what_was_typed(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    steps.appoint(cast.heping_approver, cast.heping, "handler")
    client = signed_in(cast.heping_handler)
    seen = client.get(address(found, "return")).context["mark"]
    claim = claims.claim(found, by=cast.heping_approver)
    claims.release(found, by=cast.heping_approver)
    assert claim.pk

    answer = client.post(
        address(found, "return"), {"seen": seen, "days": "5", "reasons-1-text": "写了很久的理由"}
    )
    assert answer.status_code == 409
    page = text_of(answer)
    assert cast.heping_approver.label in page
    assert "有人认领办理" in page
    assert "写了很久的理由" in source_of(answer)
    assert not Correction.objects.exists()
    again = client.post(
        address(found, "return"),
        {"seen": answer.context["mark"], "days": "5", "reasons-1-text": "写了很久的理由"},
        follow=True,
    )
    assert "已退回" in text_of(again)


def test_stale_verdicts_are_not_written_over(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    steps.appoint(cast.heping_approver, cast.heping, "handler")
    client = signed_in(cast.heping_handler)
    page = client.get(address(found))
    lodgement = lodgement_here(found)
    assert lodgement is not None
    key = checklist.points(lodgement)[0].key
    reviews.record_checks(lodgement, {key: ("not_met", "缺")}, by=cast.heping_approver)

    answer = client.post(
        address(found, "checks"),
        {"seen": page.context["mark"], f"verdict-{key}": "met", f"note-{key}": "我写的说明"},
    )

    assert answer.status_code == 409
    assert "我写的说明" in source_of(answer)
    assert lodgement.checks.count() == 1


def test_the_pages_cost_the_same_whatever_the_number_of_entries(
    cast: steps.Cast, call: Call, django_assert_max_num_queries: Any
) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    client.get(address(found))

    def cost() -> int:
        with django_assert_max_num_queries(200) as counted:
            client.get(address(found))
        return len(counted)

    few = cost()
    for _ in range(12):
        marked(found, cast)
    assert cost() <= few + 2
    reviews.return_for_correction(found, by=cast.heping_handler, reasons=[Said("还有")])
    with django_assert_max_num_queries(40):
        client.get(address(found, "correction"))

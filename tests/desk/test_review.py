"""Reading and judging one application."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.applications.queries import lodgement_here
from shidian.calls.models import Call
from shidian.core.errors import NotNow
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.checklist import judged as checklist
from shidian.reviews.models import Check
from tests import steps
from tests.desk.pages import signed_in, source_of, text_of


def address(application: Application, name: str = "application") -> str:
    return reverse(f"desk:{name}", args=(application.reference,))


def keys(application: Application) -> list[str]:
    lodgement = lodgement_here(application)
    assert lodgement is not None
    return [row.item.key for row in checklist(lodgement)]


def corrected(cast: steps.Cast, call: Call) -> Application:
    """Returned for two reasons, one part changed, handed in again."""
    found = steps.lodged(cast, call)
    steps.judge(found, cast.heping_handler)
    reviews.return_for_correction(
        found,
        by=cast.heping_handler,
        reasons=[Said("目标要写数字", "goals"), Said("经费要写金额", "funding")],
    )
    found = steps.fresh(found)
    steps.write(found, cast.lead_writer, goals__goals=steps.LONG + "满意率达到 95%。")
    applications.freeze(found, by=cast.lead_writer)
    found = steps.fresh(found)
    steps.sign(found, ["district"], cast.lead_writer)
    applications.lodge(found, cast.heping, by=cast.lead_writer)
    return steps.fresh(found)


def test_every_answer_stands_as_it_was_frozen(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    page = text_of(signed_in(cast.heping_handler).get(address(found)))
    for words in (
        "和平区应急救援队伍建设",
        "2024 年 1 月 至 2025 年 12 月",
        "12120101PDY00001X0",
        "成立机构，宣传培训。",
        "承担单位",
        "法人登记证书.pdf",
        "轮到您审查",
    ):
        assert words in page


def test_later_typing_of_the_lead_is_not_shown(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    reviews.return_for_correction(found, by=cast.heping_handler, reasons=[Said("请补正")])
    found = steps.fresh(found)
    steps.write(found, cast.lead_writer, goals__goals="还没有交的话")
    assert "还没有交的话" not in text_of(signed_in(cast.heping_handler).get(address(found)))


def test_a_first_arrival_has_no_marks(cast: steps.Cast, call: Call) -> None:
    page = source_of(signed_in(cast.heping_handler).get(address(steps.lodged(cast, call))))
    assert "<ins>" not in page
    assert "<del>" not in page


def test_what_changed_since_the_last_time_here_is_marked(cast: steps.Cast, call: Call) -> None:
    found = corrected(cast, call)
    answer = signed_in(cast.heping_handler).get(address(found))
    page = source_of(answer)
    assert "<ins>满意率达到 95%。</ins>" in page
    assert "改了 1 处" in text_of(answer)
    entries = answer.context["corrected"].entries
    assert [(row.item.text, row.changed) for row in entries] == [
        ("目标要写数字", True),
        ("经费要写金额", False),
    ]
    assert "上次判定：符合" in text_of(answer)


def test_nothing_is_chosen_that_nobody_chose(cast: steps.Cast, call: Call) -> None:
    page = source_of(signed_in(cast.heping_handler).get(address(steps.lodged(cast, call))))
    assert " checked>" not in page


def test_verdicts_are_saved_and_shown(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    first, second = keys(found)[:2]
    client = signed_in(cast.heping_handler)
    answer = client.post(
        address(found, "checks"),
        {f"verdict-{first}": "met", f"verdict-{second}": "not_met", f"note-{second}": "没有附证明"},
        follow=True,
    )
    assert "已保存 2 个要点的判定" in text_of(answer)
    assert "没有附证明" in source_of(answer)
    assert set(Check.objects.values_list("item", "verdict", "note")) == {
        (first, "met", ""),
        (second, "not_met", "没有附证明"),
    }
    client.post(address(found, "checks"), {f"verdict-{first}": "met"})
    assert Check.objects.count() == 2


def test_a_note_without_verdict_is_not_lost(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    first, second = keys(found)[:2]
    answer = signed_in(cast.heping_handler).post(
        address(found, "checks"), {f"verdict-{first}": "met", f"note-{second}": "要再看"}
    )
    assert answer.status_code == 422
    page = source_of(answer)
    assert "<title>错误：" in page
    assert f'href="#check-{second}"' in page
    assert 'value="要再看"' in page
    assert 'value="met" checked' in page
    assert not Check.objects.exists()


def test_an_unknown_item_or_verdict_is_refused(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    answer = signed_in(cast.heping_handler).post(
        address(found, "checks"), {f"verdict-{keys(found)[0]}": "perfect"}
    )
    assert answer.status_code == 422
    assert "审查要点与页面不一致" in text_of(answer)


def test_the_missing_decision_says_why(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    page = text_of(client.get(address(found)))
    assert "现在不能推荐" in page
    assert "个审查要点没有判定" in page
    steps.judge(found, cast.heping_handler)
    assert "要点都已判定" in text_of(client.get(address(found)))


def test_an_approver_reads_but_is_told_who_decides(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_approver)
    page = text_of(client.get(address(found)))
    assert "只有受理机构的经办人可以办理" in page
    answer = client.post(address(found, "checks"), {f"verdict-{keys(found)[0]}": "met"})
    assert answer.status_code == 403
    assert not Check.objects.exists()


@pytest.mark.parametrize(
    "who", ["other_handler", "outsider", "lead_writer", "sector_officer", "administrator"]
)
def test_strangers_get_404(cast: steps.Cast, call: Call, who: str) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(getattr(cast, who))
    assert client.get(address(found)).status_code == 404
    assert client.post(address(found, "checks")).status_code == 404
    assert client.get(address(found, "history")).status_code == 404


def test_what_went_on_is_still_read_but_not_decided(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    answer = signed_in(cast.heping_handler).get(address(found))
    assert answer.status_code == 200
    assert answer.context["decides"] is False
    assert answer.context["lodgement"].office_id == cast.heping.pk
    assert "收回" not in text_of(answer)


def test_the_registry_reads_without_the_verdicts(cast: steps.Cast, call: Call) -> None:
    found, _ = steps.dispatched(cast, call)
    client = signed_in(cast.institute_clerk)
    answer = client.get(address(found))
    assert answer.status_code == 200
    assert "已判" not in text_of(answer)
    assert client.post(address(found, "checks")).status_code == 404
    assert client.get(reverse("desk:return", args=(found.reference,))).status_code == 404


def test_a_lead_who_is_also_registrar_sees_no_draft_at_the_desk(cast: steps.Cast, call: Call) -> None:
    found = steps.start_filled(cast, call)
    steps.join(cast.institute_clerk, cast.lead, "writer")
    assert signed_in(cast.institute_clerk).get(address(found)).status_code == 404


def test_an_auditor_reads_everything_and_decides_nothing(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.auditor)
    page = text_of(client.get(address(found)))
    assert "审计员只查看" in page
    for name in ("return", "decline", "recommendation"):
        assert client.get(reverse(f"desk:{name}", args=(found.reference,))).status_code == 404
    draft = steps.start_filled(cast, call)
    assert "开始填写申请" in text_of(client.get(address(draft, "history")))


def test_previous_and_next_follow_the_list_one_came_from(cast: steps.Cast, call: Call) -> None:
    first, second, third = (steps.lodged(cast, call) for _ in range(3))
    client = signed_in(cast.heping_handler)
    context: Any = client.get(address(second)).context
    assert (context["previous"], context["following"]) == (first.reference, third.reference)
    context = client.get(address(second), {"list": "sort=-reference"}).context
    assert (context["previous"], context["following"]) == (third.reference, first.reference)
    assert context["list_query"] == "sort=-reference"


def test_saving_leads_back_to_the_same_list(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    answer = signed_in(cast.heping_handler).post(
        address(found, "checks"), {f"verdict-{keys(found)[0]}": "met", "list": "q=和平&sort=-reference"}
    )
    assert answer.status_code == 302
    followed = signed_in(cast.heping_handler).get(answer.headers["Location"])
    assert followed.context["list_query"] == "q=%E5%92%8C%E5%B9%B3&sort=-reference"


def test_the_history_tells_every_step(cast: steps.Cast, call: Call) -> None:
    found = corrected(cast, call)
    page = text_of(signed_in(cast.heping_handler).get(address(found, "history")))
    for words in ("开始填写申请", "退回补正：目标要写数字；经费要写金额", "递交 v2"):
        assert words in page


def test_recording_a_verdict_on_an_old_arrival_is_refused(cast: steps.Cast, call: Call) -> None:
    found = corrected(cast, call)
    old = found.lodgements.order_by("pk").first()
    assert old is not None
    with pytest.raises(NotNow):
        reviews.record_checks(old, {}, by=cast.heping_handler)

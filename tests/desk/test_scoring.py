"""The pages on score sheets, discussion, results and the meeting."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from shidian.audit.actions import SYSTEM, move
from shidian.audit.models import Event
from shidian.core.digests import sha256_of_bytes
from shidian.documents.models import DocumentVersion
from shidian.reviews.scoring import actions, meeting, queries
from shidian.reviews.scoring.models import Meeting, Moderation, ScoreSheet, SheetEntry, Vote
from tests.desk.pages import sheet_of, signed_in, source_of, text_of
from tests.reviews.scoring.panel import (
    FULL,
    all_submitted,
    declare,
    discussing,
    reviewing,
    submitted,
    write,
)

LOW = {"basis": "10", "need": "12", "plan": "20", "resources": "9", "benefit": "9"}


@pytest.fixture
def world(cast, call):
    return reviewing(cast, call, experts=3, applications=2)


def url(name, *args):
    return reverse(f"desk:{name}", args=args)


def post_sheet(points=FULL, numbers=None, choice="recommend", overall="同意。", **more):
    data = {f"{key}-points": value for key, value in points.items()}
    data |= {f"{key}-comment": "见申请书。" for key in points}
    data |= {"overall-choice": choice, "overall-comment": overall}
    return data | {"numbers": json.dumps(numbers or dict.fromkeys([*FULL, "overall"], 0))} | more


# The expert


def test_the_list_shows_what_is_open_first(world):
    submitted(world.assignments[0, 0])

    answer = signed_in(world.experts[0].user).get(url("sheets"))

    text = text_of(answer)
    assert "共 2 份，已提交 1 份，还有 1 份" in text
    assert text.index("TJ10-0002") < text.index("TJ10-0001")


def test_a_sheet_is_filled_in_and_handed_in_without_script(world):
    client, pk = signed_in(world.experts[0].user), world.assignments[0, 0].pk
    assert "打分标准" in text_of(client.get(url("sheet", pk)))

    saved = client.post(url("sheet", pk), post_sheet(go="submit"), follow=True)
    assert "总分 87.50，满分 100。" in text_of(saved)
    handed_in = client.post(url("sheet-submission", pk), follow=True)

    assert "的评分表已提交" in text_of(handed_in)
    assert "您提交的" not in text_of(client.get(url("sheet", pk)))
    assert "87.50" in text_of(client.get(url("sheet", pk)))


def test_every_problem_is_listed_with_a_link(world):
    client, pk = signed_in(world.experts[0].user), world.assignments[0, 0].pk
    client.post(url("sheet", pk), post_sheet({**FULL, "basis": "21"}, choice="", overall=""))

    answer = client.get(url("sheet-submission", pk), follow=True)

    source = source_of(answer)
    assert answer.redirect_chain[-1][0].endswith("?check=1")
    for anchor in ("f-basis-points", "f-overall-choice-recommend", "f-overall-comment"):
        assert f'href="#{anchor}"' in source
        assert f'id="{anchor}"' in source
    assert 'value="21"' in source


def test_another_window_is_not_written_over_by_the_button(world):
    client, pk = signed_in(world.experts[0].user), world.assignments[0, 0].pk
    write(world.assignments[0, 0], {**FULL, "basis": "12"})

    answer = client.post(url("sheet", pk), post_sheet({**FULL, "basis": "19"}))

    assert answer.status_code == 409
    assert "另一个窗口保存的：12" in text_of(answer)
    assert 'value="19"' in source_of(answer)
    assert SheetEntry.objects.get(item="basis").value == "12"
    numbers = {row.item: row.number for row in SheetEntry.objects.all()}
    client.post(url("sheet", pk), post_sheet({**FULL, "basis": "19"}, numbers))
    assert SheetEntry.objects.get(item="basis").value == "19"


def test_one_item_is_saved_by_itself(world):
    client, pk = signed_in(world.experts[0].user), world.assignments[0, 0].pk
    address = url("sheet-entry", pk, "basis")

    first = client.post(address, {"basis-points": "18", "basis-comment": "好", "number": "0"})
    again = client.post(address, {"basis-points": "16", "basis-comment": "好", "number": "0"})
    theirs = client.post(address, {"basis-points": "16", "number": "1", "keep": "theirs"})
    mine = client.post(address, {"basis-points": "16", "basis-comment": "好", "number": "1"})

    assert first.json() | {"saved_at": ""} == {
        "number": 1,
        "saved_at": "",
        "total": "已打 1 项，共 5 项",
        "anchor": "优",
    }
    assert (again.status_code, again.json()["number"]) == (409, 1)
    assert "用另一个窗口的" in again.json()["contested"]
    assert theirs.json()["number"] == 1
    assert (mine.json()["number"], mine.json()["anchor"]) == (2, "良")


@pytest.mark.parametrize(
    ("item", "data", "status"),
    [
        ("basis", {}, 400),
        ("basis", {"basis-points": "1", "number": "x"}, 400),
        ("nothing", {"nothing-points": "1", "number": "0"}, 403),
        ("overall", {"number": "0"}, 200),
    ],
)
def test_a_broken_post_is_answered_in_words(world, item, data, status):
    client, pk = signed_in(world.experts[0].user), world.assignments[0, 0].pk

    assert client.post(url("sheet-entry", pk, item), data).status_code == status


def test_a_conflict_shuts_every_page(world):
    all_submitted(world)
    discussing(world)
    declare(world, 0, 0)
    client, pk = signed_in(world.experts[0].user), world.assignments[0, 0].pk

    assert "TJ10-0001" not in source_of(client.get(url("sheets")))
    for address in (
        url("sheet", pk),
        url("sheet-submission", pk),
        url("discussion", world.panel.pk, "TJ10-0001"),
        url("panel-results", world.panel.pk),
        url("result-json", world.panel.pk, 1),
    ):
        assert client.get(address).status_code == 404
    assert client.post(url("sheet-entry", pk, "basis"), {"basis-points": "1"}).status_code == 404
    meeting.plan(world.panel, by=world.officer, held_at=world.panel.closes_at, place="某处", chair="某人")
    live = source_of(client.get(url("meeting-live", world.panel.pk)))
    assert "TJ10-0001" not in live
    assert "TJ10-0002" in live
    assert "您须回避" in live


def test_a_blind_panel_does_not_say_who_applied(world):
    type(world.panel).objects.filter(pk=world.panel.pk).update(blind=True)
    client = signed_in(world.experts[0].user)

    for name in ("sheets", "sheet"):
        args = (world.assignments[0, 0].pk,) if name == "sheet" else ()
        assert world.cast.lead.name not in source_of(client.get(url(name, *args)))


# The discussion


def test_experts_see_each_other_by_number_once_they_discuss(world):
    all_submitted(world, [FULL, FULL, LOW])
    client = signed_in(world.experts[0].user)
    address = url("discussion", world.panel.pk, "TJ10-0001")
    assert client.get(address).status_code == 409
    discussing(world)

    text = text_of(client.get(address))

    assert "专家 2" in text
    assert "专家2号" not in text
    assert "比其他 2 位专家的平均 87.50 低 27.50 分" in text
    said = client.post(address, {"text": "我认为第三份偏低。"}, follow=True)
    assert "我认为第三份偏低。" in text_of(said)
    other = text_of(signed_in(world.experts[1].user).get(address))
    assert "专家 1" in other
    assert client.post(address, {"text": " "}).status_code == 422


def test_who_did_not_hand_in_is_told_why(world):
    submitted(world.assignments[0, 0])
    discussing(world)

    answer = signed_in(world.experts[1].user).get(url("discussion", world.panel.pk, "TJ10-0001"))

    assert answer.status_code == 409
    assert "提交自己的评分表以后" in text_of(answer)


def test_the_officer_sees_names_reopens_and_moderates(world):
    sheets = all_submitted(world, [FULL, FULL, LOW])
    discussing(world)
    client = signed_in(world.officer)
    assert "专家3号" in text_of(client.get(url("discussion", world.panel.pk, "TJ10-0001")))
    sheet = ScoreSheet.objects.get(assignment=world.assignments[2, 0])

    wrong = client.post(
        url("moderation", world.panel.pk, sheet.pk), {"item": "plan", "points": "99", "reason": "x"}
    )
    assert wrong.status_code == 422
    assert "最多 30 分" in text_of(wrong)
    right = client.post(
        url("moderation", world.panel.pk, sheet.pk),
        {"item": "plan", "points": "25", "reason": "合议一致"},
        follow=True,
    )
    assert "建设内容和目标由 20 改为 25" in text_of(right)
    assert Moderation.objects.get().sheet == sheet

    client.post(url("sheet-reopening", world.panel.pk, sheets[0].pk), {"reason": "更正"})
    assert ScoreSheet.objects.get(pk=sheets[0].pk).state == "draft"
    assert client.get(url("sheet-reopening", world.panel.pk, 99_999)).status_code == 404


# Results


def test_the_results_say_everything(world):
    all_submitted(world, [FULL, FULL, LOW])
    client = signed_in(world.officer)

    text = text_of(client.get(url("panel-results", world.panel.pk)))

    assert "共 6 份评分表，缺 0 份" in text
    assert "78.33" in text
    assert "与 TJ10-0001 各项都相同，并列" in text
    assert "专家3号对 TJ10-0001" in text
    assert "建议通过的专家比例" in text


def test_results_leave_as_sheets(world):
    all_submitted(world, [FULL, LOW, LOW])
    client = signed_in(world.officer)

    rows = sheet_of(client.get(url("panel-results-xlsx", world.panel.pk)))
    sheets = sheet_of(client.get(url("sheets-xlsx", world.panel.pk)))

    assert rows[1][:2] == [1.0, "TJ10-0001"]
    assert len(sheets) == 7
    assert sheets[1][1] == "专家1号"


def test_other_weights_are_tried_and_never_kept(world):
    submitted(world.assignments[0, 0], {**FULL, "basis": "20", "plan": "20"})
    submitted(world.assignments[0, 1], {**FULL, "basis": "10", "plan": "29"})
    client, address = signed_in(world.officer), url("what-if", world.panel.pk)
    before = queries.ranking(world.panel)

    text = text_of(client.get(address, {"w-basis": "0", "w-plan": "3"}))

    assert "有 2 件的名次会变" in text
    assert "由第 2 名升到第 1 名，越过 TJ10-0001" in text
    assert queries.ranking(world.panel) == before
    wrong = client.get(address, {"w-basis": "1e9"})
    assert wrong.status_code == 422
    assert 'value="1e9"' in source_of(wrong)
    nothing = {f"w-{key}": "0" for key in FULL}
    assert "至少一项的权重要大于 0" in text_of(client.get(address, nothing))


def test_a_result_is_frozen_shown_and_recomputed(world):
    all_submitted(world, [FULL, FULL, LOW])
    discussing(world)
    client = signed_in(world.officer)
    assert "份评分表、评分规则和算出的结果一起冻结" in text_of(
        client.get(url("result-freezing", world.panel.pk))
    )

    shown = client.post(url("result-freezing", world.panel.pk), follow=True)

    version = DocumentVersion.objects.get(document__kind=queries.RESULT)
    assert version.digest in text_of(shown)
    again = client.post(url("result", world.panel.pk, 1))
    assert "逐字节相同" in text_of(again)
    raw = client.get(url("result-json", world.panel.pk, 1)).content
    assert sha256_of_bytes(raw) == version.digest
    assert sheet_of(client.get(url("result-xlsx", world.panel.pk, 1)))[1][1] == "TJ10-0001"
    assert client.post(url("result-freezing", world.panel.pk)).status_code == 409
    assert client.get(url("result", world.panel.pk, 2)).status_code == 404
    assert "已冻结" in text_of(client.get(url("panel-results", world.panel.pk)))


def test_an_unequal_result_is_said_loudly(world, monkeypatch):
    all_submitted(world)
    discussing(world)
    actions.freeze_result(world.panel, by=world.officer)
    monkeypatch.setattr(queries, "is_equal", lambda version: False)

    answer = signed_in(world.officer).post(url("result", world.panel.pk, 1))

    assert "不同！" in text_of(answer)


def test_the_queries_of_the_results_do_not_grow(cast, call, django_assert_max_num_queries):
    world = reviewing(cast, call, experts=3, applications=3)
    all_submitted(world)
    client = signed_in(world.officer)

    with django_assert_max_num_queries(48):
        client.get(url("panel-results", world.panel.pk))


# The meeting


def planned(client, world, **changed):
    data = {"day": "2023-07-10", "clock": "9:30", "place": "三楼会议室", "chair": "赵处长"}
    return client.post(url("meeting-plan", world.panel.pk), data | changed, follow=True)


def test_a_plan_with_faults_keeps_what_was_typed(world):
    answer = planned(signed_in(world.officer), world, clock="午后")

    assert answer.status_code == 422
    assert "看不出是几点" in text_of(answer)
    assert "三楼会议室" in source_of(answer)


def test_a_meeting_is_held_by_plain_posts(world):
    declare(world, 1, 0)
    client, panel = signed_in(world.officer), world.panel.pk
    assert "还没有安排评审会" in text_of(client.get(url("meeting", panel)))
    planned(client, world)
    found = Meeting.objects.get()
    first, second = found.agenda.all()
    people = list(found.members.all())

    def act(name, **data):
        return client.post(url("meeting-act", panel, name), data, follow=True)

    def item(pk, name, **data):
        return client.post(url("meeting-item", panel, pk, name), data, follow=True)

    assert act("start").status_code == 409
    act("attendance", present=[member.pk for member in people])
    act("order", down=first.pk)
    act("start")
    assert [row.pk for row in found.agenda.all()] == [second.pk, first.pk]

    item(first.pk, "call")
    page = text_of(client.get(url("meeting", panel)))
    assert "专家2号回避" in page
    assert "表决（在场 2 人）" in page
    live = text_of(signed_in(world.experts[1].user).get(url("meeting-live-part", panel)))
    assert "请您离席" in live
    assert "TJ10-0001" not in live

    missing = item(first.pk, "vote", **{f"vote-{people[0].pk}": "agree"})
    assert missing.status_code == 422
    assert "请选择专家3号的表决" in text_of(missing)
    item(first.pk, "vote", **{f"vote-{people[0].pk}": "agree", f"vote-{people[2].pk}": "abstain"})
    assert Vote.objects.count() == 2
    nobody = item(first.pk, "leave", member=people[0].pk, reason="")
    assert nobody.status_code == 422
    # Notes and votes stand in one form: neither is lost by saving the other, and equal votes are recorded once.
    votes = {f"vote-{people[0].pk}": "agree", f"vote-{people[2].pk}": "abstain"}
    partly = item(first.pk, "note", note="建议补充指标。", **{f"vote-{people[0].pk}": "against"})
    assert partly.status_code == 422
    assert found.agenda.get(pk=first.pk).note == "建议补充指标。"
    item(first.pk, "leave", note="建议补充指标和数据。", member=people[2].pk, reason="")
    item(first.pk, "end", note="建议补充指标和数据来源。", **votes)
    assert found.agenda.get(pk=first.pk).note == "建议补充指标和数据来源。"
    assert Event.objects.filter(name="meeting.voted").count() == 1
    act("notes", notes="会后复核。")
    closed = client.post(url("meeting-closing", panel), follow=True)

    assert "会议纪要冻结" in text_of(closed)
    assert client.get(url("minutes-pdf", panel)).status_code == 200
    assert client.get(url("minutes-docx", panel)).status_code == 200
    assert client.post(url("meeting-reopening", panel), {"reason": ""}).status_code == 422
    client.post(url("meeting-reopening", panel), {"reason": "漏记"})
    assert Meeting.objects.get().state == "open"
    assert act("nothing").status_code == 404
    assert item(first.pk, "nothing").status_code == 404


def test_a_call_without_scoring_says_so(world, monkeypatch):
    monkeypatch.setattr(type(world.panel.call), "package", world.panel.call.package, raising=False)
    package = world.panel.call.package
    object.__setattr__(package, "scoring", None)
    try:
        client = signed_in(world.officer)
        assert client.get(url("panel-results", world.panel.pk)).status_code == 409
        assert client.get(url("meeting", world.panel.pk)).status_code == 409
        assert signed_in(world.experts[0].user).get(url("sheets")).status_code == 200
    finally:
        monkeypatch.undo()
        from shidian.calls.models import package_of_digest

        package_of_digest.cache_clear()


def test_a_closed_panel_is_still_looked_at(world):
    all_submitted(world)
    move(discussing(world), "close", by=SYSTEM)
    client = signed_in(world.officer)

    assert client.get(url("discussion", world.panel.pk, "TJ10-0001")).status_code == 200
    assert client.get(url("panel-results", world.panel.pk)).status_code == 200
    assert signed_in(world.cast.auditor).get(url("panel-results", world.panel.pk)).status_code == 200

"""The pool, the panels and the plans at the desk of the commission."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shidian.calls.models import Call
from shidian.core import clock
from shidian.reviews.experts import assignment, declaring, panels
from shidian.reviews.experts.pool import Details
from shidian.reviews.models import Assignment, AssignmentPlan, ConflictDeclaration, Expert, Panel
from tests import steps
from tests.desk.pages import sheet_of, signed_in, text_of
from tests.reviews.experts import scene

NEW = {"name": "钱专家", "email": "qian@example.cn", "unit": "天津市远处研究院", "title": "研究员"}


@pytest.fixture
def officer(cast: steps.Cast) -> Client:
    return signed_in(cast.commission_officer)


def at(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def file_of(*lines: str, encoding: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile("表.csv", "\n".join(lines).encode(encoding))


# The pool


def test_an_expert_is_added_invited_found_and_exported(cast: steps.Cast, officer: Client) -> None:
    place = cast.commission.key
    assert "专家库里还没有人" in text_of(officer.get(at("experts", place)))
    answer = officer.post(
        at("expert-new", place),
        {**NEW, "specialities": ["emergency/rescue"], "others": "消防、 防汛"},
        follow=True,
    )
    assert "钱专家 已入专家库" in text_of(answer)
    assert "设密码的链接" in text_of(answer)
    made = Expert.objects.get()
    assert made.specialities == ["emergency/rescue", "消防", "防汛"]
    for query, found in (
        ("", True), ("?q=远处", True), ("?q=近处", False), ("?speciality=emergency", True),
        ("?speciality=消防", True), ("?speciality=labour", False), ("?state=gone", False),
    ):  # fmt: skip
        assert ("钱专家" in text_of(officer.get(at("experts", place) + query))) is found, query
    rows = sheet_of(officer.get(at("experts-xlsx", place)))
    assert rows[1][:3] == ["钱专家", "qian@example.cn", "天津市远处研究院"]
    assert rows[1][6] == "应急管理 · 应急救援队伍建设、消防、防汛"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"unit": ""}, "请写工作单位"),
        ({"unit_code": "123"}, "代码"),
        ({"email": "x"}, "邮箱的写法不对"),
        ({"email": "handler@example.cn"}, "不能兼任专家"),
        ({"email": "administrator@example.cn"}, "不能兼任专家"),
        ({"specialities": ["nowhere"]}, "请选择列表里的方向"),
    ],
)
def test_what_is_wrong_with_an_expert_is_said_and_nothing_is_lost(
    cast: steps.Cast, officer: Client, given: dict[str, Any], words: str
) -> None:
    answer = officer.post(at("expert-new", cast.commission.key), {**NEW, **given})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "研究员" in answer.content.decode()
    assert not Expert.objects.exists()


def test_nobody_is_an_expert_twice(cast: steps.Cast, officer: Client) -> None:
    scene.expert(cast)
    answer = officer.post(at("expert-new", cast.commission.key), {**NEW, "email": cast.expert.email})

    assert "已经在专家库里" in text_of(answer)


def test_an_expert_is_changed_put_out_and_taken_in_again(cast: steps.Cast, officer: Client) -> None:
    made = scene.expert(cast)
    here = (cast.commission.key, made.pk)
    officer.post(at("expert", *here), {"unit": "新单位", "specialities": ["labour"]})
    assert Expert.objects.get().unit == "新单位"
    assert officer.post(at("expert", *here), {"unit": ""}).status_code == 422
    assert officer.post(at("expert-deactivation", *here), {"reason": ""}).status_code == 422
    officer.post(at("expert-deactivation", *here), {"reason": "任期已满"})
    assert not Expert.objects.get().active
    assert signed_in(cast.expert).get(at("readings")).status_code == 404
    officer.post(at("expert-reactivation", *here))
    assert Expert.objects.get().active
    words = text_of(officer.get(at("expert", *here)))
    assert "停用专家：任期已满" in words
    assert "修改专家资料" in words


def test_a_conflict_is_declared_for_an_expert_and_taken_back(cast: steps.Cast, officer: Client) -> None:
    made = scene.expert(cast)
    here = (cast.commission.key, made.pk)
    given = {"declare": "1", "unit": "某单位", "kind": "family", "text": "配偶任职"}
    assert "请写明情形" in text_of(officer.post(at("expert", *here), {**given, "text": ""}))
    officer.post(at("expert", *here), given)
    row = ConflictDeclaration.objects.get()
    assert "某单位" in text_of(officer.get(at("expert", *here)))
    there = at("declaration-withdrawal", cast.commission.key, row.pk)
    assert officer.post(there, {"reason": ""}).status_code == 422
    assert "已撤销" in text_of(officer.post(there, {"reason": "已离婚"}, follow=True))
    assert officer.post(there, {"reason": "再撤"}).status_code == 409


def test_experts_are_imported_after_a_look(cast: steps.Cast, officer: Client) -> None:
    scene.expert(cast)
    place = cast.commission.key
    answer = officer.post(
        at("expert-import", place),
        {
            "file": file_of(
                "专家名册",
                "姓名,邮箱,单位,统一社会信用代码,专业方向,职称",
                "钱专家,QIAN@example.cn,天津市远处研究院,,应急救援队伍建设、合规管理,研究员",
                "专家,expert@example.cn,天津市别处研究院,,,",
                "孙专家,qian@example.cn,某院,,,",
                "李专家,li@,某院,123,,",
                ",,,,,",
                "张经办,handler@example.cn,某局,,,",
                encoding="gb18030",
            )
        },
    )
    words = text_of(answer)
    assert "新增 1 人，修改 1 人，没有变化 0 人，不能导入 3 行" in words
    assert "邮箱与第 3 行相同" in words
    assert "邮箱的写法不对" in words
    assert Expert.objects.count() == 1
    kept = answer.context["kept"]
    answer = officer.post(at("expert-import", place), {"confirmed": kept}, follow=True)
    assert "新增 1 人，修改 1 人" in text_of(answer)
    assert Expert.objects.get(user__email="qian@example.cn").specialities == [
        "emergency/rescue", "governance/compliance",
    ]  # fmt: skip
    assert Expert.objects.get(user=cast.expert).unit == "天津市别处研究院"
    assert officer.post(at("expert-import", place), {"confirmed": "x" + kept}).status_code == 409


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["姓名,单位", "甲,乙"], "表头里没有“电子邮箱”"),
        (["姓名,邮箱,单位"], "表头下面没有内容"),
        (["\0\0"], "不是 CSV"),
        (["PK\x03\x04xx"], "Excel 表格读不出来"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    cast: steps.Cast, officer: Client, lines: list[str], words: str
) -> None:
    answer = officer.post(at("expert-import", cast.commission.key), {"file": file_of(*lines)})

    assert (answer.status_code, words in text_of(answer)) == (422, True)


def test_what_is_exported_can_be_imported_again(cast: steps.Cast, officer: Client) -> None:
    scene.expert(cast, Details("某院", specialities=("emergency/rescue", "labour", "消防")))
    sheet = officer.get(at("experts-xlsx", cast.commission.key)).content
    answer = officer.post(
        at("expert-import", cast.commission.key), {"file": SimpleUploadedFile("专家.xlsx", sheet)}
    )

    assert "没有变化 1 人，不能导入 0 行" in text_of(answer)


# Panels


def given_panel(cast: steps.Cast, call: Call) -> dict[str, Any]:
    return {
        "name": "应急组",
        "areas": ["emergency"],
        "opens": "2023-08-07",
        "closes": "2023-08-18",
        "clock": "17:00",
    }


def test_a_panel_is_set_up_changed_and_led_on(cast: steps.Cast, call: Call, officer: Client) -> None:
    scene.there(cast, call)
    here = at("panels", call.key, cast.commission.key)
    assert "还没有评审组" in text_of(officer.get(here))
    assert "请写评审组的名称" in text_of(officer.post(here, {**given_panel(cast, call), "name": ""}))
    assert "截止要在开始之后" in text_of(
        officer.post(here, {**given_panel(cast, call), "closes": "2023-08-01"})
    )
    answer = officer.post(here, given_panel(cast, call), follow=True)
    assert "已设立评审组“应急组”" in text_of(answer)
    panel = Panel.objects.get()
    assert panel.closes_at.astimezone(call.zone).isoformat() == "2023-08-18T17:00:00+08:00"
    assert "已有同名" in text_of(officer.post(here, given_panel(cast, call)))
    assert "还没有分配" in text_of(officer.get(at("panel-step", panel.pk, "open")))
    assert officer.post(at("panel-step", panel.pk, "open")).status_code == 409
    officer.post(at("panel-change", panel.pk), {**given_panel(cast, call), "name": "第二组", "areas": []})
    panel.refresh_from_db()
    assert (panel.name, panel.areas) == ("第二组", [])
    application = steps.fresh(assignment.applications_of(panel)[0])
    assignment.assign(panel, [(scene.expert(cast), application)], by=cast.commission_officer)
    for verb, state in (("open", "reviewing"), ("discuss", "discussing"), ("close", "closed")):
        officer.post(at("panel-step", panel.pk, verb))
        panel.refresh_from_db()
        assert panel.state == state
    assert officer.post(at("panel-step", panel.pk, "reopen"), {"reason": ""}).status_code == 422
    officer.post(at("panel-step", panel.pk, "reopen"), {"reason": "补评"})
    panel.refresh_from_db()
    assert panel.state == "reviewing"
    assert officer.get(at("panel-step", panel.pk, "nothing")).status_code == 404


def test_by_hand_in_the_table_and_in_the_list(cast: steps.Cast, call: Call, officer: Client) -> None:
    application = scene.there(cast, call)
    far = scene.expert(cast)
    near = scene.expert(cast, Details("和平区示范应急服务中心"), email="near@example.cn")
    panel = scene.panel(cast, call)
    people = text_of(officer.get(at("panel-experts", panel.pk)))
    assert "1 件" in people
    assert "是这份申请的承担单位" in people
    for name, args in (("panel-matrix", (panel.pk,)), ("panel-readers", (panel.pk, application.reference))):
        page = at(name, *args)
        body = officer.get(page).content.decode()
        assert f'value="{far.pk}-{application.pk}"' in body
        assert "本人单位" in body
        answer = officer.post(page, {"pair": f"{near.pk}-{application.pk}"})
        assert (answer.status_code, "不能把" in text_of(answer)) == (422, True)
        answer = officer.post(page, {"pair": f"{far.pk}-{application.pk}"}, follow=True)
        assert "已分配 1 份" in text_of(answer)
        answer = officer.post(page, {"was": f"{far.pk}-{application.pk}"})
        assert (answer.status_code, "请写明理由" in text_of(answer)) == (422, True)
        officer.post(page, {"was": f"{far.pk}-{application.pk}", "reason": "时间来不及"})
        assert not Assignment.objects.filter(withdrawn_at__isnull=True).exists()
        assert "分配没有变化" in text_of(officer.post(page, {"pair": "x-1"}, follow=True))
    assert Assignment.objects.count() == 2
    assert "时间来不及" in text_of(officer.get(at("panel", panel.pk)))


def test_a_file_is_looked_at_and_confirmed(cast: steps.Cast, call: Call, officer: Client) -> None:
    application = scene.there(cast, call)
    far = scene.expert(cast)
    other = scene.expert(cast, email="other@example.cn")
    scene.expert(cast, Details("和平区示范应急服务中心"), email="near@example.cn")
    panel = scene.panel(cast, call)
    assignment.assign(panel, [(other, application)], by=cast.commission_officer)
    reference = application.reference
    answer = officer.post(
        at("panel-file", panel.pk),
        {
            "file": file_of(
                "申请编号,专家邮箱,动作,理由",
                f"{reference},expert@example.cn,,",
                f"{reference},other@example.cn,撤回,太忙",
                f"{reference},near@example.cn,分配,",
                f"{reference},nobody@example.cn,,",
                "TJ0-0,expert@example.cn,,",
                f"{reference},专家,分配,",
                f"{reference},expert@example.cn,删除,",
            )
        },
        follow=True,
    )
    words = text_of(answer)
    assert "分配 1 份，撤回 1 份，没有变化 0 行，不能办 5 行" in words
    assert "与第 2 行重复" in words
    assert "回避：本人单位" in words
    plan = AssignmentPlan.objects.get()
    assert Assignment.objects.count() == 1
    answer = officer.post(at("plan-confirmation", plan.pk), follow=True)
    assert "已分配 1 份，撤回 1 份" in text_of(answer)
    assert [row.expert for row in Assignment.objects.filter(withdrawn_at__isnull=True)] == [far]
    assert Assignment.objects.get(expert=other).withdrawn_reason == "太忙"
    assert officer.post(at("plan-confirmation", plan.pk)).status_code == 409
    rows = sheet_of(officer.get(at("panel-xlsx", panel.pk)))
    assert rows[1][:3] == [reference, "expert@example.cn", "分配"]
    again = officer.get(at("panel-xlsx", panel.pk)).content
    answer = officer.post(
        at("panel-file", panel.pk), {"file": SimpleUploadedFile("a.xlsx", again)}, follow=True
    )
    assert "没有变化 1 行，不能办 0 行" in text_of(answer)


def test_a_plan_is_worked_out_shown_and_confirmed(cast: steps.Cast, call: Call, officer: Client) -> None:
    application = scene.there(cast, call)
    experts = [scene.expert(cast, email=f"e{number}@example.cn") for number in range(2)]
    scene.expert(cast, Details("和平区示范应急服务中心"), email="near@example.cn")
    panel = scene.panel(cast, call)
    answer = officer.post(at("panel-automatic", panel.pk), {"readers": "", "most": "0"})
    assert answer.status_code == 422
    answer = officer.post(at("panel-automatic", panel.pk), {"readers": "3", "most": "5"}, follow=True)
    words = text_of(answer)
    assert "缺 1 位" in words
    assert "库里 3 人，1 人要回避，0 人已满 5 份" in words
    plan = AssignmentPlan.objects.get()
    assert {tuple(pair) for pair in plan.found["pairs"]} == {(row.pk, application.pk) for row in experts}
    # What changed in between is left out, and said.
    declaring.declare(experts[0], kind="other", text="a", application=application, by=cast.commission_officer)
    answer = officer.post(at("plan-confirmation", plan.pk), follow=True)
    assert "有 1 份在这期间有了变化" in text_of(answer)
    assert [row.expert for row in Assignment.objects.all()] == [experts[1]]
    assert officer.get(at("plan-xlsx", plan.pk)).status_code == 200
    officer.post(at("panel-automatic", panel.pk), {"readers": "1", "most": "5"})
    second = AssignmentPlan.objects.latest("pk")
    assert second.found["pairs"] == []
    officer.post(at("plan-discarding", second.pk))
    assert AssignmentPlan.objects.latest("pk").state == "discarded"
    assert officer.get(at("plan-progress", second.pk)).json()["finished"]


def test_a_suspended_one_is_shown_with_its_reason_and_taken_back(
    cast: steps.Cast, call: Call, officer: Client
) -> None:
    application = scene.there(cast, call)
    expert = scene.expert(cast)
    panel = scene.panel(cast, call)
    [row] = assignment.assign(panel, [(expert, application)], by=cast.commission_officer)
    declaring.declare(expert, kind="advice", text="写过稿子", application=application, by=cast.expert)
    words = text_of(officer.get(at("panel", panel.pk)))
    assert "须回避，已暂停" in words
    assert "写过稿子" in words
    officer.post(at("unassigning", panel.pk, row.pk), {"reason": "回避"})
    assert "须回避，已暂停" not in text_of(officer.get(at("panel", panel.pk)))
    assert officer.post(at("unassigning", panel.pk, row.pk), {"reason": "再撤"}).status_code == 409


def test_pages_cost_the_same_for_many(
    cast: steps.Cast, call: Call, officer: Client, django_assert_max_num_queries
) -> None:
    application = scene.there(cast, call)
    panel = scene.panel(cast, call)
    experts = [scene.expert(cast, email=f"e{number}@example.cn") for number in range(12)]
    assignment.assign(panel, [(row, application) for row in experts], by=cast.commission_officer)
    for name in ("panel", "panel-experts", "panel-matrix"):
        with django_assert_max_num_queries(60):
            officer.get(at(name, panel.pk))
    with django_assert_max_num_queries(25):
        officer.get(at("experts", cast.commission.key))


def test_nobody_else_keeps_the_pool_or_a_panel(cast: steps.Cast, call: Call) -> None:
    scene.there(cast, call)
    made = scene.expert(cast)
    panel = scene.panel(cast, call)
    for person in (cast.heping_handler, cast.expert, cast.administrator, cast.outsider):
        client = signed_in(person)
        assert client.get(at("experts", cast.commission.key)).status_code == 404
        assert client.get(at("expert", cast.commission.key, made.pk)).status_code == 404
        assert client.get(at("panel", panel.pk)).status_code == 404
        assert client.post(at("panel-automatic", panel.pk), {"readers": "1", "most": "1"}).status_code == 404


# The expert's desk


@pytest.fixture
def reading(cast: steps.Cast, call: Call) -> Assignment:
    application = scene.there(cast, call)
    expert = scene.expert(cast)
    panel = scene.panel(cast, call)
    [row] = assignment.assign(panel, [(expert, application)], by=cast.commission_officer)
    panels.open_panel(panel, by=cast.commission_officer)
    return row


def test_an_expert_reads_what_was_handed_in(cast: steps.Cast, reading: Assignment) -> None:
    client = signed_in(cast.expert)
    assert client.get("/", follow=True).redirect_chain or True
    words = text_of(client.get(at("readings")))
    assert reading.application.reference in words
    assert "和平区示范应急服务中心" in words
    page = text_of(client.get(at("reading", reading.pk)))
    assert "申请书 v1" in page
    assert steps.LONG in page
    assert client.get(at("reading-form", reading.pk)).status_code == 200
    assert client.get(at("reading-file", reading.pk, 1)).status_code == 200
    assert client.get(at("reading-file", reading.pk, 99)).status_code == 404
    assert sheet_of(client.get(at("readings-xlsx")))[1][1] == reading.application.reference
    assert "没有找到" in text_of(client.get(at("readings") + "?q=没有的词"))
    assert client.get(reverse("desk:application", args=(reading.application.reference,))).status_code == 404


def test_nothing_is_read_before_the_panel_opens_or_after_it_closed(
    cast: steps.Cast, reading: Assignment
) -> None:
    client = signed_in(cast.expert)
    panels.close(reading.panel, by=cast.commission_officer)

    assert "现在没有要评审的申请" in text_of(client.get(at("readings")))
    assert client.get(at("reading", reading.pk)).status_code == 404


def test_a_declared_conflict_makes_it_disappear(cast: steps.Cast, reading: Assignment) -> None:
    client = signed_in(cast.expert)
    there = at("reading-conflict", reading.pk)
    assert client.post(there, {"kind": "advice", "text": ""}).status_code == 422
    answer = client.post(there, {"kind": "advice", "text": "给过咨询"}, follow=True)
    assert "已申报回避" in text_of(answer)
    for name in ("reading", "reading-form", "reading-conflict"):
        assert client.get(at(name, reading.pk)).status_code == 404
    own = text_of(client.get(at("expert-own")))
    assert "给过咨询" in own
    assert reading.application.reference not in own
    assert reading.application.reference not in text_of(client.get(at("readings")))


def test_an_expert_declares_a_unit(cast: steps.Cast, reading: Assignment) -> None:
    client = signed_in(cast.expert)
    assert client.post(at("expert-own"), {"kind": "other", "text": "a"}).status_code == 422
    client.post(at("expert-own"), {"kind": "other", "text": "顾问", "unit": "和平区示范人民政府"})

    assert client.get(at("reading", reading.pk)).status_code == 404


def test_times_of_a_panel_are_shown(cast: steps.Cast, reading: Assignment) -> None:
    assert reading.panel.closes_at - clock.now() == timedelta(days=7)
    assert "截止" in text_of(signed_in(cast.expert).get(at("readings")))

"""Everything that one may see is found, and nothing else is found, counted or exported."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shidian.accounts.models import User
from shidian.applications import sharing
from shidian.applications.actions import reopen
from shidian.applications.models import Application
from shidian.applications.queries import visible_to, working_applications
from shidian.calls.models import Call
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.scoring import actions as scoring
from shidian.search import finding
from shidian.search.indexing import index, index_unit, rebuild
from shidian.search.models import Entry
from tests import steps
from tests.reviews.scoring import panel


def found(user: User, text: str, space: str = "desk") -> list[str]:
    query = finding.read(user, space, text)
    assert not query.problems, query.problems
    page = finding.page(query)
    facets = finding.facets(query)
    assert page.total == len(page.lines)
    for facet in facets:
        assert sum(choice.count for choice in facet.choices) <= page.total
    return [line.application.reference for line in page.lines]


def problems(user: User, text: str) -> list[str]:
    query = finding.read(user, "desk", text)
    assert query.rows.count() == 0
    return [each.message for each in query.problems]


@pytest.fixture
def lodged(cast: steps.Cast, call: Call) -> Application:
    application = steps.lodged(cast, call)
    index(application.reference)
    return application


def test_no_condition_leads_beyond_what_one_may_see(cast: steps.Cast, lodged: Application) -> None:
    asked = (
        "",
        "状态:待受理审查",
        "应急 OR 状态:lodged",
        "-消防",
        "-状态:退回",
        "区:和平",
        "编号:TJ",
        "批次:第十批",
    )
    for text in asked:
        assert found(cast.lead_writer, text, "portal") == [lodged.reference], text
        for user, space in ((cast.outsider, "portal"), (cast.other_handler, "desk"), (cast.expert, "desk")):
            assert found(user, text, space) == [], (text, user)
            assert finding.export(finding.read(user, space, text), "unit") == []


def test_where_it_stands_is_never_behind(cast: steps.Cast, lodged: Application) -> None:
    reviews.decline(lodged, by=cast.heping_handler, reasons=[Said("不属于本批方向")])
    assert found(cast.heping_handler, "状态:不予推荐") == [lodged.reference]
    assert found(cast.heping_handler, "状态:待受理审查") == []
    lodged.lead.region = "120102"
    lodged.lead.save()
    index_unit(str(lodged.lead_id))
    assert found(cast.heping_handler, "区:河东区") == [lodged.reference]


def test_words_found_are_put_in_any_order(cast: steps.Cast, call: Call) -> None:
    names = sorted(steps.lodged(cast, call).reference for _number in range(2))
    for name in names:
        index(name)
    query = finding.read(cast.heping_handler, "desk", "应急 -消防")
    for sort in finding.SORTS:
        lines = finding.page(query, sort=sort).lines
        assert sorted(line.application.reference for line in lines) == names, sort


def test_an_office_finds_what_arrived_and_nobody_else_does(cast: steps.Cast, lodged: Application) -> None:
    for text in (
        "应急救援",
        "应急 队伍",
        "急",
        lodged.reference,
        lodged.reference[:5],
        "示范应急管理局",
        "定期检查改进",
    ):
        assert found(cast.heping_handler, text) == [lodged.reference], text
        assert found(cast.other_handler, text) == []
        assert found(cast.commission_officer, text) == []
        assert found(cast.administrator, text) == []
        assert found(cast.lead_writer, text, "portal") == [lodged.reference]
        assert found(cast.outsider, text, "portal") == []
    assert found(cast.auditor, "应急救援") == [lodged.reference]
    assert found(cast.heping_handler, "没有这样的字") == []


def test_words_are_joined_and_refused_as_the_language_says(cast: steps.Cast, lodged: Application) -> None:
    cases = {
        "应急 -救援": 0, "应急 -消防": 1, "消防 OR 应急": 1, "消防 OR 状态:退回": 0, "(消防 OR 应急) 状态:待受理审查": 1,
        "消防 OR 状态:lodged": 1, "-状态:退回 应急": 1, '"应急救援队伍"': 1, '"救援应急"': 0,
        "单位:应急管理局": 1, "单位:定期检查": 0, "名称:应急救援": 1, "名称:管理局": 0, "-消防": 1, "-应急": 0,
        "区:和平": 1, "区:河东区": 0, "机构:和平": 1, "批次:第十批": 1, "受理:2023-07": 1, "受理:<2023-07-03": 0,
        "受理:>=2023-07-03": 1, "受理:2023-07-01..2023-07-31": 1, "递交:2023-07-03": 1, "次数:>=2": 0, "次数:1": 1,
        f"编号:{lodged.reference[-4:]}": 1, "area:emergency OR 领域:" + lodged.area.split("/")[0]: 1,
    }  # fmt: skip
    for text, count in cases.items():
        query = finding.read(cast.heping_handler, "desk", text)
        if "area:emergency" not in text:
            assert not query.problems, (text, query.problems)
            assert len(finding.page(query).lines) == count, text


def test_what_is_wrong_is_told_with_what_would_do(cast: steps.Cast, lodged: Application) -> None:
    cases = {
        "状太:退回": "是不是“状态”", "sate:x": "是不是“状态”", "状态:没有": "有：", "受理:明年": "不是日期",
        "区:没有区": "没有叫", "次数:多": "数字", "状态:>退回": "不能比较", "！！": "没有可以搜索的字",
        "http://a": "没有“http”", "状态:填写中": "有：", "受理:2023-13": "不是日期",
    }  # fmt: skip
    for text, words in cases.items():
        assert any(words in each for each in problems(cast.heping_handler, text)), (
            text, problems(cast.heping_handler, text),
        )  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.sampled_from('应急标a1 OR-:,()"<>=*%_^{}\\' + "'状态区受理"), max_size=25)
    | st.text(max_size=25)
)
def test_no_text_breaks_a_search(cast: steps.Cast, lodged: Application, text: str) -> None:
    query = finding.read(cast.heping_handler, "desk", text)
    finding.page(query)
    finding.facets(query)


def test_what_the_lead_writes_after_a_return_is_not_the_offices(
    cast: steps.Cast, lodged: Application
) -> None:
    reviews.return_for_correction(lodged, by=cast.heping_handler, reasons=[Said("请补充蓝鲸项目说明")])
    application = steps.fresh(lodged)
    steps.write(application, cast.lead_writer, cover__name="改名后的白象工程")
    index(application.reference)

    assert found(cast.lead_writer, "白象工程", "portal") == [lodged.reference]
    assert found(cast.heping_handler, "白象工程") == found(cast.auditor, "白象工程") == []
    assert found(cast.heping_handler, "应急救援") == [lodged.reference]
    assert found(cast.heping_handler, "状态:退回补正") == [lodged.reference]
    # The reasons are read by those who judge and by the lead.
    assert (
        found(cast.heping_handler, "理由:蓝鲸")
        == found(cast.lead_writer, "蓝鲸", "portal")
        == [lodged.reference]
    )


def test_what_was_sent_on_is_found_where_it_came(cast: steps.Cast, call: Call) -> None:
    application, listed = steps.dispatched(cast, call)
    index(application.reference)

    for user in (cast.heping_handler, cast.commission_officer, cast.institute_clerk, cast.auditor):
        assert found(user, "应急救援") == [application.reference], user
    assert found(cast.commission_officer, f"清单:{listed.reference}") == [application.reference]
    assert found(cast.heping_handler, f"清单:{listed.reference}") == []
    assert found(cast.other_handler, "应急救援") == []


def test_a_person_with_two_offices_finds_it_once(cast: steps.Cast, call: Call) -> None:
    application, _listed = steps.dispatched(cast, call)
    index(application.reference)
    steps.appoint(cast.heping_handler, cast.commission, "handler")

    assert found(cast.heping_handler, "应急") == [application.reference]


def test_who_has_a_section_finds_the_application(cast: steps.Cast, call: Call) -> None:
    draft = steps.start_filled(cast, call)
    sharing.give(draft, "plan", to=cast.partner, by=cast.lead_writer)
    index(draft.reference)

    assert found(cast.partner, "应急救援", "portal") == [draft.reference]
    assert found(cast.partner, "状态:填写中", "portal") == [draft.reference]


def test_indexing_again_and_anew_comes_to_the_same(cast: steps.Cast, call: Call) -> None:
    one, _listed = steps.dispatched(cast, call)
    for _time in range(3):
        index(one.reference)
    before = sorted(Entry.objects.values_list("application", "office", "heads", "body"), key=str)
    list(rebuild())
    list(rebuild())

    assert sorted(Entry.objects.values_list("application", "office", "heads", "body"), key=str) == before
    assert found(cast.heping_handler, "应急救援") == [one.reference]


def test_a_count_tells_no_more_than_the_rows(cast: steps.Cast, call: Call) -> None:
    for _number in range(3):
        index(steps.lodged(cast, call).reference)
    for name in (
        "heping_handler",
        "other_handler",
        "commission_officer",
        "institute_clerk",
        "auditor",
        "expert",
    ):
        user = getattr(cast, name)
        seen = set(visible_to(user).values_list("reference", flat=True))
        assert set(found(user, "")) <= seen
        assert len(found(user, "应急")) <= len(seen)


def test_what_one_may_see_is_what_one_may_find(cast: steps.Cast, call: Call) -> None:
    for application in (steps.dispatched(cast, call)[0], steps.lodged(cast, call), steps.signed(cast, call)):
        index(application.reference)
    steps.appoint(cast.expert, cast.institute, "handler")  # of a registry, and no registrar
    for user in vars(cast).values():
        if isinstance(user, User):
            sees = set(visible_to(user).values_list("pk", flat=True))
            works = set(working_applications(user).values_list("pk", flat=True))
            at_desk = set(finding.everything(user, "desk").rows.values_list("application", flat=True))
            assert set(finding.everything(user, "portal").rows.values_list("application", flat=True)) == works
            arrived = set(Entry.objects.exclude(office=None).values_list("application", flat=True))
            assert at_desk == (sees - works if not user.is_auditor else sees & arrived), user


def test_pages_go_on_where_the_last_ended(
    cast: steps.Cast, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = []
    for _number in range(7):
        application = steps.lodged(cast, call)
        index(application.reference)
        references.append(application.reference)
    some = references[:2] + references[3:6]
    texts = {"应急": references, " OR ".join(some): some}
    monkeypatch.setattr(finding, "PER_PAGE", 2)
    # With few, those that say it are gathered; with more than are counted, the first of the order are asked.
    for counted, asked in ((2000, 500), (3, 4), (3, 500)):
        monkeypatch.setattr(finding, "COUNTED", counted)
        monkeypatch.setattr(finding, "ASKED", asked)
        for text, wanted in texts.items():
            for sort in finding.SORTS:
                query = finding.read(cast.heping_handler, "desk", text)
                whole = [line.application.reference for line in finding.export(query, sort)]
                assert sorted(whole) == sorted(wanted)
                shown, page = [], finding.page(query, sort=sort)
                pages = [page]
                while page.after:
                    page = finding.page(query, sort=sort, after=page.after)
                    pages.append(page)
                shown = [line.application.reference for page in pages for line in page.lines]
                assert shown == whole, sort
                back = finding.page(query, sort=sort, before=pages[-1].before)
                assert [line.entry.pk for line in back.lines] == [line.entry.pk for line in pages[-2].lines]
    assert finding.page(query, after="[nonsense").lines


def test_the_number_of_queries_does_not_grow(
    cast: steps.Cast, call: Call, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _number in range(2):
        index(steps.lodged(cast, call).reference)
        with CaptureQueriesContext(connection) as asked:
            query = finding.read(cast.heping_handler, "desk", "应急 状态:lodged")
            finding.page(query)
            finding.facets(query)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_reopening_changes_nothing_for_strangers(cast: steps.Cast, call: Call) -> None:
    application = steps.signed(cast, call)
    reopen(application, by=cast.lead_writer, reason="改")
    index(application.reference)

    assert found(cast.heping_handler, "应急") == found(cast.auditor, "应急") == []


def test_frozen_points_are_a_condition_for_those_who_may_look(cast: steps.Cast, call: Call) -> None:
    world = panel.reviewing(cast, call, experts=2, applications=2)
    first, second = (each.reference for each in world.applications)
    for (_expert, application), assignment in world.assignments.items():
        panel.submitted(
            assignment, {**panel.FULL, "plan": "27"} if application else {**panel.FULL, "plan": "7"}
        )
    for name in (first, second):
        index(name)
    assert found(cast.heping_handler, "分数:>0") == []  # nothing is frozen yet
    panel.discussing(world)
    scoring.freeze_result(world.panel, by=world.officer)

    cases = {
        "分数:>=67.5": {first, second},
        "分数:67.5": {first},
        "score:>67.5": {second},
        "-分数:<80": {second},
    }
    for text, expected in cases.items():
        assert set(found(cast.heping_handler, text)) == expected, text
    assert set(found(cast.auditor, "分数:<80")) == {first}
    steps.appoint(cast.outsider, cast.heping, "registrar")  # sees applications there, and no points
    for user, space in ((cast.outsider, "desk"), (cast.other_handler, "desk"), (cast.lead_writer, "portal")):
        query = finding.read(user, space, "分数:>=67.5")
        assert "只有组织评审的机构" in query.problems[0].message
        assert query.rows.count() == 0 and finding.facets(query) == []
    assert any("要写数字" in each for each in problems(cast.heping_handler, "分数:高"))

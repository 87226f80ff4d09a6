"""The pages of searching, views, batches and figures at the desk and in the portal."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.urls import reverse

from shidian.applications.actions import lodge
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core.digests import sha256_of_bytes
from shidian.organisations.models import Officer
from shidian.reviews import actions as reviews
from shidian.reviews import claims
from shidian.reviews.actions import Said
from shidian.reviews.models import Check
from shidian.reviews.queries import claim_on
from shidian.search import batches
from shidian.search.figures import figures
from shidian.search.indexing import index
from shidian.search.models import Batch, SavedView
from tests import steps
from tests.desk.pages import sheet_of, signed_in, source_of, text_of

SEARCH = "/desk/search/"


@pytest.fixture
def lodged(cast: steps.Cast, call: Call) -> Application:
    application = steps.lodged(cast, call)
    index(application.reference)
    return application


def test_what_is_found_is_marked_and_can_be_narrowed(
    cast: steps.Cast, call: Call, lodged: Application
) -> None:
    index(steps.lodged(cast, call).reference)
    reviews.decline(lodged, by=cast.heping_handler, reasons=[Said("不属于本批方向")])
    client = signed_in(cast.heping_handler)
    answer = client.get(SEARCH, {"q": "应急救援"})

    assert "共 2 件" in text_of(answer)
    assert "<mark>应急救援</mark>" in source_of(answer)
    state = next(each for each in answer.context["facets"] if each["facet"].key == "状态")
    links = {choice.label: link for choice, link in state["choices"]}
    narrowed = client.get(f"{SEARCH}?{links['不予推荐']}")
    assert [row["line"].application.reference for row in narrowed.context["rows"]] == [lodged.reference]
    assert narrowed.context["asked"].text == "应急救援 状态:不予推荐"
    again = next(each for each in narrowed.context["facets"] if each["facet"].key == "状态")
    assert [choice.query for choice, _link in again["choices"] if choice.chosen] == ["应急救援"]


def test_what_is_wrong_is_shown_at_its_place(cast: steps.Cast, lodged: Application) -> None:
    answer = signed_in(cast.heping_handler).get(SEARCH, {"q": "应急 状太:退回"})

    assert answer.status_code == 200
    assert "是不是“状态”" in text_of(answer)
    assert "<b>状太:退回</b>" in source_of(answer)
    assert answer.context["page"].lines == []


def test_the_sheet_holds_what_is_seen(cast: steps.Cast, lodged: Application) -> None:
    client = signed_in(cast.heping_handler)
    asked = {"q": "应急", "col": ["unit", "reference"]}

    rows = sheet_of(client.get("/desk/search.xlsx", asked))
    assert rows == [["申请编号", "承担单位"], [lodged.reference, lodged.lead.name]]
    content = client.get("/desk/search.csv", asked).content.decode("utf-8-sig")
    assert content.splitlines() == ["申请编号,承担单位", f"{lodged.reference},{lodged.lead.name}"]
    assert len(sheet_of(signed_in(cast.other_handler).get("/desk/search.xlsx", asked))) == 1


def test_a_formula_in_a_title_stays_text(cast: steps.Cast, lodged: Application) -> None:
    lodged.entries.update(title='=HYPERLINK("http://a")')
    content = signed_in(cast.heping_handler).get("/desk/search.csv", {"col": ["title"]}).content.decode()

    assert "'=HYPERLINK" in content


def test_a_view_is_shared_and_changed_by_its_owner_alone(cast: steps.Cast, lodged: Application) -> None:
    mine, other = signed_in(cast.heping_handler), signed_in(cast.heping_approver)
    stranger = signed_in(cast.other_handler)
    given = {
        "name": "要看的", "q": "状态:待受理审查 应急", "col": ["reference", "unit"], "sort": "unit",
        "share": f"office:{cast.heping.pk}",
    }  # fmt: skip
    made = mine.post("/desk/search/views/", given)

    view = SavedView.objects.get()
    assert made.headers["Location"] == f"{SEARCH}?view={view.pk}"
    for client in (mine, other):
        answer = client.get(SEARCH, {"view": view.pk})
        assert [row["line"].application.reference for row in answer.context["rows"]] == [lodged.reference]
        assert answer.context["heads"] == ["申请编号", "承担单位"]
        assert "要看的" in text_of(
            client.get(reverse("desk:applications", args=(lodged.call.key, cast.heping.key)))
        )
    assert "要看的" not in text_of(stranger.get(SEARCH, {"view": view.pk}))
    address = reverse("desk:search-view", args=(view.pk,))
    assert mine.get(address).status_code == 200
    assert other.get(address).status_code == stranger.get(address).status_code == 404
    wrong = mine.post(address, {**given, "name": "", "q": "状态:没有"})
    assert wrong.status_code == 422
    assert "请写视图的名称" in text_of(wrong) and "状态:没有" in source_of(wrong)
    assert mine.post(address, {**given, "name": "改了"}).status_code == 302
    assert SavedView.objects.get().name == "改了"
    removal = reverse("desk:search-view-removal", args=(view.pk,))
    assert other.post(removal).status_code == 404
    assert "不再看到它" in text_of(mine.get(removal))
    mine.post(removal)
    assert not SavedView.objects.exists()


def test_a_view_cannot_be_given_to_others(cast: steps.Cast, lodged: Application) -> None:
    answer = signed_in(cast.heping_handler).post(
        "/desk/search/views/", {"name": "a", "share": f"office:{cast.commission.pk}"}
    )

    assert answer.status_code == 422


def judge_all(cast: steps.Cast, application: Application) -> None:
    from shidian.applications.queries import lodgement_here
    from shidian.reviews.checklist import items

    lodgement = lodgement_here(application)
    assert lodgement is not None
    verdicts = {item.key: (Check.Verdict.MET, "") for item in items(lodgement)}
    reviews.record_checks(lodgement, verdicts, by=cast.heping_handler)


def test_a_batch_tells_first_and_does_each_by_itself(cast: steps.Cast, call: Call) -> None:
    ready, unready = steps.lodged(cast, call), steps.lodged(cast, call)
    judge_all(cast, ready)
    client = signed_in(cast.heping_handler)
    given: dict[str, Any] = {"action": "recommend", "pick": [ready.reference, unready.reference]}
    before = client.post("/desk/search/batches/", given)

    assert before.status_code == 200
    assert (before.context["would"], before.context["would_not"]) == (1, 1)
    assert "没有判定" in text_of(before)
    assert steps.fresh(ready).state == "lodged"
    done = client.post("/desk/search/batches/", {**given, "confirmed": "1"}, follow=True)
    assert (steps.fresh(ready).state, steps.fresh(unready).state) == ("recommended", "lodged")
    assert done.context["figures"] == {"total": 2, "waiting": 0, "done": 1, "refused": 1}
    # What was refused can be tried again; what was done is left alone.
    judge_all(cast, unready)
    batch = Batch.objects.get()
    again = client.post(reverse("desk:batch-retry", args=(batch.pk,)), follow=True)
    assert again.context["figures"]["done"] == 2
    assert steps.fresh(unready).state == "recommended"
    assert client.get(reverse("desk:batch-progress", args=(batch.pk,))).json()["finished"]
    for stranger in (cast.heping_approver, cast.other_handler):
        assert signed_in(stranger).get(reverse("desk:batch", args=(batch.pk,))).status_code == 404


def test_a_batch_asks_what_its_verb_needs(cast: steps.Cast, lodged: Application) -> None:
    client = signed_in(cast.heping_handler)
    given = {"action": "check", "pick": lodged.reference, "confirmed": "1"}
    wrong = client.post("/desk/search/batches/", given)

    assert wrong.status_code == 422
    assert "请选择审查要点" in text_of(wrong) and "请选择结论" in text_of(wrong)
    item = wrong.context["items"][0][0]
    done = client.post("/desk/search/batches/", {**given, "item": item, "verdict": "met"}, follow=True)
    assert done.context["figures"]["done"] == 1
    assert Check.objects.get().item == item
    second = client.post("/desk/search/batches/", {**given, "item": item, "verdict": "met", "confirmed": ""})
    assert second.context["would"] == 0


def test_strangers_can_do_nothing_by_a_batch(cast: steps.Cast, lodged: Application) -> None:
    judge_all(cast, lodged)
    given = {"action": "recommend", "pick": lodged.reference, "confirmed": "1"}
    for user in (cast.other_handler, cast.commission_officer, cast.auditor):
        signed_in(user).post("/desk/search/batches/", given)
    assert signed_in(cast.lead_writer).post("/search/batches/", given).status_code == 302
    assert steps.fresh(lodged).state == "lodged"


def test_the_papers_of_many_come_as_one_file(cast: steps.Cast, lodged: Application) -> None:
    client = signed_in(cast.heping_approver)
    done = client.post(
        "/desk/search/batches/", {"action": "papers", "all": "1", "q": "应急", "confirmed": "1"}, follow=True
    )
    answer = client.get(done.context["file_url"])

    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.namelist() == [f"{lodged.reference}.pdf"]
        assert archive.read(archive.namelist()[0]).startswith(b"%PDF")


def test_forms_and_attachments_of_many_come_as_one_file(
    cast: steps.Cast, call: Call, lodged: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = steps.lodged(cast, call)
    index(other.reference)
    client, given = signed_in(cast.heping_handler), {"action": "files", "all": "1", "confirmed": "1"}
    done = client.post("/desk/search/batches/", given, follow=True)
    answer = client.get(done.context["file_url"])
    assert lodged.version is not None
    first = lodged.version.data["attachments"][0]

    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        mine = [name for name in archive.namelist() if name.startswith(lodged.reference)]
        assert mine[:2] == [
            f"{lodged.reference}/{lodged.reference}.pdf", f"{lodged.reference}/附件/01-{first['name']}",
        ]  # fmt: skip
        assert len(mine) == 1 + len(lodged.version.data["attachments"])
        assert sha256_of_bytes(archive.read(mine[1])) == first["sha256"]
        assert len(archive.namelist()) == 2 * len(mine)
    # What does not fit any more is told before, and left out.
    size = sum(row["size"] for row in lodged.version.data["attachments"])
    monkeypatch.setattr(batches, "MOST_BYTES", 2 * size - 1)
    before = client.post("/desk/search/batches/", {**given, "confirmed": ""})
    assert (before.context["would"], before.context["would_not"]) == (1, 1)
    assert "压缩包满了" in text_of(before)
    second = client.post("/desk/search/batches/", given, follow=True)
    assert second.context["figures"] == {"total": 2, "waiting": 0, "done": 1, "refused": 1}
    # Whoever sees an application no longer does not get it by a file made before.
    Officer.objects.filter(user=cast.heping_handler).delete()
    steps.appoint(cast.heping_handler, cast.commission, "handler")
    assert client.get(done.context["file_url"]).status_code == 403
    assert signed_in(cast.heping_approver).get(done.context["file_url"]).status_code == 404


def test_claimed_applications_are_released_together(cast: steps.Cast, call: Call) -> None:
    mine, others, nobodys = (steps.lodged(cast, call) for _number in range(3))
    claims.claim(mine, by=cast.heping_handler)
    steps.appoint(cast.outsider, cast.heping, "handler")
    claims.claim(others, by=cast.outsider)
    given = {"action": "release", "pick": [each.reference for each in (mine, others, nobodys)]}
    client = signed_in(cast.heping_handler)
    before = client.post("/desk/search/batches/", given)

    assert (before.context["would"], before.context["would_not"]) == (1, 2)
    assert claim_on(mine) is not None
    done = client.post("/desk/search/batches/", {**given, "confirmed": "1"}, follow=True)
    assert done.context["figures"] == {"total": 3, "waiting": 0, "done": 1, "refused": 2}
    assert claim_on(mine) is None
    held = claim_on(others)
    assert held is not None and held.user == cast.outsider
    assert steps.last_event(mine.chain).name == "review.released"


def test_parties_are_reminded_from_the_portal(cast: steps.Cast, call: Call, clock_at: Any) -> None:
    signing = steps.signed(cast, call)
    index(signing.reference)
    client = signed_in(cast.lead_writer)
    answer = client.post("/search/batches/", {"action": "remind", "pick": signing.reference})

    assert answer.status_code == 200
    assert len(answer.context["rows"]) == 1


def test_every_number_leads_to_as_many_applications(cast: steps.Cast, call: Call, clock_at: Any) -> None:
    application, _listed = steps.dispatched(cast, call)
    other = steps.lodged(cast, call)
    reviews.return_for_correction(other, by=cast.heping_handler, reasons=[Said("请补正")])
    at_sector = steps.signed(cast, call)
    lodge(at_sector, cast.sector, by=cast.lead_writer)
    for each in (application, other, steps.lodged(cast, call), at_sector):
        index(each.reference)
    clock_at(2023, 8, 20, 9, 0)
    for user in (cast.heping_handler, cast.commission_officer, cast.auditor):
        client = signed_in(user)
        found = figures(user, call)
        assert found.total == sum(bar.count for bar in found.charts[1].bars) > 0
        for chart in found.charts:
            for bar in chart.bars:
                answer = client.get(SEARCH, {"q": bar.query})
                assert answer.context["page"].total == bar.count, (user, chart.key, bar)
        for late in found.late_offices:
            assert client.get(SEARCH, {"q": late.query}).context["page"].total == late.count
    assert found.late_offices and found.late_units and found.took[0].count == 2
    page = signed_in(cast.commission_officer).get(reverse("desk:figures", args=(call.key,)))
    assert "每天递交" in text_of(page)
    # Each kind of office at which one hands in has its chart and its table, of what one sees.
    assert "按递交到的区市场监管局" in text_of(page) and "按递交到的行业主管部门" not in text_of(page)
    sector = next(chart for chart in figures(cast.auditor, call).charts if chart.key == "channel-sector")
    assert [(bar.label, bar.count) for bar in sector.bars] == [(cast.sector.name, 1)]
    everybody = signed_in(cast.auditor).get(reverse("desk:figures", args=(call.key,)))
    assert "按递交到的行业主管部门" in text_of(everybody)
    for text, count in (("递交到:行业主管部门", 1), (f"递交到:{cast.heping.short}", 3), ("递交到:区", 3)):
        assert signed_in(cast.auditor).get(SEARCH, {"q": text}).context["page"].total == count, text
    rows = sheet_of(signed_in(cast.commission_officer).get(reverse("desk:figures-xlsx", args=(call.key,))))
    assert ["按状态", "待受理审查", 1, ""] in rows
    csv = signed_in(cast.commission_officer).get(reverse("desk:figures-csv", args=(call.key,)))
    assert csv.content.startswith(b"\xef\xbb\xbf")


def test_the_portal_searches_ones_own(cast: steps.Cast, lodged: Application) -> None:
    answer = signed_in(cast.lead_writer).get("/search/", {"q": "应急"})
    assert [row["line"].application.reference for row in answer.context["rows"]] == [lodged.reference]
    assert reverse("portal:search") in source_of(answer)
    assert signed_in(cast.outsider).get("/search/", {"q": "应急"}).context["page"].total == 0

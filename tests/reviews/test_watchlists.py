"""Loading lists: what is taken in, what is confirmed, what is searched afterwards, and who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from shidian.audit.actions import move
from shidian.audit.queries import timeline, verify
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted, Stale
from shidian.documents.store import NotStored
from shidian.organisations.models import Watchlist, WatchlistEntry
from shidian.organisations.queries import Unit, listed
from shidian.organisations.states import WATCHLIST
from shidian.organisations.watchlists import Reading
from shidian.reviews import watchlists
from shidian.reviews.checklist import items
from shidian.reviews.listings import Search
from shidian.reviews.rules import can_keep_watchlists
from tests import steps
from tests.organisations.test_watchlists import CODE, HEAD, LINE, csv_of, xlsx_of

UNIT = Unit(CODE, "")


def received(cast: steps.Cast, file: BytesIO | None = None, **given: Any) -> Watchlist:
    parts: dict[str, Any] = {
        "name": "名录.csv",
        "kind": Watchlist.Kind.ABNORMAL,
        "source": "国家企业信用信息公示系统",
        "as_of": date(2023, 6, 30),
        "by": cast.commission_officer,
    }
    return watchlists.receive(file or csv_of(HEAD, LINE, ",,没有名称"), **{**parts, **given})


def loaded(cast: steps.Cast, file: BytesIO | None = None, **given: Any) -> Watchlist:
    watchlist = received(cast, file, **given)
    watchlists.confirm(watchlist, seen=watchlists.mark(watchlist), by=cast.commission_officer)
    watchlists.load(watchlist.pk)
    return Watchlist.objects.get(pk=watchlist.pk)


def names(watchlist: Watchlist) -> list[str]:
    return [event.name for event in timeline(watchlist.chain).order_by("number")]


def test_a_list_is_searched_only_after_it_was_confirmed(cast: steps.Cast) -> None:
    watchlist = received(cast)
    assert (watchlist.state, watchlist.total) == ("received", 1)
    assert listed([UNIT]).of(UNIT) == []
    watchlists.confirm(watchlist, seen=watchlists.mark(watchlist), by=cast.commission_approver)
    watchlists.load(watchlist.pk)
    watchlist.refresh_from_db()
    assert (watchlist.state, watchlist.done, watchlist.loaded_by) == ("current", 1, cast.commission_approver)
    (match,) = listed([UNIT]).of(UNIT)
    assert (match.entry.reason, match.watchlist.as_of) == ("未按时公示年度报告", date(2023, 6, 30))
    assert names(watchlist) == ["watchlist.received", "watchlist.confirmed", "watchlist.loaded"]
    assert verify().ok


def test_a_new_file_of_the_same_source_replaces_the_present_one(cast: steps.Cast) -> None:
    first = loaded(cast)
    second = loaded(cast, csv_of(HEAD, "另一单位,,,,,"), source=" 国家企业信用信息公示系统 ")
    other = loaded(cast, source="信用天津")
    first.refresh_from_db()
    assert (first.state, second.state, other.state) == ("superseded", "current", "current")
    assert first.entries.count() == 1
    assert [match.watchlist for match in listed([UNIT]).of(UNIT)] == [other]
    assert names(first)[-1] == "watchlist.superseded"


def test_withdrawing_takes_it_out_of_the_search_and_an_earlier_one_can_come_back(cast: steps.Cast) -> None:
    first, second = loaded(cast), loaded(cast, csv_of(HEAD, "另一单位,,,,,"))
    with pytest.raises(NotNow, match="先撤下"):
        watchlists.reinstate(first, reason="有误", by=cast.commission_officer)
    with pytest.raises(Invalid):
        watchlists.withdraw(second, reason="  ", by=cast.commission_officer)
    watchlists.withdraw(second, reason="载错了文件", by=cast.administrator)
    assert listed([UNIT]).of(UNIT) == []
    watchlists.reinstate(first, reason="后一份有误", by=cast.commission_officer)
    assert len(listed([UNIT]).of(UNIT)) == 1
    assert timeline(second.chain).first().detail == {"reason": "载错了文件"}  # type: ignore[union-attr]
    assert verify().ok


def test_columns_that_were_not_recognised_are_given_by_hand(cast: steps.Cast) -> None:
    file = csv_of("甲栏,乙栏", f"示范中心,{CODE}")
    watchlist = received(cast, file)
    by = cast.commission_officer
    with pytest.raises(NotNow, match="没有一行可以载入"):
        watchlists.confirm(watchlist, seen=watchlists.mark(watchlist), by=by)
    with pytest.raises(Invalid, match="至少要指定一列"):
        watchlists.choose_columns(watchlist, columns={"reason": 0}, head=1, sheet="", by=by)
    with pytest.raises(Invalid, match="同一列"):
        watchlists.choose_columns(watchlist, columns={"name": 0, "code": 0}, head=1, sheet="", by=by)
    seen = watchlists.mark(watchlist)
    changed = watchlists.choose_columns(watchlist, columns={"name": 0, "code": 1}, head=1, sheet="", by=by)
    with pytest.raises(Stale):
        watchlists.confirm(changed, seen=seen, by=by)
    watchlists.confirm(changed, seen=watchlists.mark(changed), by=by)
    watchlists.load(changed.pk)
    assert WatchlistEntry.objects.get().body == "PDY00001X"
    assert "名称＝甲栏，统一社会信用代码＝乙栏" in str(timeline(changed.chain).order_by("number")[1].detail)


def test_another_header_is_recognised_anew(cast: steps.Cast) -> None:
    watchlist = received(cast, csv_of("名称,代码", "企业名称,列入原因", "示范中心,地址不符"))
    assert Reading.from_json(watchlist.reading).head == 1
    changed = watchlists.choose_columns(watchlist, columns=None, head=2, sheet="", by=cast.commission_officer)
    assert Reading.from_json(changed.reading).columns == {"name": 0, "reason": 1}
    assert changed.total == 1


def test_an_interrupted_load_goes_on_where_it_stopped(
    cast: steps.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"单位{number},,,,," for number in range(1, 12)]
    watchlist = received(cast, csv_of(HEAD, *lines))
    monkeypatch.setattr(watchlists, "BATCH", 4)
    monkeypatch.setattr(watchlists, "async_task", lambda *args: None)
    watchlists.confirm(watchlist, seen=watchlists.mark(watchlist), by=cast.commission_officer)
    finish = watchlists._finish
    keep = WatchlistEntry.objects.bulk_create

    def killed(rows: Any) -> Any:
        found = list(rows)
        if found[0].row > 5:
            raise KeyboardInterrupt
        return keep(found)

    monkeypatch.setattr(WatchlistEntry.objects, "bulk_create", killed)
    with pytest.raises(KeyboardInterrupt):
        watchlists.load(watchlist.pk)
    watchlist.refresh_from_db()
    assert (watchlist.state, watchlist.done, watchlist.entries.count()) == ("loading", 4, 4)
    assert listed([Unit("", "单位1")]).matches == {}
    monkeypatch.setattr(WatchlistEntry.objects, "bulk_create", keep)
    watchlists.load(watchlist.pk)
    watchlist.refresh_from_db()
    assert (watchlist.state, watchlist.done) == ("current", 11)
    assert [row.name for row in watchlist.entries.all()] == [f"单位{number}" for number in range(1, 12)]
    assert finish is watchlists._finish


def test_a_load_whose_file_is_gone_fails_in_words_and_can_be_given_up(
    cast: steps.Cast, files_root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchlist = received(cast)
    monkeypatch.setattr(watchlists, "async_task", lambda *args: None)
    watchlists.confirm(watchlist, seen=watchlists.mark(watchlist), by=cast.commission_officer)
    for path in files_root.rglob(watchlist.sha256):
        path.unlink()
    watchlists.load(watchlist.pk)
    watchlist.refresh_from_db()
    assert (watchlist.state, watchlist.fault) == ("failed", "原来的文件读不到了，请重新载入")
    watchlists.discard(watchlist, by=cast.commission_officer)
    assert names(watchlist)[-2:] == ["watchlist.failed", "watchlist.discarded"]


@pytest.mark.parametrize(
    ("file", "given", "place", "words"),
    [
        (csv_of(HEAD, LINE), {"source": " "}, "source", "请写名单的来源"),
        (csv_of(HEAD, LINE), {"source": "长" * 121}, "source", "最多 120 字"),
        (csv_of(HEAD, LINE), {"as_of": date(2023, 7, 4)}, "as_of", "不能晚于今天"),
        (BytesIO(b""), {}, "file", "文件是空的"),
        (BytesIO(b"%PDF-1.7"), {"name": "名录.pdf"}, "file", "只收 CSV 和 Excel"),
        (BytesIO(b"\xd0\xcf\x11\xe0" + b"\0" * 600), {"name": "名录.xls"}, "file", "另存为 .xlsx 或 .csv"),
        (xlsx_of(["名称"], ["甲"]), {"name": "名录.csv"}, "file", "没有收下"),
        (BytesIO(b"PK\x03\x04 broken"), {"name": "名录.xlsx"}, "file", "没有收下"),
        (BytesIO(b"\0\1\2\3"), {"name": "名录.csv"}, "file", "不是 CSV"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_told_at_its_place(
    cast: steps.Cast, file: BytesIO, given: dict[str, Any], place: str, words: str
) -> None:
    file.seek(0)
    with pytest.raises(Invalid) as told:
        received(cast, file, **given)
    assert [(at, words in message) for at, message in told.value.problems] == [(place, True)]
    assert not Watchlist.objects.exists()


def test_a_sheet_is_taken_and_wrong_rows_are_all_told(cast: steps.Cast) -> None:
    rows = [["名称", "代码"], *([""] * 1 + ["x"] for _ in range(150)), ["示范中心", CODE]]
    watchlist = received(cast, xlsx_of(*rows), name="名录.xlsx")
    reading = Reading.from_json(watchlist.reading)
    assert (reading.good, reading.wrong_count, len(reading.wrong)) == (1, 150, 100)
    assert len(list(watchlists.wrong_rows(watchlist))) == 150


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("commission_officer", True),
        ("commission_approver", True),
        ("administrator", True),
        ("heping_handler", False),
        ("sector_officer", False),
        ("institute_clerk", False),
        ("lead_writer", False),
        ("auditor", False),
    ],
)
def test_who_loads_and_withdraws(cast: steps.Cast, who: str, may: bool) -> None:
    user = getattr(cast, who)
    assert bool(can_keep_watchlists(user)) is may
    watchlist = loaded(cast)
    verbs: list[Callable[[], Any]] = [
        lambda: received(cast, by=user),
        lambda: watchlists.withdraw(watchlist, reason="试", by=user),
    ]
    for verb in verbs:
        if may:
            verb()
        else:
            with pytest.raises(NotPermitted):
                verb()


STATES = [
    ("received", {"confirm", "discard"}),
    ("loading", {"finish", "fail"}),
    ("failed", {"confirm", "discard"}),
    ("current", {"supersede", "withdraw"}),
    ("superseded", {"reinstate"}),
    ("withdrawn", {"reinstate"}),
    ("discarded", set()),
]


def test_all_pairs_are_here() -> None:
    told = {(state, verb) for state, verbs in STATES for verb in verbs}
    assert told == {(state, verb) for verb, step in WATCHLIST.transitions.items() for state in step.sources}


def in_state(cast: steps.Cast, state: str) -> Watchlist:
    watchlist = received(cast) if state in ("received", "loading", "failed", "discarded") else loaded(cast)
    if state == "withdrawn":
        watchlists.withdraw(watchlist, reason="试", by=cast.administrator)
    elif state != "current":
        Watchlist.objects.filter(pk=watchlist.pk).update(state=state, loaded_by=cast.administrator)
    return Watchlist.objects.get(pk=watchlist.pk)


@pytest.mark.parametrize(("state", "may"), STATES)
def test_a_verb_leads_on_or_changes_nothing(
    cast: steps.Cast, monkeypatch: pytest.MonkeyPatch, state: str, may: set[str]
) -> None:
    monkeypatch.setattr(watchlists, "async_task", lambda *args: None)
    thing = in_state(cast, state)
    by = cast.administrator

    def fail() -> None:
        def gone(watchlist: Watchlist) -> None:
            raise NotStored(watchlist.sha256)

        with monkeypatch.context() as patch:
            patch.setattr(watchlists, "_file", gone)
            watchlists.load(thing.pk)

    steps.try_every_verb(
        thing,
        {
            "confirm": lambda: watchlists.confirm(thing, seen=watchlists.mark(thing), by=by),
            "finish": lambda: watchlists.load(thing.pk),
            "fail": fail,
            "discard": lambda: watchlists.discard(thing, by=by),
            "supersede": lambda: move(thing, "supersede", by=by),
            "withdraw": lambda: watchlists.withdraw(thing, reason="试", by=by),
            "reinstate": lambda: watchlists.reinstate(thing, reason="试", by=by),
        },
        may=may,
        quiet=("finish", "fail"),
    )


def search_of(cast: steps.Cast, call: Call) -> Search:
    found = steps.lodged(cast, call)
    lodgement = found.lodgements.get()
    (item,) = [item for item in items(lodgement) if item.search]
    assert item.key == "condition-record"
    assert item.search is not None
    return item.search


def test_without_lists_it_is_said_that_nothing_was_compared(cast: steps.Cast, call: Call) -> None:
    search = search_of(cast, call)
    assert search.lists == []
    assert search.words == ("没有载入经营异常名录、严重违法失信名单，没有比对")


def test_lead_and_every_named_party_are_searched_once(cast: steps.Cast, call: Call) -> None:
    loaded(cast, csv_of(HEAD, f"另一名称,{cast.lead.code},地址不符,2023-05-04", "天津市示范应急管理局,,,"))
    search = search_of(cast, call)
    assert search.lists == ["经营异常名录（国家企业信用信息公示系统，截至 2023 年 6 月 30 日）"]
    assert search.missing == ["严重违法失信名单"]
    found = {body.name: [match.by for match in body.matches] for body in search.bodies}
    assert found[cast.lead.name] == ["代码相同，名单上的名称是“另一名称”"]
    assert found["天津市示范应急管理局"] == ["名称相同"]
    assert found["和平区示范人民政府"] == []
    assert len(found) == len(search.bodies) >= 4
    assert [body.name for body in search.listed] == [cast.lead.name, "天津市示范应急管理局"]
    assert len(search.unlisted) == len(search.bodies) - 2


def test_a_body_in_two_roles_stands_once_and_is_found_by_all_that_agrees(
    cast: steps.Cast, call: Call
) -> None:
    loaded(cast, csv_of(HEAD, f"{cast.lead.name},{cast.lead.code},,"))
    search = search_of(cast, call)
    (body,) = search.listed
    assert body.label == "承担单位"
    assert [match.by for match in body.matches] == ["代码相同，名称相同"]


def test_a_match_colours_nothing_and_decides_nothing(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    lodgement = found.lodgements.get()
    before = {item.key: (item.tone, item.finding) for item in items(lodgement)}
    loaded(cast, csv_of(HEAD, f"某,{cast.lead.code},,"))
    assert {item.key: (item.tone, item.finding) for item in items(lodgement)} == before
    steps.judge(found, cast.heping_handler)
    from shidian.reviews.rules import can_recommend

    assert can_recommend(cast.heping_handler, steps.fresh(found))

"""Finding units on the loaded lists: by code, by name, by a former name, in two queries."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shidian.accounts.models import User
from shidian.core import clock
from shidian.organisations.models import Watchlist, WatchlistEntry
from shidian.organisations.names import comparable
from shidian.organisations.queries import Match, Unit, current_watchlists, listed
from tests import steps

CODE, BODY = "12120101PDY00001X0", "PDY00001X"
OTHER = "11120116PDY000028T"


def made(kind: str = "abnormal", source: str = "公示系统", state: str = "current") -> Watchlist:
    by = User.objects.first() or steps.make_user("loader", "载入的人")
    watchlist = Watchlist(
        kind=kind,
        source=source,
        as_of=date(2023, 6, 30),
        file_name="名录.csv",
        sha256="0" * 64,
        size=1,
        received_at=clock.now(),
        received_by=by,
        loaded_at=clock.now(),
        loaded_by=by,
    )
    setattr(watchlist, "state", state)  # noqa: B010 - the tests begin in any state
    watchlist.save()
    return watchlist


def entry(
    watchlist: Watchlist, name: str = "", code: str = "", former: str = "", **more: str
) -> WatchlistEntry:
    body = BODY if code in (CODE, BODY) else ""
    return WatchlistEntry.objects.create(
        watchlist=watchlist,
        row=watchlist.entries.count() + 2,
        name=name,
        code=code,
        body=body,
        former_name=former,
        name_key=comparable(name),
        former_key=comparable(former),
        **more,
    )


def only(unit: Unit, kinds: list[str] | None = None) -> Match | None:
    found = listed([unit], kinds).of(unit)
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.parametrize(
    ("unit", "given", "by"),
    [
        (Unit(CODE, "别的写法"), {"code": CODE, "name": "示范中心"}, "代码相同，名单上的名称是“示范中心”"),
        (Unit(CODE.lower(), ""), {"code": CODE}, "代码相同"),
        (Unit(CODE, ""), {"code": BODY}, f"代码中的 9 位组织机构代码相同（{BODY}）"),
        (Unit(BODY, ""), {"code": CODE}, f"代码中的 9 位组织机构代码相同（{CODE}）"),
        (Unit("", "示范（集团）中心"), {"name": "示范(集团) 中心"}, "名称相同"),
        (Unit(OTHER, "示范中心"), {"name": "示范中心", "code": CODE}, f"名称相同，名单上的代码是 {CODE}，与本单位不同"),
        (Unit("", "老示范中心"), {"name": "示范中心", "former": "老示范中心"}, "名称与名单上的曾用名相同（现名“示范中心”）"),
        (Unit(CODE, "示范中心"), {"name": "示范中心", "code": CODE}, "代码相同，名称相同"),
        (Unit(CODE, "示范中心"), {"name": "示范中心", "code": "1212*"}, "名称相同，名单上的代码是“1212*”"),
    ],
)  # fmt: skip
def test_a_unit_is_found_and_it_is_said_by_what(db: None, unit: Unit, given: dict[str, str], by: str) -> None:
    entry(made(), **given)
    found = only(unit)
    assert found is not None
    assert found.by == by


@pytest.mark.parametrize(
    "unit",
    [Unit(OTHER, "示范"), Unit("", ""), Unit("不是代码", "示范中心分中心"), Unit("PDY00001", "")],
)
def test_what_does_not_agree_is_not_found(db: None, unit: Unit) -> None:
    watchlist = made()
    entry(watchlist, name="示范中心", code=CODE)
    entry(watchlist, code=CODE)
    assert listed([unit]).of(unit) == []


@pytest.mark.parametrize("state", ["superseded", "withdrawn", "received", "loading", "discarded", "failed"])
def test_only_current_lists_are_searched(db: None, state: str) -> None:
    entry(made(state=state), code=CODE)
    assert only(Unit(CODE, "")) is None
    assert current_watchlists() == []


def test_only_the_kinds_asked_for_are_searched(db: None) -> None:
    entry(made("abnormal"), code=CODE)
    entry(made("dishonest"), code=CODE)
    unit = Unit(CODE, "")
    assert [match.watchlist.kind for match in listed([unit]).of(unit)] == ["abnormal", "dishonest"]
    found = only(unit, ["dishonest"])
    assert found is not None
    assert found.watchlist.kind == "dishonest"


def test_a_removal_that_lies_behind_is_told(db: None, clock_at: object) -> None:
    watchlist = made()
    entry(watchlist, name="甲", removed_on="2023-07-01")
    entry(watchlist, name="乙", removed_on="2024-01-01")
    entry(watchlist, name="丙")
    result = listed([Unit("", name) for name in "甲乙丙"])
    assert [result.of(Unit("", name))[0].is_over for name in "甲乙丙"] == [True, False, False]


def test_a_whole_list_of_units_takes_two_queries(db: None) -> None:
    watchlist = made()
    entry(watchlist, name="单位 7")
    units = [Unit("", f"单位{number}") for number in range(1500)]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        result = listed(units)
    assert len(asked) == 2
    assert list(result.matches) == [Unit("", "单位7")]


def test_one_source_has_one_current_list(db: None) -> None:
    made()
    made(source="另一来源")
    with pytest.raises(IntegrityError), transaction.atomic():
        made()


def test_the_database_refuses_to_change_or_delete_a_row(db: None) -> None:
    row = entry(made(), name="甲")
    with pytest.raises(DatabaseError), transaction.atomic():
        WatchlistEntry.objects.filter(pk=row.pk).update(name="乙")
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()

"""Loading lists of units from files: taking one in, confirming what was recognised, loading, withdrawing.

The lists belong to `organisations`; the verbs stand here because they keep the file (documents) and ask who works at
the last stage of a call. A load may be run again after its worker was killed: it goes on behind the last row kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from itertools import islice
from typing import BinaryIO

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.audit.actions import SYSTEM, Actor, move, record
from shidian.core import clock
from shidian.core.canonical import digest_json
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.core.language import chinese, in_words
from shidian.core.said import say
from shidian.documents.actions import keep
from shidian.documents.intake import FORMATS, Rejected, inspect, safe_name
from shidian.documents.storage import file_store
from shidian.documents.store import NotStored
from shidian.organisations.models import Watchlist, WatchlistEntry
from shidian.organisations.watchlists import (
    TARGETS,
    Fault,
    Format,
    Reading,
    Row,
    Unreadable,
    read,
    rows,
)
from shidian.reviews.rules import can_keep_watchlists

LARGEST = 40_000_000
"""Bytes of one file."""
BATCH = 2_000
"""Rows of one transaction: others write in between."""
CSV = "text/csv"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def receive(
    file: BinaryIO, *, name: str, kind: Watchlist.Kind, source: str, as_of: date, by: User
) -> Watchlist:
    """Take in the file of a list and recognise its columns; nothing is searched before it is confirmed.

    Refused (`Invalid`, each with its place): no source, a day ahead, a file that is no CSV or XLSX table.
    """
    require(can_keep_watchlists(by))
    source = " ".join(unicodedata.normalize("NFKC", source).split())
    problems: list[tuple[str, str]] = []
    if not source:
        problems.append(("source", _("请写名单的来源，例如“国家企业信用信息公示系统”")))
    elif len(source) > 120:
        problems.append(("source", _("来源最多 120 字，现在 {count} 字").format(count=len(source))))
    if as_of > timezone.localtime(clock.now()).date():
        problems.append(("as_of", _("截至日期不能晚于今天")))
    if problems:
        raise Invalid(_("有几处要改。"), problems)
    try:
        form = _format(file, name)
        reading = read(file, form)
    except (Rejected, Unreadable) as wrong:
        words = _("文件没有收下：{wrong}").format(wrong=in_words(wrong.said))
        raise Invalid(words, [("file", words)]) from wrong
    file.seek(0)
    with transaction.atomic():
        media_type = FORMATS["xlsx"].media_type if form == "xlsx" else CSV
        kept = keep(file, name=safe_name(name), media_type=media_type, by=by)
        watchlist = Watchlist.objects.create(
            kind=kind,
            source=source,
            as_of=as_of,
            file_name=kept.name,
            sha256=kept.sha256,
            size=kept.size,
            reading=reading.to_json(),
            total=reading.good,
            received_at=clock.now(),
            received_by=by,
        )
        detail = {
            "kind": chinese(Watchlist.Kind(watchlist.kind).label),
            "source": source,
            "as_of": as_of.isoformat(),
            "file": kept.name,
            "sha256": kept.sha256,
        }
        record("watchlist.received", watchlist.chain, by=by, detail=detail)
    return watchlist


def _format(file: BinaryIO, name: str) -> Format:
    """CSV by its name and text, XLSX by its structure; everything else is refused with what to do."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if not size:
        raise Rejected("empty", say("文件是空的，请重新导出。"))
    if size > LARGEST:
        raise Rejected(
            "too_large",
            say(
                "文件超过 {largest} MB，请分成几个文件，来源写成不同的名字，分别载入。",
                largest=LARGEST // 1000000,
            ),
        )
    if start.startswith(_OLD_EXCEL):
        raise Rejected(
            "old_excel",
            say(
                "这是旧版 Excel 表格（.xls）或者有密码的文件。请在 Excel 或 WPS 里另存为 .xlsx 或 .csv 后再载入。"
            ),
        )
    if start.startswith(b"PK"):
        inspect(file, name=name, formats=("xlsx",), max_bytes=LARGEST)
        return "xlsx"
    if not name.lower().endswith((".csv", ".txt", ".tsv")):
        raise Rejected(
            "unknown", say("只收 CSV 和 Excel（.xlsx）文件。请在 Excel 或 WPS 里另存为其中一种后再载入。")
        )
    return "csv"


def _file(watchlist: Watchlist) -> BinaryIO:
    return file_store().open(watchlist.sha256)


def mark(watchlist: Watchlist) -> str:
    """What a confirmation refers to: exactly this reading of the file."""
    return digest_json(watchlist.reading)[:16]


def _locked(watchlist: Watchlist) -> Watchlist:
    return Watchlist.objects.select_for_update().get(pk=watchlist.pk)


def choose_columns(
    watchlist: Watchlist, *, columns: Mapping[str, int] | None, head: int, sheet: str, by: User
) -> Watchlist:
    """Say by hand which column is which, where the header stands and which sheet counts; the file is read again.

    `columns` None: they are recognised from the header that is meant now. Refused (`Invalid`) when neither name nor code is given or one column is given twice; `NotNow` once confirmed.
    """
    require(can_keep_watchlists(by))
    if columns is not None and "name" not in columns and "code" not in columns:
        message = _("名称和统一社会信用代码至少要指定一列，不然没有办法比对")
        raise Invalid(message, [("name", message)])
    taken: dict[int, str] = {}
    for target, at in (columns or {}).items():
        if at in taken:
            message = _("“{one}”和“{other}”指定了同一列").format(
                one=_(TARGETS[taken[at]]), other=_(TARGETS[target])
            )
            raise Invalid(message, [(target, message)])
        taken[at] = target
    with _file(watchlist) as file:
        try:
            reading = read(
                file, Reading.from_json(watchlist.reading).format, sheet=sheet, head=head, columns=columns
            )
        except Unreadable as wrong:
            raise Invalid(in_words(wrong.said), [("sheet", in_words(wrong.said))]) from wrong
    with transaction.atomic():
        row = _locked(watchlist)
        if row.state != "received":
            raise NotNow(_("这份名单现在是“{state_label}”，不能再改列。").format(state_label=row.state_label))
        row.reading, row.total = reading.to_json(), reading.good
        row.save(update_fields=("reading", "total"))
        heads = dict(enumerate(reading.heads))
        words = "，".join(
            f"{TARGETS[target]}＝{heads.get(at, f'第 {at + 1} 列')}" for target, at in reading.columns.items()
        )
        record("watchlist.columns_chosen", row.chain, by=by, detail={"columns": words, "head": reading.head})
    return row


@transaction.atomic
def confirm(watchlist: Watchlist, *, seen: str, by: User) -> None:
    """Load what was shown (`seen` is its `mark`), in the background; afterwards it is the current list of its source.

    Refused: `Stale` when the columns were changed since, `NotNow` with no row to load or not waiting.
    """
    require(can_keep_watchlists(by))
    row = _locked(watchlist)
    reading = Reading.from_json(row.reading)
    if not row.MACHINE.allows(row.state, "confirm"):
        raise NotNow(_("这份名单现在是“{state_label}”，不用再确认。").format(state_label=row.state_label))
    if seen != mark(row):
        raise Stale(_("列的对应刚才有人改过，请看过现在的预览再确认。"))
    if not reading.finds_units or not reading.good:
        raise NotNow(_("没有一行可以载入，请先指定名称或者代码在哪一列。"))
    detail = {"rows": reading.good, "wrong": reading.wrong_count, "reading": digest_json(row.reading)}
    move(row, "confirm", by=by, detail=detail, loaded_by=by, done=0, fault="")
    async_task("shidian.reviews.watchlists.load", row.pk)


def load(pk: int) -> None:
    """Keep the rows of a confirmed file, then make it current; nothing is done when it is not being loaded."""
    watchlist = Watchlist.objects.select_related("loaded_by").get(pk=pk)
    if watchlist.state != "loading":
        return
    by: Actor = watchlist.loaded_by or SYSTEM
    try:
        _keep_rows(watchlist)
        _finish(watchlist, by)
    except (NotStored, Unreadable) as wrong:
        words = "原来的文件读不到了，请重新载入" if isinstance(wrong, NotStored) else str(wrong)
        move(watchlist, "fail", by=by, fault=words[:500], detail={"fault": words[:200]})
    except Exception as wrong:
        move(watchlist, "fail", by=by, fault=str(wrong)[:500], detail={"fault": str(wrong)[:200]})
        raise


def _keep_rows(watchlist: Watchlist) -> None:
    reading = Reading.from_json(watchlist.reading)
    last = watchlist.entries.aggregate(last=Max("row"))["last"] or 0
    done = watchlist.entries.count()
    with _file(watchlist) as file:
        usable = (row for row in rows(file, reading) if isinstance(row, Row) and row.row > last)
        while batch := list(islice(usable, BATCH)):
            WatchlistEntry.objects.bulk_create(
                WatchlistEntry(watchlist=watchlist, **asdict(row)) for row in batch
            )
            done += len(batch)
            Watchlist.objects.filter(pk=watchlist.pk).update(done=done)
    watchlist.done = done


@transaction.atomic
def _finish(watchlist: Watchlist, by: Actor) -> None:
    same = Watchlist.objects.select_for_update().filter(kind=watchlist.kind, source=watchlist.source)
    for before in same.filter(state="current"):
        move(before, "supersede", by=by, detail={"by_load": watchlist.pk})
    detail = {"kind": chinese(Watchlist.Kind(watchlist.kind).label), "rows": watchlist.done}
    move(watchlist, "finish", by=by, detail=detail, loaded_at=clock.now())


@transaction.atomic
def discard(watchlist: Watchlist, *, by: User) -> None:
    """Give up a file that was not loaded; it stays in the history."""
    require(can_keep_watchlists(by))
    row = _locked(watchlist)
    if not row.MACHINE.allows(row.state, "discard"):
        raise NotNow(_("这份名单现在是“{state_label}”，不能放弃。").format(state_label=row.state_label))
    move(row, "discard", by=by)


@transaction.atomic
def withdraw(watchlist: Watchlist, *, reason: str, by: User) -> None:
    """Take a current list out of the search, with a reason; its rows stay as they were. Refused in any other state."""
    require(can_keep_watchlists(by))
    row = _locked(watchlist)
    if not row.MACHINE.allows(row.state, "withdraw"):
        raise NotNow(
            _("这份名单现在是“{state_label}”，不在比对，不用撤下。").format(state_label=row.state_label)
        )
    move(row, "withdraw", by=by, detail={"reason": _words(reason)})


@transaction.atomic
def reinstate(watchlist: Watchlist, *, reason: str, by: User) -> None:
    """Search a superseded or withdrawn list again, with a reason. Refused while its source has a current one."""
    require(can_keep_watchlists(by))
    row = _locked(watchlist)
    if not row.MACHINE.allows(row.state, "reinstate"):
        raise NotNow(_("这份名单现在是“{state_label}”，不能恢复。").format(state_label=row.state_label))
    now = Watchlist.objects.filter(kind=row.kind, source=row.source, state="current").first()
    if now is not None:
        raise NotNow(
            _("同一来源现在用的是第 {now} 号（截至 {as_of}），请先撤下它。").format(
                now=now.pk, as_of=now.as_of
            )
        )
    move(row, "reinstate", by=by, detail={"reason": _words(reason)})


def _words(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise Invalid(_("请写明理由。"), [("reason", _("请写明理由"))])
    return words[:200]


def wrong_rows(watchlist: Watchlist) -> Iterator[Fault]:
    """Every row of the file that cannot be used, with its reason."""
    with _file(watchlist) as file:
        yield from (
            found for found in rows(file, Reading.from_json(watchlist.reading)) if isinstance(found, Fault)
        )

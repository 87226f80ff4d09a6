"""Steps that many tests begin with are taken once per process, and their rows and files put back in the next tests.

`steps.lodged(cast, call)` takes 150 ms by the verbs and 5 ms from here. What a step left behind is put back only
where it would happen again exactly as before: on an empty database to which nothing was written except by the same
steps, with the same arguments and at the same moment (that somebody signed in matters to no step). After any other
writing, or a savepoint rolled back, a step is taken by its verbs, as without this module; so a test need not know
whether it is the first. Tests that commit take every step by its verbs, and what was kept before them is forgotten:
they leave another database behind.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from shidian.audit.models import Event
from shidian.core import clock

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Rows = dict[str, dict[Any, tuple[Any, ...]]]  # by table and primary key
_Path = tuple[Hashable, ...]

_WRITING = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|ROLLBACK TO|TRUNCATE|ALTER|CREATE|DROP|COPY)\b", re.IGNORECASE
)
_SIGNING_IN = re.compile(
    r"""\s*(?:(?:INSERT INTO|UPDATE|DELETE FROM) "django_session"|UPDATE "accounts_user" SET "last_login" = %s WHERE)"""
)


@dataclass(frozen=True)
class _Kept:
    """What a step left behind: everything as it stood after it, and how it differs from what stood before."""

    rows: _Rows
    files: dict[str, tuple[bytes, int]]
    statements: list[tuple[str, list[tuple[Any, ...]]]]
    callbacks: list[tuple[Callable[[], object], bool]]
    result: bytes


_kept: dict[_Path, _Kept] = {}
_way: _Path | None = None  # the steps taken in this test; None when something else was written


@contextmanager
def watched(*, commits: bool) -> Iterator[None]:
    """Note what one test writes to its database; one that `commits` is left alone."""
    global _way
    if commits:
        _kept.clear()
        yield
        return
    _way = ()
    with connection.execute_wrapper(_note):
        yield
    _way = None


def _note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    global _way
    if _WRITING.match(sql) and not _SIGNING_IN.match(sql):
        _way = None
    return execute(sql, params, many, context)


def kept(step: Callable[_P, _R]) -> Callable[_P, _R]:
    """Keep what `step` leaves behind; it may use the database, the stored files and its arguments, and nothing else."""

    @wraps(step)
    def taken(*given: _P.args, **named: _P.kwargs) -> _R:
        global _way
        before = _way
        if before is None or (before == () and Event.objects.exists()):
            return step(*given, **named)
        if before not in _kept:
            _kept[before] = _keep(None, 0, None)  # what migrations wrote
        what = (step.__name__, clock.now(), _named(given), _named(tuple(named.items())))
        way = (*before, what)
        if way not in _kept:
            waiting = len(connection.run_on_commit)
            result = step(*given, **named)
            _kept[way] = _keep(_kept[before], waiting, result)
        else:
            _put_back(_kept[way])
        _way = way
        return pickle.loads(_kept[way].result)  # type: ignore[no-any-return]

    return taken


def _named(thing: Any) -> Hashable:
    if isinstance(thing, Model):
        return (thing._meta.label, thing.pk)
    if is_dataclass(thing):
        return tuple(_named(getattr(thing, field.name)) for field in fields(thing))
    return tuple(map(_named, thing)) if isinstance(thing, tuple) else thing


def _keep(before: _Kept | None, waiting: int, result: Any) -> _Kept:
    old, rows = before.rows if before else {}, {}
    statements: list[tuple[str, list[tuple[Any, ...]]]] = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            quote, meta = connection.ops.quote_name, model._meta
            if meta.proxy:
                continue
            table, key = quote(meta.db_table), quote(meta.pk.column)
            names = [quote(field.column) for field in meta.local_concrete_fields]
            at = names.index(key)
            cursor.execute(f"SELECT {', '.join(names)} FROM {table}")
            now = {row[at]: tuple(map(_plain, row)) for row in cursor.fetchall()}
            was = old.get(table, {})
            setting = ", ".join(f"{name} = %s" for name in names)
            gone = [(pk,) for pk in was.keys() - now.keys()]
            changed = [(*row, pk) for pk, row in now.items() if pk in was and was[pk] != row]
            added = [row for pk, row in now.items() if pk not in was]
            statements += [
                (f"DELETE FROM {table} WHERE {key} = %s", gone),
                (f"UPDATE {table} SET {setting} WHERE {key} = %s", changed),
                (
                    f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
                    added,
                ),
            ]
            if now:
                rows[table] = now
    root = Path(settings.FILES_ROOT)
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    known = before.files if before else {}
    return _Kept(
        rows,
        {name: known.get(name) or (path.read_bytes(), path.stat().st_mode) for name, path in files.items()},
        [(sql, many) for sql, many in statements if many],
        [(function, robust) for _, function, robust in connection.run_on_commit[waiting:]],
        pickle.dumps(result),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, date) and connection.vendor == "sqlite":  # as Django writes it there
        return str(value)
    return value


def _put_back(what: _Kept) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, rows in what.statements:
            cursor.executemany(sql, rows)
    root = Path(settings.FILES_ROOT)
    for name, (content, mode) in what.files.items():
        path = root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
    for function, robust in what.callbacks:
        transaction.on_commit(function, robust=robust)

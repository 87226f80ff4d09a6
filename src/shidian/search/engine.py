"""The index of words, behind one interface on both databases: FTS5 on SQLite, a `tsvector` with GIN on PostgreSQL.

Both hold the same words (`core.bigrams`), in the columns `COLUMNS` and one with the audiences of an entry. FTS5 keeps no
copy of the text: to take a row out, the words that went in are given once more, which is why entries keep their text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import BigIntegerField, QuerySet
from django.db.models.expressions import RawSQL

from shidian.core.bigrams import phrase, words

if TYPE_CHECKING:
    from shidian.search.models import Entry

COLUMNS = ("heads", "units", "remarks", "body")
WEIGHTS = dict(zip(COLUMNS, "ABCD", strict=True))
MOST_WORDS = 16_000
"""Of one entry, from the beginning: positions in a `tsvector` end at 16,383."""

CREATE = {
    "sqlite": [
        (
            "CREATE VIRTUAL TABLE search_words USING fts5"
            "(audience, heads, units, remarks, body, content='', tokenize='ascii')"
        ),
    ],
    "postgresql": [
        (
            # No foreign key: Django empties its tables without those that it does not know.
            "CREATE TABLE search_words (rowid bigint PRIMARY KEY, vector tsvector NOT NULL)"
        ),
        "CREATE INDEX search_words_vector ON search_words USING gin (vector)",
        "ALTER TABLE search_words ALTER COLUMN vector SET STATISTICS 1000",
    ],
}
DROP = ["DROP TABLE IF EXISTS search_words"]


# What is looked for


@dataclass(frozen=True, slots=True)
class Look:
    """Words that follow one another, in some of the columns."""

    text: str
    columns: tuple[str, ...] = COLUMNS


@dataclass(frozen=True, slots=True)
class Without:
    part: Looked


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Looked, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Looked, ...]


Looked = Look | Without | Every | Either


def can_look(text: str) -> bool:
    """Whether a text holds a word at all."""
    return phrase(text) is not None


def matching(rows: QuerySet[Entry], looked: Looked, audience: Sequence[str]) -> QuerySet[Entry]:
    """Those of the rows that say what is looked for; `audience` names whose entries can be meant, for speed."""
    return rows.extra(  # noqa: S610 (constants; what is looked for is a parameter)
        tables=["search_words"],
        where=[_JOIN[connection.vendor], _CONDITION[connection.vendor]],
        params=[_expression(looked, audience)],
    )


def by_arrival(rows: QuerySet[Entry], *, down: bool, looked: bool) -> QuerySet[Entry]:
    """The rows in the order of their keys; where words were looked for by the index's own key, which needs no sorting."""
    if looked:
        return rows.extra(order_by=["-search_words.rowid" if down else "search_words.rowid"])
    return rows.order_by("-pk" if down else "pk")


def among(rows: QuerySet[Entry], looked: Looked, audience: Sequence[str]) -> QuerySet[Entry]:
    """The same rows as of `matching`, for an order of their own: they come from its index, and the words give a set."""
    sql = (
        f"{_KEY[connection.vendor]} IN (SELECT rowid FROM search_words WHERE {_CONDITION[connection.vendor]})"  # noqa: S608
    )
    return rows.extra(where=[sql], params=[_expression(looked, audience)])  # noqa: S610 (constants)


def saying(asked: Sequence[int], looked: Looked, audience: Sequence[str]) -> set[int]:
    """Those of some keys whose entries say it: each is looked up by itself."""
    if not asked:
        return set()
    places = ", ".join(["%s"] * len(asked))
    sql = f"SELECT rowid FROM search_words WHERE {_CONDITION[connection.vendor]} AND rowid IN ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [_expression(looked, audience), *asked])
        return {row[0] for row in cursor.fetchall()}


def keys(looked: Looked, audience: Sequence[str]) -> RawSQL:
    """The keys of the entries that say it, for a condition among others."""
    sql = f"SELECT rowid FROM search_words WHERE {_CONDITION[connection.vendor]}"  # noqa: S608 (constants)
    return RawSQL(sql, (_expression(looked, audience),), BigIntegerField())  # noqa: S611


# With the sign SQLite cannot look up one row of the index after another, which takes it a whole search each: it reads
# what the words give, in its order, and stops when a page is full.
_JOIN = {
    "sqlite": "search_entry.id = +search_words.rowid",
    "postgresql": "search_entry.id = search_words.rowid",
}
_KEY = {"sqlite": "+search_entry.id", "postgresql": "search_entry.id"}
_CONDITION = {"sqlite": "search_words MATCH %s", "postgresql": "search_words.vector @@ %s::tsquery"}


def _expression(looked: Looked, audience: Sequence[str]) -> str:
    if connection.vendor == "sqlite":
        scope = "audience : (" + " OR ".join(f'"{name}"' for name in audience) + ")"
        return f"({scope}) AND {_fts5(looked, scope)}"
    scope = " | ".join(f"'@{name}'" for name in audience)
    return f"({scope}) & {_tsquery(looked)}"


def _fts5(looked: Looked, scope: str) -> str:
    if isinstance(looked, Look):
        wanted = phrase(looked.text)
        if wanted is None:
            return f"({scope} NOT {scope})"
        said = f'"{" ".join(wanted.words)}"{" *" if wanted.begins else ""}'
        return f"({{{' '.join(looked.columns)}}} : {said})"
    if isinstance(looked, Without):
        return f"(({scope}) NOT {_fts5(looked.part, scope)})"
    joint = " AND " if isinstance(looked, Every) else " OR "
    return "(" + joint.join(_fts5(part, scope) for part in looked.parts) + ")"


def _tsquery(looked: Looked) -> str:
    if isinstance(looked, Look):
        wanted = phrase(looked.text)
        if wanted is None:
            return "('@nobody')"
        weights = "".join(WEIGHTS[column] for column in looked.columns)
        said = [f"'{word}':{weights}" for word in wanted.words]
        if wanted.begins:
            said[-1] = f"'{wanted.words[-1]}':*{weights}"
        return "(" + " <-> ".join(said) + ")"
    if isinstance(looked, Without):
        return f"(!{_tsquery(looked.part)})"
    joint = " & " if isinstance(looked, Every) else " | "
    return "(" + joint.join(_tsquery(part) for part in looked.parts) + ")"


# Keeping it


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the index: the key of its entry, its audiences, and the texts of `COLUMNS`."""

    key: int
    audience: tuple[str, ...]
    texts: tuple[str, ...]

    def words(self) -> list[list[str]]:
        """The words of each column, as many as are kept."""
        return _words(self.texts)


@lru_cache(maxsize=4)
def _words(texts: tuple[str, ...]) -> list[list[str]]:
    """Of the last few: the entries of one application often say the same."""
    left = MOST_WORDS
    found = []
    for text in texts:
        kept = words(text)[:left]
        left -= len(kept)
        found.append(kept)
    return found


def put(rows: Iterable[Row]) -> None:
    """Put rows in that are not there."""
    if connection.vendor == "sqlite":
        sql = "INSERT INTO search_words (rowid, audience, heads, units, remarks, body) VALUES (%s, %s, %s, %s, %s, %s)"
        values = [_fts5_values(row) for row in rows]
    else:
        sql = (
            "INSERT INTO search_words (rowid, vector) VALUES (%s, %s::tsvector) "
            "ON CONFLICT (rowid) DO UPDATE SET vector = EXCLUDED.vector"
        )
        values = [(row.key, _vector(row)) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


def take_out(rows: Iterable[Row]) -> None:
    """Take rows out; on SQLite they must be given as they were put in."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(
                "INSERT INTO search_words (search_words, rowid, audience, heads, units, remarks, body) "
                "VALUES ('delete', %s, %s, %s, %s, %s, %s)",
                [_fts5_values(row) for row in rows],
            )
        else:
            cursor.execute("DELETE FROM search_words WHERE rowid = ANY(%s)", [[row.key for row in rows]])


def clear() -> None:
    """Empty the index."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO search_words (search_words) VALUES ('delete-all')")
        else:
            cursor.execute("DELETE FROM search_words")


def tidy() -> None:
    """Merge what many small writes left, and let the database count what it holds; after a rebuild."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO search_words (search_words) VALUES ('optimize')")
            cursor.execute("ANALYZE")
        else:
            cursor.execute("ANALYZE search_words")
            cursor.execute("ANALYZE search_entry")


def _fts5_values(row: Row) -> tuple[int | str, ...]:
    return (row.key, " ".join(row.audience), *(" ".join(column) for column in row.words()))


def _vector(row: Row) -> str:
    places: dict[str, list[str]] = {}
    at = 0
    for column, found in zip(COLUMNS, row.words(), strict=True):
        for word in found:
            at += 1
            kept = places.setdefault(word, [])
            if len(kept) < 255:
                kept.append(f"{at}{WEIGHTS[column]}")
        at += 1  # a phrase does not reach from one column into the next
    said = [f"'@{name}'" for name in row.audience]
    return " ".join([*said, *(f"'{word}':{','.join(kept)}" for word, kept in places.items())])

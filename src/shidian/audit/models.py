"""Rows of the history. The database refuses to change or delete them (see `protection`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.db import models

from shidian.core.canonical import digest_json

if TYPE_CHECKING:
    _Text = models.TextField[Any, Any]
else:
    _Text = models.TextField


class JSONText(_Text):
    """JSON kept as UTF-8 text: half the size of Django's escaped JSON on SQLite, and the same on both databases."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        """Parse what the database holds."""
        return None if value is None else orjson.loads(value)

    def to_python(self, value: Any) -> Any:
        """Values are taken as they are."""
        return value

    def get_prep_value(self, value: Any) -> str | None:
        """Write with sorted keys, so that equal values are equal texts."""
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


class Chain(models.Model):
    """The head of one subject's history; its row is locked while an event is appended."""

    name = models.CharField(max_length=120, unique=True)
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One thing that happened. `hash` covers the row and the hash before it."""

    chain = models.CharField(max_length=120)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True)  # outlives the account; the name is kept as text
    actor_label = models.CharField(max_length=200)
    detail = JSONText(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("chain", "number"), name="event_number_once"),)
        indexes = (models.Index(fields=("name", "at"), name="event_name_at"),)

    def computed_hash(self) -> str:
        """SHA-256 over the canonical JSON (RFC 8785) of the event's fields and the hash before it."""
        return digest_json(
            {
                "chain": self.chain,
                "number": self.number,
                "name": self.name,
                "at": self.at.isoformat(timespec="microseconds"),
                "actor": self.actor_id,
                "label": self.actor_label,
                "detail": self.detail,
                "previous": self.previous,
            }
        )

    def __str__(self) -> str:
        return f"{self.chain}#{self.number} {self.name}"


class Anchor(models.Model):
    """A digest over the heads of all chains at one moment; `heads` lists those that changed since the last one."""

    at = models.DateTimeField()
    chains = models.PositiveIntegerField()
    heads = JSONText(default=list)  # [[chain, length, head], …]
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)

    def computed_hash(self) -> str:
        """SHA-256 over the anchor's fields and the hash of the anchor before it."""
        return digest_json(
            {
                "at": self.at.isoformat(timespec="microseconds"),
                "chains": self.chains,
                "heads": self.heads,
                "digest": self.digest,
                "previous": self.previous,
            }
        )

    def __str__(self) -> str:
        return f"anchor {self.pk} {self.hash[:8]}"

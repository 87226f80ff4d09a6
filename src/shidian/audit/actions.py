"""Writing history: `record` appends an event, `move` changes a state and records it, `anchor` seals all chains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.db import models, transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.audit.models import Anchor, Chain, Event
from shidian.audit.queries import anchored_heads, heads_digest
from shidian.core import clock
from shidian.core.errors import Stale
from shidian.core.transitions import Machine

recorded = Signal()
"""Sent after the commit of an event, with `event`; heard by notifications, reviews and search."""

moved = Signal()
"""Sent by `move` inside its transaction, with the key of the row and the fields written; heard by search, for its copies."""


class Actor(Protocol):
    """Whoever does something: a user, or the system itself."""

    @property
    def pk(self) -> Any:
        """The account's key, or None for the system."""

    @property
    def label(self) -> str:
        """The name that the history keeps."""


class _System:
    pk = None
    label = gettext_noop("系统")


SYSTEM: Actor = _System()


@transaction.atomic
def record(name: str, chain: str, *, by: Actor, detail: Mapping[str, Any] | None = None) -> Event:
    """Append one event to a chain, in the caller's transaction.

    The chain's head is locked, so two events of one subject never share a number; subjects do not wait for one
    another. `detail` must be JSON.
    """
    head, _rest = Chain.objects.select_for_update().get_or_create(name=chain)
    event = Event(
        chain=chain,
        number=head.length + 1,
        name=name,
        at=clock.now(),
        actor_id=by.pk,
        actor_label=by.label,
        detail=dict(detail or {}),
        previous=head.head,
    )
    event.hash = event.computed_hash()
    event.save(force_insert=True)
    head.length, head.head = event.number, event.hash
    head.save(update_fields=("length", "head"))
    transaction.on_commit(lambda: _announce(event), robust=True)
    return event


@transaction.atomic
def _announce(event: Event) -> None:
    """Let everybody hear of an event; what they ask for is one commit, not one for each of them."""
    recorded.send(sender=Event, event=event)


class Stateful(Protocol):
    """What `move` can move: a row with a state, its machine, and the chain of its subject."""

    MACHINE: Machine
    state: Any
    pk: Any

    @property
    def chain(self) -> str:
        """The chain on which its events are recorded."""


def move(
    thing: Stateful, verb: str, *, by: Actor, detail: Mapping[str, Any] | None = None, **fields: Any
) -> Event:
    """Take `thing` from its state by `verb`, write `fields` with it, and record the event of the table.

    The only code that writes a state. It compares and sets in one statement: when the row no longer is in a state
    from which the verb leads on, nothing changes and `Stale` says how it stands now.
    """
    machine = thing.MACHINE
    step = machine.transitions[verb]
    model: type[models.Model] = type(thing)  # type: ignore[assignment]
    with transaction.atomic():
        changed = model._default_manager.filter(pk=thing.pk, state__in=step.sources).update(
            state=step.target, **fields
        )
        if changed != 1:
            found = model._default_manager.filter(pk=thing.pk).values_list("state", flat=True).first()
            label = machine.labels.get(str(found), _("已不存在"))
            raise Stale(
                _("这件事刚才已有人办理，现在的状态是“{label}”，请刷新页面后再看。").format(label=label)
            )
        thing.state = step.target
        for name, value in fields.items():
            setattr(thing, name, value)
        moved.send(sender=model, pk=thing.pk, fields={"state": step.target, **fields})
        return record(step.event, thing.chain, by=by, detail=detail)


@transaction.atomic
def anchor() -> Anchor:
    """Record a digest over the heads of all chains; taken every hour and in every package.

    Only the heads that changed since the last anchor are stored; `queries.anchored_heads` adds them up.
    """
    # One anchor at a time: whoever comes second must see the first, so a row that is always there is locked before.
    Chain.objects.select_for_update().order_by("pk").first()
    last = Anchor.objects.order_by("-id").first()
    known = anchored_heads()
    heads = {
        name: [length, head] for name, length, head in Chain.objects.values_list("name", "length", "head")
    }
    changed = [[name, *heads[name]] for name in sorted(heads) if known.get(name) != heads[name]]
    sealed = Anchor(
        at=clock.now(),
        chains=len(heads),
        heads=changed,
        digest=heads_digest(heads),
        previous=last.hash if last else "",
    )
    sealed.hash = sealed.computed_hash()
    sealed.save(force_insert=True)
    return sealed

"""Reading history: the timeline of a subject, and the proof that nothing in it was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shidian.audit.models import Anchor, Chain, Event
from shidian.core.canonical import digest_json

subjects: dict[str, Callable[[], Iterable[str]]] = {}
"""For each kind of subject, a function that names the chains which must exist; filled in each app's `apps.py`."""

checks: dict[str, Callable[[], Iterable[str]]] = {}
"""For each kind of evidence that proves itself, a function that tells its faults; filled in each app's `apps.py`."""


def timeline(chain: str) -> QuerySet[Event]:
    """The events of one subject, newest first."""
    return Event.objects.filter(chain=chain).order_by("-number")


def heads_digest(heads: Mapping[str, list[object]]) -> str:
    """SHA-256 over all heads, sorted by name."""
    return digest_json([[name, *heads[name]] for name in sorted(heads)])


def anchored_heads(until: int | None = None) -> dict[str, list[object]]:
    """The heads as the anchors (up to number `until`) tell them: name to [length, hash]."""
    anchors = Anchor.objects.order_by("id")
    if until is not None:
        anchors = anchors.filter(pk__lte=until)
    heads: dict[str, list[object]] = {}
    for changed in anchors.values_list("heads", flat=True).iterator():
        heads.update({name: [length, head] for name, length, head in changed})
    return heads


@dataclass(slots=True)
class Audit:
    """What a verification found; `faults` are sentences for a person."""

    chains: int = 0
    events: int = 0
    anchors: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def verify() -> Audit:
    """Check every chain, every anchor, and that every subject still has its chain.

    Finds an event that was changed, deleted, inserted or moved, a chain whose end was cut, a chain that was removed
    whole (when an anchor or its subject knows of it), an anchor that was changed or removed, and what `checks` find.
    """
    report = Audit()
    states = _walk_chains(report)
    _check_heads(report, states)
    _check_anchors(report, states)
    for kind, names in subjects.items():
        for name in names():
            if name not in states:
                report.faults.append(
                    _("{name}：{kind}还在，但它的历史链整条不见了").format(name=name, kind=_(kind))
                )
    for faults in checks.values():
        report.faults.extend(faults())
    return report


def _walk_chains(report: Audit) -> dict[str, list[str]]:
    """Check links and hashes; return for each chain the hashes in order."""
    states: dict[str, list[str]] = {}
    for event in Event.objects.order_by("chain", "number").iterator(chunk_size=2000):
        report.events += 1
        seen = states.setdefault(event.chain, [])
        place = _("{chain} 第 {number} 条（{event}）").format(
            chain=event.chain, number=event.number, event=event.name
        )
        if event.number != len(seen) + 1:
            report.faults.append(_("{place}：前面缺第 {number} 条").format(place=place, number=len(seen) + 1))
            seen.extend([""] * (event.number - len(seen) - 1))
        before = seen[-1] if seen else ""
        if event.previous != before:
            report.faults.append(_("{place}：与前一条接不上，有插入、删除或调换").format(place=place))
        if event.computed_hash() != event.hash:
            report.faults.append(_("{place}：内容被改动过").format(place=place))
        seen.append(event.hash)
    report.chains = len(states)
    return states


def _check_heads(report: Audit, states: Mapping[str, list[str]]) -> None:
    heads = {chain.name: chain for chain in Chain.objects.all()}
    for name, hashes in states.items():
        head = heads.get(name)
        if head is None:
            report.faults.append(_("{name}：链头记录不见了").format(name=name))
        elif head.length != len(hashes) or head.head != hashes[-1]:
            report.faults.append(_("{name}：链头与最后一条不一致，末尾被截去或改动").format(name=name))
    for name in heads.keys() - states.keys():
        report.faults.append(_("{name}：整条链的记录都不见了").format(name=name))


def _check_anchors(report: Audit, states: Mapping[str, list[str]]) -> None:
    known: dict[str, list[object]] = {}
    previous = ""
    for anchor in Anchor.objects.order_by("id").iterator():
        report.anchors += 1
        place = _("第 {number} 个锚点").format(number=report.anchors)
        if anchor.previous != previous:
            report.faults.append(_("{place}：与前一个接不上，有锚点被删除或调换").format(place=place))
        if anchor.computed_hash() != anchor.hash:
            report.faults.append(_("{place}：内容被改动过").format(place=place))
        known.update({name: [length, head] for name, length, head in anchor.heads})
        if heads_digest(known) != anchor.digest or len(known) != anchor.chains:
            report.faults.append(_("{place}：所记各链与总摘要不一致").format(place=place))
        report.faults.extend(
            _("{place}：{fault}").format(place=place, fault=fault) for fault in _misfits(anchor.heads, states)
        )
        previous = anchor.hash


def _misfits(heads: Iterable[tuple[str, int, str]], states: Mapping[str, list[str]]) -> Iterator[str]:
    for name, length, head in heads:
        hashes = states.get(name)
        if hashes is None:
            yield _("{name} 整条链不见了").format(name=name)
        elif len(hashes) < length or hashes[length - 1] != head:
            yield _("{name} 第 {number} 条与当时不符").format(name=name, number=length)

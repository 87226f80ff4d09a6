"""State machines as data: which verb leads from which states to which, and what event it records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transition:
    """One verb of a machine; `event` is the dotted name that the history keeps."""

    verb: str
    sources: frozenset[str]
    target: str
    event: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The table of one state machine; the only place that knows its states."""

    name: str
    initial: str
    labels: Mapping[str, str]
    transitions: Mapping[str, Transition]

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in the order of the table."""
        return tuple(self.labels)

    def allows(self, state: str, verb: str) -> bool:
        """Whether `verb` leads on from `state`."""
        return state in self.transitions[verb].sources

    def verbs_from(self, state: str) -> tuple[str, ...]:
        """The verbs that lead on from `state`."""
        return tuple(verb for verb, step in self.transitions.items() if state in step.sources)


def machine(
    name: str, labels: Mapping[str, str], rows: Iterable[tuple[str, str | Iterable[str], str, str]]
) -> Machine:
    """Build a machine from rows of (verb, sources, target, event); the first label is the initial state.

    Raises ValueError when a row names an unknown state or a verb stands twice.
    """
    table: dict[str, Transition] = {}
    for verb, sources, target, event in rows:
        origin = frozenset([sources] if isinstance(sources, str) else sources)
        unknown = (origin | {target}) - set(labels)
        if unknown:
            raise ValueError(f"{name}.{verb}: unknown states {sorted(unknown)}")
        if verb in table:
            raise ValueError(f"{name}.{verb}: stands twice")
        table[verb] = Transition(verb, origin, target, event)
    return Machine(name, next(iter(labels)), dict(labels), table)

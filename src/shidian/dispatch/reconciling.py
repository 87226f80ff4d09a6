"""Incoming and outgoing of every office (对账): each number with the applications that make it, and the proofs.

Every proof sets two counts beside each other that come from different records: where an application is now, its
arrivals, the rows of the lists with what supplements withdrew, and the history. They are compared application by
application, so that two mistakes never hide each other; what stands on one side only is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from shidian.applications.models import Application, Lodgement
from shidian.audit.models import Event
from shidian.calls.definition import Stage
from shidian.calls.models import Call
from shidian.calls.queries import office_after, offices_at, stage_of
from shidian.dispatch.models import CandidateList, ListChange, ListItem
from shidian.dispatch.queries import Registered, counted_plan, registered
from shidian.organisations.models import Office

NOW = (
    "to_review",
    "returned",
    "declined",
    "recommended",
    "listed",
    "sent",
    "withdrawn",
    "merged",
    "called_back",
)
"""Where what an office received is now; each application is in exactly one."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the accounts: its words, the applications that make it, and its size (copies, where it is paper)."""

    key: str
    label: str
    applications: frozenset[int]
    count: int


@dataclass(frozen=True, slots=True)
class Proof:
    """Two sides that must be the same; `odd` are the applications that stand on one side only."""

    label: str
    left: list[Number]
    right: list[Number]
    odd: frozenset[int]

    @property
    def left_count(self) -> int:
        """The sum of the left side."""
        return sum(number.count for number in self.left)

    @property
    def right_count(self) -> int:
        """The sum of the right side."""
        return sum(number.count for number in self.right)

    @property
    def holds(self) -> bool:
        """Whether both sides are the same, in number and application by application."""
        return not self.odd and self.left_count == self.right_count

    @property
    def words(self) -> str:
        """The equation with its numbers."""
        return _("{left} ＝ {right}").format(left=_side(self.left), right=_side(self.right))


def _side(numbers: Sequence[Number]) -> str:
    told = [_("{label} {count}").format(label=number.label, count=number.count) for number in numbers]
    return _(" ＋ ").join(told)


@dataclass(frozen=True, slots=True)
class Account:
    """The accounts of one office."""

    office: Office
    stage: Stage
    numbers: dict[str, Number]
    proofs: list[Proof] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether all of its proofs hold."""
        return all(proof.holds for proof in self.proofs)

    @property
    def faults(self) -> list[Proof]:
        """The proofs that do not hold."""
        return [proof for proof in self.proofs if not proof.holds]


@dataclass(slots=True)
class _Row:
    state: str
    office: int | None
    stage: str


class Books:
    """Everything that the accounts of a call are made of, read once: a fixed number of queries for all its offices."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.stages = [stage.key for stage in call.definition.stages]
        self.rows: dict[int, _Row] = {
            pk: _Row(state, office, stage)
            for pk, state, office, stage in Application.objects.filter(call=call).values_list(
                "pk", "state", "office", "stage"
            )
        }
        self.arrivals: dict[
            int, list[tuple[int, int | None, str]]
        ] = {}  # by office: application, sender, stage
        self.sent: dict[int, list[tuple[int, str]]] = {}  # by sender: application, stage of arrival
        for application, office, sender, stage in (
            Lodgement.objects.filter(application__call=call)
            .order_by("pk")
            .values_list("application", "office", "sent_by", "stage")
        ):
            self.arrivals.setdefault(office, []).append((application, sender, stage))
            if sender is not None:
                self.sent.setdefault(sender, []).append((application, stage))
        self.on_lists: dict[int, set[int]] = {}
        self.open: dict[int, set[int]] = {}
        self._read_lists()
        self.nominated = self._nominated()
        self.paper: dict[int, list[Registered]] = {}
        if counted_plan(call) is not None:
            for row in registered(call):
                self.paper.setdefault(row.sender.pk, []).append(row)

    def _read_lists(self) -> None:
        lists = CandidateList.objects.filter(call=self.call).order_by("pk")
        items: dict[int, set[int]] = {}
        for listed, application in ListItem.objects.filter(list__call=self.call).values_list(
            "list", "application"
        ):
            items.setdefault(listed, set()).add(application)
        gone: dict[int, set[int]] = {}
        for listed, application in ListChange.objects.filter(
            list__call=self.call, kind=ListChange.Kind.WITHDRAW
        ).values_list("list", "application"):
            gone.setdefault(listed, set()).add(application)
        for pk, office, state in lists.values_list("pk", "office", "state"):
            if state == "dispatched":
                held = self.on_lists.setdefault(office, set())
                held |= items.get(pk, set())
                held -= gone.get(pk, set())
            elif state in ("proposed", "confirmed"):
                self.open[office] = items.get(pk, set())

    def _nominated(self) -> set[int]:
        chains = {
            f"application:{reference}": pk
            for pk, reference in Application.objects.filter(call=self.call).values_list("pk", "reference")
        }
        found: set[int] = set()
        wanted = ("application.nominated", "application.called_back")
        for chain, name in (
            Event.objects.filter(name__in=wanted, chain__startswith="application:")
            .order_by("pk")
            .values_list("chain", "name")
        ):
            pk = chains.get(chain)
            if pk is not None:
                (found.add if name == "application.nominated" else found.discard)(pk)
        return found

    def account(self, office: Office) -> Account:
        """The accounts of one office."""
        stage = stage_of(self.call, office)
        if stage is None:
            raise LookupError(office.key)
        numbers = self._numbers(office, stage)
        return Account(office, stage, numbers, self._proofs(office, stage, numbers))

    def _numbers(self, office: Office, stage: Stage) -> dict[str, Number]:
        words = _words(stage.verb_recommend)
        own = [key for key in words if key not in ("below_sent", "paper_due", "paper_here", "paper_missing")]
        found: dict[str, set[int]] = {key: set() for key in own}
        for application, sender, _stage in self.arrivals.get(office.pk, []):
            if application in found["handed_in"] or application in found["from_lists"]:
                continue  # a correction that comes back, or what was called back, is not received twice
            found["handed_in" if sender is None else "from_lists"].add(application)
        found["received"] = {application for application, *_rest in self.arrivals.get(office.pk, [])}
        for application in found["received"]:
            found[self._place(application, office, stage)].add(application)
        found["on_lists"] = set(self.on_lists.get(office.pk, set()))
        found["arrived"] = self._arrived(office, stage)
        return {
            key: Number(key, words[key], frozenset(applications), len(applications))
            for key, applications in found.items()
        }

    def _place(self, application: int, office: Office, stage: Stage) -> str:
        row = self.rows[application]
        if row.office != office.pk:
            before = self.stages[: self.stages.index(stage.key)]
            return "called_back" if row.stage in before else "sent"
        match row.state:
            case "lodged":
                return "to_review"
            case "returned" | "draft" | "signing":
                return "returned"
            case "recommended":
                return "listed" if application in self.open.get(office.pk, set()) else "recommended"
            case "declined" | "withdrawn" | "merged" as state:
                return state
        return "sent"

    def _arrived(self, office: Office, stage: Stage) -> set[int]:
        """What reached where the office sends to, by the records of those who received it."""
        if stage.key == self.stages[-1]:
            return {pk for pk in self.nominated if self.rows[pk].office == office.pk}
        own = self.stages.index(stage.key)
        # What stands at the own stage again was called back since.
        return {
            application
            for application, at in self.sent.get(office.pk, [])
            if self.stages.index(at) > own and self.stages.index(self.rows[application].stage) > own
        }

    def _proofs(self, office: Office, stage: Stage, numbers: dict[str, Number]) -> list[Proof]:
        now = [numbers[key] for key in NOW if numbers[key].count or key in ("to_review", "sent")]
        last = stage.key == self.stages[-1]
        found = [
            _proof(
                _("收到的，都有来处"),
                [numbers["received"]],
                [numbers["handed_in"], numbers["from_lists"]],
            ),
            _proof(_("收到的，都有去处"), [numbers["received"]], now),
            _proof(_("报送的，都在清单上"), [numbers["sent"]], [numbers["on_lists"]]),
            _proof(
                _("报送的，历史里都有记录") if last else _("报送的，下一级都收到了"),
                [numbers["sent"]],
                [numbers["arrived"]],
            ),
        ]
        if not last and stage.key == self.call.definition.delivery.after_stage and counted_plan(self.call):
            paper = self._paper(office, numbers["sent"])
            numbers.update({number.key: number for number in paper})
            found.append(
                _paper_proof(_("应有的纸质材料，不是到了就是缺着"), [paper[0]], [paper[1], paper[2]])
            )
        below = [
            sender
            for key in self.stages[: self.stages.index(stage.key)][-1:]
            for sender in offices_at(self.call, key)
            if office_after(self.call, sender) == office
        ]
        if below:
            found.append(self._from_below(numbers, below))
        return found

    def _paper(self, office: Office, sent: Number) -> list[Number]:
        plan = counted_plan(self.call)
        total = plan.total if plan else 0
        rows = self.paper.get(office.pk, [])
        here = [row for row in rows if row.copies_here]
        missing = [row for row in rows if any(copy is None for copy in row.copies.values())]
        words = _words("")
        return [
            Number("paper_due", words["paper_due"], sent.applications, sent.count * total),
            Number(
                "paper_here",
                words["paper_here"],
                frozenset(row.application.pk for row in here),
                sum(len(row.copies_here) for row in here),
            ),
            Number(
                "paper_missing",
                words["paper_missing"],
                frozenset(row.application.pk for row in missing),
                sum(copy is None for row in missing for copy in row.copies.values()),
            ),
        ]

    def _from_below(self, numbers: dict[str, Number], below: Iterable[Office]) -> Proof:
        sent: set[int] = set()
        for sender in below:
            stage = stage_of(self.call, sender)
            if stage is not None:
                found = self._numbers(sender, stage)
                sent |= found["sent"].applications
        words = _words("")
        below_sent = Number("below_sent", words["below_sent"], frozenset(sent), len(sent))
        numbers["below_sent"] = below_sent
        return _proof(
            _("随清单收到的，就是下级报送的和撤下的"),
            [numbers["from_lists"]],
            [below_sent, numbers["called_back"]],
        )


def _proof(label: str, left: list[Number], right: list[Number]) -> Proof:
    one: set[int] = set()
    other: set[int] = set()
    twice: set[int] = set()
    for side, numbers in ((one, left), (other, right)):
        for number in numbers:
            twice |= side & number.applications
            side.update(number.applications)
    return Proof(label, left, right, frozenset((one ^ other) | twice))


def _paper_proof(label: str, left: list[Number], right: list[Number]) -> Proof:
    due = frozenset().union(*(number.applications for number in left))
    told = frozenset().union(*(number.applications for number in right))
    return Proof(label, left, right, due ^ told)


def _words(verb: str) -> dict[str, str]:
    word = verb or _("推荐")
    return {
        "received": _("收到"),
        "handed_in": _("承担单位递交"),
        "from_lists": _("随清单报送来"),
        "to_review": _("待审查"),
        "returned": _("退回补正中"),
        "declined": _("不予{verb}").format(verb=word),
        "recommended": _("已{verb}，未列入送审清单").format(verb=word),
        "listed": _("在送审的清单上"),
        "sent": _("已报送"),
        "withdrawn": _("承担单位撤回"),
        "merged": _("并入联合推荐"),
        "called_back": _("推荐单位撤下"),
        "on_lists": _("清单上有效的"),
        "arrived": _("对方收到的"),
        "paper_due": _("应有份数"),
        "paper_here": _("已到份数"),
        "paper_missing": _("缺少份数"),
        "below_sent": _("下级已报送"),
    }


def accounts(call: Call, offices: Iterable[Office]) -> list[Account]:
    """The accounts of several offices of a call."""
    books = Books(call)
    return [books.account(office) for office in offices]

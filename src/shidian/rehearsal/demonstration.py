"""The demonstration: the call as it was, the same call moved to today, and units in every state to try each step by hand.

The accounts exist only in this data set; `serve` refuses to run it as production.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random

from django.conf import settings
from django.db import transaction

from shidian.accounts.actions import accept_invitation, appoint_auditor, create_first_administrator
from shidian.accounts.models import User
from shidian.applications.queries import lodgement_here, round_of
from shidian.audit.actions import SYSTEM, anchor
from shidian.calls.actions import load, publish
from shidian.calls.models import Call
from shidian.calls.packages import Package
from shidian.calls.queries import gates_until, offices_at, window
from shidian.core import clock
from shidian.core.errors import NotPermitted
from shidian.dispatch import actions as dispatch
from shidian.dispatch import registering
from shidian.dispatch.queries import registered
from shidian.organisations.models import Office
from shidian.rehearsal.timetable import Timetable
from shidian.rehearsal.troupe import Player, Troupe, there
from shidian.reviews import actions as reviews
from shidian.reviews import problems
from shidian.reviews.experts import assignment, panels, pool
from shidian.reviews.experts.rules import can_keep_pool

DEMONSTRATION_PASSWORD: str = settings.DEMONSTRATION_PASSWORD
DAYS_RUNNING = 10
SEED = 20
OFFICES = 4
COPIES_COUNTED = 2
EXPERTS = (
    ("沈评", "示范大学标准化研究所（演示）", "教授"),
    ("何鉴", "示例标准化研究院（演示）", "研究员"),
    ("吕衡", "样板管理学会（演示）", "高级工程师"),
    ("施度", "示范财经学院（演示）", "副教授"),
    ("张量", "示例应急学会（演示）", "高级工程师"),
    ("孔准", None, "高级工程师"),
)
"""Name, unit, title; who has no unit works at a party of an application, and is kept away from it."""


def set_up(package: Package, *, tell: Callable[[str], None]) -> Call:
    """Load both calls and set the stage; returns the call that can be tried. A second run changes nothing.

    When the hand-ins of the demonstration have closed in the meantime, its dates are moved again. Refused
    (`NotPermitted`) outside of a demonstration, (`NotNow`) in a database that has other accounts.
    """
    if not settings.DEMONSTRATION:
        raise NotPermitted("演示数据只能装在演示系统里（SHIDIAN_MODE=demonstration）。")
    today = clock.now().astimezone(package.call.zone).date()
    issued = today - timedelta(days=DAYS_RUNNING)
    known = Call.objects.filter(key=package.shifted(issued).call.key, is_demonstration=True).first()
    if known is not None and User.objects.filter(is_demonstration=True).exists():
        if not _takes_hand_ins(known):
            known = load(package, by=SYSTEM, shift_to=issued)
            tell(f"演示批次已经截止，日期重新移到 {issued} 起")
        else:
            tell("演示数据已经在了，没有改动")
        return known
    with transaction.atomic():
        return _Demonstration(package, issued=issued, tell=tell).run()


def _takes_hand_ins(call: Call) -> bool:
    offices = offices_at(call, call.definition.stages[0].key)
    return any(window(call, office).takes_hand_ins() for office in offices)


def _offices(package: Package) -> list[str]:
    """Some offices of the first stage's first kind, and one of every other kind."""
    kinds = package.call.stages[0].kinds
    by_kind = {kind: [d.key for d in package.offices if d.kind == kind] for kind in kinds}
    return [
        *by_kind[kinds[0]][:OFFICES],
        *(keys[0] for kind, keys in by_kind.items() if kind != kinds[0] and keys),
    ]


class _Demonstration(Troupe):
    """Plays the first days of the moved call, so that every role finds work today."""

    def __init__(self, package: Package, *, issued: date, tell: Callable[[str], None]) -> None:
        moved = package.shifted(issued)
        self.midnight = datetime.combine(issued, time(), tzinfo=moved.call.zone)
        self.original, self.issued, self.tell = package, issued, tell
        self.experts: list[User] = []
        super().__init__(
            moved,
            rng=Random(SEED),  # noqa: S311 (a cast, no secret)
            time=Timetable(self.midnight - timedelta(hours=12), timedelta(seconds=73)),
            first_offices=_offices(moved),
            password=DEMONSTRATION_PASSWORD,
        )

    def run(self) -> Call:
        """All days in order; the clock is the demonstration's own until it ends."""
        clock.set_source(self.time)
        try:
            self.prepare()
            self.play()
        finally:
            clock.set_source(None)
        self.show_accounts()
        return self.call

    def prepare(self) -> None:
        """Both calls, and the people of the offices."""
        closed = load(self.original, by=SYSTEM)
        if closed.state == "draft":
            publish(closed, by=SYSTEM)
        self.call = load(self.original, by=SYSTEM, shift_to=self.issued)
        self.administrator = create_first_administrator(
            name="演示管理员", email="administrator@office.example", password=self.password
        )
        self.auditor = appoint_auditor(
            name="演示审计员", email="auditor@office.example", by=self.administrator
        )
        accept_invitation(self.auditor, password=self.password)
        self.staff_offices()
        self.day(0)
        if self.call.state == "draft":
            publish(self.call, by=SYSTEM)
        self.call = Call.objects.get(pk=self.call.pk)
        anchor()

    def day(self, number: int, hour: int = 9) -> None:
        """Go on to a day of the call, counted from its issue."""
        self.time.reach(self.midnight + timedelta(days=number, hours=hour))

    def place(self, position: int) -> Office:
        """One of the offices taking part."""
        return self.office(self.first_offices[position % len(self.first_offices)])

    def play(self) -> None:
        """Units register, and each application goes as far as its state needs."""
        first, second, third, fourth = (self.place(position) for position in range(4))
        other = self.office(self.first_offices[-1])
        self.day(1)
        where = [first, first, first, second, second, second, third, third, first, fourth, other, first]
        units = [self.register_unit(number, office) for number, office in enumerate(where, start=1)]
        for player in units:
            self.confirm(player)
        (
            waiting,
            signing,
            _empty,
            half,
            returned,
            ready,
            above,
            proposed,
            recommended,
            listed,
            channel,
            many,
        ) = units
        self.day(2)
        for player in units:
            self.start(player)
        self.fill(half, half=True)
        handed_in = [waiting, returned, above, proposed, recommended, listed, channel, many]
        frozen = [*handed_in, signing, ready]
        for player in frozen:
            self.fill(player)
            self.freeze(player)
        self.day(3)
        gates = gates_until(self.call, self.definition.stages[0].key)
        for player in [*handed_in, ready]:
            self.collect(player, gates)
        round_ = self.round(signing)
        for party in round_.parties.filter(gate__in=gates).order_by("position")[:2]:
            self.opinion(signing, party, by=signing.writer)
        self.day(4)
        for player in handed_in:
            self.lodge(player)
        self.day(5)
        self.decide([above, proposed, recommended, listed], returned)
        self.day(6)
        self.send(third)
        self.day(7)
        self.count([above.reference])
        self.at_the_top(proposed)
        dispatch.propose(self.call, fourth, by=self.staff[fourth.key].handler)
        self.day(8)
        self.ask_experts(above)
        self.day(9)
        self.pending = self.register_unit(len(units) + 1, first)
        anchor()
        self.shown = [signing, half, returned, ready]

    def decide(self, good: list[Player], bad: Player) -> None:
        """Offices recommend some applications and return one."""
        for player in good:
            handler = self.staff[player.office.key].handler
            self.later_opinions(player, self.definition.stages[0], handler)
            self.judge(player, handler)
            reviews.recommend(self.app(player), by=handler)
        handler = self.staff[bad.office.key].handler
        section, key = self.long_field()
        lodgement = there(lodgement_here(self.app(bad)), "没有收到递交的材料")
        marks = [
            (f"f:{section}.{key}", "经费来源中三项之和与总额不符，请核对。", "must"),
            ("p:1", "盖章不清楚，请重新盖章。", "must"),
            ("a:", "扫描件分辨率偏低，最好重新扫描。", "should"),
        ]
        for place, words, severity in marks:
            problems.draft(lodgement, place=place, text=words, severity=severity, by=handler)
        reviews.return_for_correction(self.app(bad), by=handler)

    def send(self, office: Office) -> None:
        """One office has sent its list."""
        staff = self.staff[office.key]
        sheet = dispatch.confirm(dispatch.propose(self.call, office, by=staff.handler), by=staff.approver)
        self.seal(sheet, staff.handler)
        dispatch.dispatch(sheet, by=staff.approver)

    def count(self, references: list[str]) -> None:
        """The registry has counted some copies of what came, not all."""
        if self.definition.delivery.after_stage != self.definition.stages[0].key:
            return
        office = self.office(self.definition.delivery.office)
        for row in registered(self.call):
            if row.application.reference in references:
                counted = [
                    dispatch.count_copy(self.call, office, row.application, copy, by=self.registrar)
                    for copy in list(row.copies)[:COPIES_COUNTED]
                ]
                keys = [copy.key for copy in counted]
                registering.shelve(self.call, office, keys, by=self.registrar, shelf="档案室 3 架 2 层")
                registering.acknowledge(self.call, office, by=self.registrar, sender=row.sender)

    def at_the_top(self, player: Player) -> None:
        """At the second stage one application is recommended and waits on a list for its approver."""
        application = self.app(player)
        office = application.office
        if office is None or len(self.definition.stages) == 1:
            return
        handler = self.staff[office.key].handler
        self.later_opinions(player, self.definition.stages[1], handler)
        self.judge(player, handler)
        reviews.recommend(self.app(player), by=handler)
        dispatch.propose(self.call, office, by=handler)

    def ask_experts(self, player: Player) -> None:
        """The last stage has experts, one of them in conflict, and a panel that reads what came."""
        application = self.app(player)
        office = application.office
        if office is None or not can_keep_pool(self.staff[office.key].handler, office):
            return
        by = self.staff[office.key].handler
        round_ = round_of(application)
        near = round_.parties.order_by("position").first() if round_ else None
        areas = list(self.definition.area_labels)
        self.experts = []
        for number, (name, unit, title) in enumerate(EXPERTS):
            details = pool.Details(
                near.name if near and unit is None else unit or "",
                specialities=tuple(areas[(number + step) % len(areas)] for step in range(2)),
                title=title,
            )
            email = f"expert{number + 1}@expert.example"
            expert = pool.add(office, name=name, email=email, details=details, by=by)
            accept_invitation(expert.user, password=self.password)
            self.experts.append(expert.user)
        now = clock.now()
        panel = panels.make(
            self.call,
            office,
            name="演示评审组",
            areas=[],
            opens_at=now,
            closes_at=now + timedelta(days=14),
            by=by,
        )
        assignment.confirm(assignment.ask(panel, readers=3, most=10, strict=False, by=by), by=by)
        panels.open_panel(panel, by=by)

    def show_accounts(self) -> None:
        """Mark one account for each role; they are listed on the sign-in page."""
        shown = [self.administrator, self.auditor, self.registrar]
        shown += [player.writer for player in self.shown]
        shown.append(self.shown[0].head)
        shown += self.experts[:2]
        top = self.app(self.players[6]).office
        keys = [
            self.first_offices[0],
            self.first_offices[3 % len(self.first_offices)],
            self.first_offices[-1],
        ]
        for key in dict.fromkeys([*keys, *([top.key] if top else [])]):
            shown += [self.staff[key].handler, self.staff[key].approver]
        User.objects.filter(pk__in=[user.pk for user in shown]).update(is_demonstration=True)
        self.tell(
            f"演示批次 {self.call.key}：{len(self.players)} 家单位，{len(shown)} 个演示账号，密码 {self.password}"
        )
        self.tell(f"待确认的单位：{self.pending.unit.name}，确认邮件发给 {self.pending.unit.head.email}")

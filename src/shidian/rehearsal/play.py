"""The whole procedure of a call, played through the same verbs by a cast, without a browser.

Units of every story go from registration to the package for the destination, along the calendar of the call. What must
be refused is asked for and must be refused by the right refusal; in the end all numbers must agree. Nothing reads the
wall clock or depends on an order that is not fixed: the same seed gives the same package on any machine and database.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.signals import setting_changed
from django_q.conf import Conf

from shidian.accounts.actions import create_first_administrator
from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications import papers
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import answers
from shidian.applications.writing import Contested, save_field
from shidian.audit.actions import SYSTEM, anchor
from shidian.audit.models import Event
from shidian.audit.queries import verify as verify_history
from shidian.calls.actions import extend, load, publish
from shidian.calls.definition import Stage
from shidian.calls.models import Call, Extension
from shidian.calls.packages import Package
from shidian.calls.queries import gate_after, gates_until, offices_at, window
from shidian.core import clock
from shidian.core.digests import sha256_of_bytes
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.dispatch import actions as dispatch
from shidian.dispatch import packages
from shidian.dispatch.models import CandidateList
from shidian.dispatch.models import Package as SentPackage
from shidian.dispatch.queries import effective, items
from shidian.dispatch.verify import verify as verify_package
from shidian.documents.actions import take_scan
from shidian.documents.intake import Rejected
from shidian.documents.storage import file_store
from shidian.notifications import telling
from shidian.notifications.models import Notice
from shidian.organisations import actions as organisations
from shidian.organisations.actions import Person
from shidian.organisations.models import Office, Officer, Organisation
from shidian.rehearsal import scans
from shidian.rehearsal.corrections import three_rounds
from shidian.rehearsal.experts import judge
from shidian.rehearsal.lists import (
    books_agree,
    joint_recommendation,
    quota_waiver,
    supplement,
    with_quota,
)
from shidian.rehearsal.publicity import Desk, decide, play_publicity, play_results
from shidian.rehearsal.reckoning import reconcile, tampering_is_found
from shidian.rehearsal.registry import count_corrected_paper, count_paper
from shidian.rehearsal.stories import FEWEST, Story, story_of
from shidian.rehearsal.timetable import Timetable, closing, opening, spans, working
from shidian.rehearsal.troupe import NotAsItMustBe, Player, Staff, Troupe, must, there
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.reviews.models import Choice
from shidian.reviews.queries import counts
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import outstanding

PASSWORD = "rehearsal-only"  # noqa: S105 (accounts of a rehearsal live in a folder that is thrown away)
UNITS_AN_OFFICE = 3
MOST_OFFICES = 16
FIRST_UNCONFIRMED = 2  # the unit that tries to begin before its head has confirmed
UNFIT = "经核查，不符合征集要求，本批次不予列入。"

Tell = Callable[[str], None]


@dataclass
class Outcome:
    """What a rehearsal came to; `numbers` are those that were reconciled."""

    digest: str
    path: Path
    applications: int
    nominated: int
    refusals: list[str]
    numbers: dict[str, int] = field(default_factory=dict)
    acts: dict[str, str] = field(default_factory=dict)  # what was played, by its name, with references


@dataclass(frozen=True, slots=True)
class Made:
    """The package: the list that it was made of, where it lies, its digest, and how many files are in it."""

    sheet: CandidateList
    path: Path
    digest: str
    files: int


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Hash passwords cheaply within a block: nobody ever signs in to the accounts of a rehearsal."""
    before = settings.PASSWORD_HASHERS
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The hashers are kept until this signal says that the setting is another one.
    setting_changed.send(sender=quick_passwords, setting="PASSWORD_HASHERS", value=None, enter=True)
    try:
        yield
    finally:
        settings.PASSWORD_HASHERS = before
        setting_changed.send(sender=quick_passwords, setting="PASSWORD_HASHERS", value=None, enter=False)


@contextmanager
def jobs_that_wait() -> Iterator[None]:
    """Leave jobs in their queue within a block: every letter sent is history, so the package would tell of the worker."""
    before = Conf.SYNC
    Conf.SYNC = False
    try:
        yield
    finally:
        Conf.SYNC = before


@contextmanager
def marks_of_a_rehearsal(seed: int) -> Iterator[None]:
    """Mark papers within a block by a key made of the seed: the same on every machine, and genuine on none."""
    before = settings.MARK_KEYS, settings.ADDRESS
    with TemporaryDirectory(prefix="shidian-rehearsal-") as folder:
        settings.MARK_KEYS = Path(folder) / "mark-keys"
        settings.MARK_KEYS.write_text(sha256_of_bytes(f"rehearsal {seed}".encode()))
        settings.ADDRESS = ""
        try:
            yield
        finally:
            settings.MARK_KEYS, settings.ADDRESS = before


def play(package: Package, *, seed: int, units: int, out: Path, tell: Tell) -> Outcome:
    """Play the procedure of `package` on an empty database and write its package into the folder `out`.

    NotAsItMustBe when anything is not as it must be. `units` is at least the number of stories.
    """
    must(units >= FEWEST, f"至少要 {FEWEST} 家单位，才能把各种情形演一遍。")
    must(
        not User.objects.exists() and not Call.objects.exists(), "演练要用空的数据库：账号和编号都从头开始。"
    )
    rehearsal = Rehearsal(package, seed=seed, units=units, tell=tell)
    clock.set_source(rehearsal.time)
    try:
        with quick_passwords(), jobs_that_wait(), marks_of_a_rehearsal(seed):
            return rehearsal.run(out)
    finally:
        clock.set_source(None)


def choose_offices(package: Package, units: int) -> list[str]:
    """Offices of the first stage that take part: most of its first kind, one of every other kind."""
    kinds = package.call.stages[0].kinds
    by_kind = {kind: [d.key for d in package.offices if d.kind == kind] for kind in kinds}
    wanted = min(MOST_OFFICES, max(2, units // UNITS_AN_OFFICE))
    others = [keys[0] for kind, keys in by_kind.items() if kind != kinds[0] and keys]
    return [*by_kind[kinds[0]][: max(1, wanted - len(others))], *others]


class Rehearsal(Troupe):
    """One performance: the cast, the timetable, and the acts in their order."""

    def __init__(self, package: Package, *, seed: int, units: int, tell: Tell) -> None:
        self.units, self.tell = units, tell
        first_offices = choose_offices(package, units)
        package, self.over_quota = self.short_quota(package, first_offices)
        own = [next(d.hand_in_until for d in package.offices if d.key == key) for key in first_offices]
        opens, closes = opening(package.call), closing(package.call, own)
        step = timedelta(seconds=max(1, min(40, 960 // units)))
        super().__init__(
            package,
            rng=Random(seed),  # noqa: S311 (a cast, no secret)
            time=Timetable(opens - timedelta(hours=12), step),
            first_offices=first_offices,
            password=PASSWORD,
        )
        self.opens, self.closes, self.hand_in = opens, closes, (opens, closes)
        self.work = spans(self.definition, closes)
        self.refusals: list[str] = []
        self.acts: dict[str, str] = {}
        self.sheets: list[CandidateList] = []

    def short_quota(self, package: Package, first_offices: list[str]) -> tuple[Package, str]:
        """The package with a quota of one less than the busiest office will send, and the key of that office.

        A call of one stage, or with quotas of its own, is played as it is, and no office is named.
        """
        if len(package.call.stages) == 1 or package.call.stages[0].quota is not None:
            return package, ""
        sent = Counter(
            first_offices[(number - 1) % len(first_offices)]
            for number in range(1, self.units + 1)
            if story_of(number).leaves_first_stage
        )
        busiest, count = sent.most_common(1)[0]
        return with_quota(package, busiest, count - 1), busiest

    # The acts

    def run(self, out: Path) -> Outcome:
        """All acts in order."""
        self.prepare()
        self.register()
        self.write()
        self.sign()
        self.hand_in_all()
        for position, stage in enumerate(self.definition.stages):
            self.office_work(stage, position)
            if stage.key == self.definition.delivery.after_stage:
                self.registry(position)
        made = self.package_made(out)
        self.hear_results()
        return self.finish(made)

    def prepare(self) -> None:
        """The call is loaded and published, the offices get their people."""
        self.heading("准备：载入征集批次，设置机构人员")
        self.call = load(self.package, by=SYSTEM)
        self.administrator = create_first_administrator(
            name="演练管理员", email="administrator@office.example", password=PASSWORD
        )
        self.staff_offices()
        first = self.first_offices[0]
        both = self.appoint(first, Officer.Role.HANDLER, "both")
        organisations.appoint(
            self.office(first), Officer.Role.APPROVER, name=both.name, email=both.email, by=self.administrator
        )
        self.staff[first].both = both
        self.refused(
            "系统管理员以外的人设置机构人员",
            NotPermitted,
            lambda: organisations.appoint(
                self.office(first), Officer.Role.HANDLER, name="某人", email="nobody@office.example", by=both
            ),
        )
        self.say(f"{len(self.staff)} 个受理机构和登记机构的经办人、审批人、登记员到位")
        early = self.register_one(1)
        self.refused(
            "征集开始以前申报",
            NotNow,
            lambda: applications.start(self.call, early.organisation, by=early.writer),
        )
        self.time.reach(max(self.opens, self.opens.replace(hour=9, minute=0)))
        publish(self.call, by=SYSTEM)
        self.call = Call.objects.get(pk=self.call.pk)
        self.say(f"发布《{self.call.title}》")
        anchor()

    def register(self) -> None:
        """Every unit registers, and its head confirms."""
        self.heading("注册：各单位注册账号，负责人确认")
        self.time.reach(self.time() + timedelta(hours=1))
        bad = "12345678901234567X"
        self.refused("代码校验不通过的单位注册", Invalid, lambda: self.register_with(bad))
        for number in range(2, self.units + 1):
            self.register_one(number)
        taken = self.players[0].unit.code
        self.refused("同一代码再次注册", Invalid, lambda: self.register_with(taken))
        self.say(f"{len(self.players)} 家单位完成注册和确认，分布在 {len(self.first_offices)} 个推荐机构")
        for player in self.of(Story.JOINT):
            other = next(key for key in reversed(self.first_offices) if key != player.office.key)
            self.players.append(replace(player, story=Story.TWICE, office=self.office(other)))

    def register_with(self, code: str) -> Organisation:
        """Register a unit that must not come to be."""
        person = Person("某人", "somebody@unit.example")
        return organisations.register(
            name="某单位",
            code=code,
            region="",
            address="",
            writer=person,
            password=PASSWORD,
            head=Person("他人", "other@unit.example"),
        )

    def register_one(self, number: int) -> Player:
        """Unit `number` registers, and its head confirms."""
        office = self.office(self.first_offices[(number - 1) % len(self.first_offices)])
        story = story_of(number)
        if story is Story.CALLED_BACK and len(self.definition.stages) == 1:
            story = Story.PLAIN  # a supplement takes back what an office above has received
        player = self.register_unit(number, office, story)
        organisation, writer = player.organisation, player.writer
        if number == FIRST_UNCONFIRMED:
            self.refused(
                "负责人确认以前申报", NotNow, lambda: applications.start(self.call, organisation, by=writer)
            )
            self.refused(
                "经办人代负责人确认", NotPermitted, lambda: organisations.confirm(organisation, by=writer)
            )
        self.confirm(player)
        return player

    def write(self) -> None:
        """Units start their applications and fill in the form."""
        self.heading("填报：开始申请，填写各部分，上传材料")
        self.time.reach(working(self.hand_in, 0.15))
        for player in self.players:
            self.start(player)
            against = self.failing_condition() if player.story is Story.DECLINED else ()
            self.fill(player, against=against, half=player.story is Story.UNFINISHED)
        first, stranger = self.players[0], self.players[-1]
        path = self.definition.uses.name
        self.refused(
            "别的单位来改申请",
            NotPermitted,
            lambda: save_field(self.app(first), path, "别人的名称", by=stranger.writer, started_from=None),
        )
        before = answers(self.app(first))
        outcome = save_field(self.app(first), path, "过时页面上的名称", by=first.head, started_from=0)
        must(
            isinstance(outcome, Contested) and answers(self.app(first)) == before,
            "过时的页面盖掉了别人刚存的内容。",
        )
        slot = next(iter(self.definition.attachments), None)
        if slot is not None:
            self.refused(
                "上传改了扩展名的程序",
                Rejected,
                lambda: applications.attach(
                    self.app(stranger),
                    slot,
                    BytesIO(b"MZ" + bytes(4096)),
                    name="证书.pdf",
                    by=stranger.writer,
                ),
            )
        must(papers.draft_form(self.app(first)).startswith(b"%PDF"), "草稿打印不是 PDF。")
        self.say(f"{len(self.players)} 份申请已填写，其中 1 份没有填完")

    def failing_condition(self) -> list[str]:
        """The field of a condition that one unit does not meet."""
        for condition in reversed(self.definition.conditions):
            for part in condition.parts:
                if part.asked_by is None:
                    return [f"{condition.key}-{part.key}"]
        return []

    def sign(self) -> None:
        """Applications are frozen and printed, the parties give their opinions."""
        self.heading("会签：冻结，打印，各单位盖章签署意见")
        self.time.reach(working(self.hand_in, 0.45))
        for player in self.players:
            if player.story is Story.UNFINISHED:
                self.refused(
                    f"{player.name}没有填完就冻结",
                    Invalid,
                    partial(applications.freeze, self.app(player), by=player.writer),
                )
            else:
                self.freeze(player)
        self.time.reach(working(self.hand_in, 0.6))
        first = self.definition.stages[0]
        for player in self.players:
            if player.story is Story.UNFINISHED:
                continue
            if player.story is Story.DISAGREED:
                self.disagree(player, first)
            elif player.story is Story.EDITED:
                self.edit_after_freezing(player, first)
            self.collect(player, gates_until(self.call, first.key))
        frozen = sum(player.story.versions > 0 for player in self.players)
        self.say(f"{frozen} 份申请冻结并收齐递交前应有的意见，共 {Signature.objects.count()} 条")

    def disagree(self, player: Player, stage: Stage) -> None:
        """One party does not agree; the lead changes the application, and asks all anew."""
        round_ = self.round(player)
        party = self.asked_party(round_, stage)
        self.opinion(player, party, by=player.writer, agrees=False)
        self.refused(
            f"{party.label}不同意就递交",
            NotNow,
            lambda: applications.lodge(self.app(player), player.office, by=player.writer),
        )
        self.reopen(player, f"{party.label}提出分工不清，修改后重新征求意见")
        self.improve(player, "已按参加各方的意见，把每项任务的分工写明到单位。")
        self.freeze(player)
        self.say(f"{player.name}：{party.label}先不同意，修改成第 2 版后重新会签")

    def edit_after_freezing(self, player: Player, stage: Stage) -> None:
        """The lead edits a frozen application: the opinions given are void, and old pages are no longer taken."""
        old = self.round(player)
        due = outstanding(old, gates_until(self.call, stage.key))
        for party in due[:2]:
            self.opinion(player, party, by=player.writer)
        self.refused(
            "冻结以后直接修改",
            NotNow,
            lambda: save_field(
                self.app(player), ".".join(self.long_field()), "直接改", by=player.writer, started_from=None
            ),
        )
        before = self.today()
        self.reopen(player, "补充阶段目标，重新冻结")
        self.time.reach(self.time() + timedelta(days=1))
        self.improve(player, "补充：每季度公布一次阶段目标完成情况。")
        self.freeze(player)
        must(Round.objects.get(pk=old.pk).state == "void", "修改以后旧版的会签没有失效。")
        self.refused(
            "用旧版的意见页登记",
            NotNow,
            lambda: self.opinion(player, due[-1], by=player.writer),
            same_moment=True,
        )
        fresh = outstanding(self.round(player), gates_until(self.call, stage.key))[0]
        self.refused(
            "盖章日期早于新版", Invalid, lambda: self.opinion(player, fresh, by=player.writer, day=before)
        )
        self.say(f"{player.name}：冻结后修改，{min(2, len(due))} 条意见失效，重新会签第 2 版")

    def asked_party(self, round_: Round, stage: Stage) -> Party:
        """A party due before `stage` that is not the lead itself."""
        due = outstanding(round_, gates_until(self.call, stage.key))
        return due[1] if len(due) > 1 else due[0]

    def hand_in_all(self) -> None:
        """Units hand in; offices look at what came, return some, and the window closes."""
        self.heading("递交：在收件时间内递交，取得回执")
        self.time.reach(working(self.hand_in, 0.8))
        above = offices_at(self.call, self.definition.stages[-1].key)[0]
        self.refused(
            "越级递交",
            NotPermitted,
            lambda: applications.lodge(self.app(self.players[0]), above, by=self.players[0].writer),
        )
        later = {Story.UNFINISHED, Story.LATE, Story.LAST_SECOND, Story.OUTAGE}
        for player in self.players:
            if player.story not in later:
                self.lodge(player)
        self.say(f"{Lodgement.objects.count()} 份已递交")
        self.time.reach(working(self.hand_in, 0.88))
        for player in self.of(Story.RETURNED):
            self.correct_in_rounds(player)
        for player in self.of(Story.OUTAGE):
            self.outage(player)
        last = sorted(self.of(Story.LAST_SECOND), key=self.until)
        for player in sorted([*last, *self.of(Story.LATE)], key=self.until):
            end = self.until(player)
            if player.story is Story.LAST_SECOND:
                self.time.reach(end)
                self.lodge(player, at_once=True)
                self.say(f"{player.name}：在截止的最后一秒递交，有效")
            else:
                self.time.reach(end + timedelta(seconds=1))
                self.refused(
                    f"{player.name}在截止一秒以后递交",
                    NotNow,
                    partial(applications.lodge, self.app(player), player.office, by=player.writer),
                    same_moment=True,
                )
        end = max(self.until(player) for player in self.players)
        self.time.reach(end + timedelta(seconds=2))
        late = self.players[-1]
        self.refused(
            "截止以后开始新的申请",
            NotNow,
            lambda: applications.start(self.call, late.organisation, by=late.writer),
        )
        anchor()

    def outage(self, player: Player) -> None:
        """The system was down before the hand-ins closed: a unit comes too late, and everybody gets a day more."""
        first = self.definition.stages[0]
        planned = max(self.until(other) for other in self.players)
        self.time.reach(self.until(player) + timedelta(seconds=1))
        self.refused(
            f"{player.name}在截止以后递交",
            NotNow,
            lambda: applications.lodge(self.app(player), player.office, by=player.writer),
            same_moment=True,
        )
        self.time.reach(planned + timedelta(minutes=30))
        more = partial(
            extend,
            self.call,
            stage=first.key,
            deadline=Extension.Deadline.HAND_IN,
            until=planned + timedelta(days=1),
            # Where the call sets no time for everybody, an office closes by one of its own.
            office=None if first.hand_in_until else player.office,
        )
        why = "机房停电，截止当天下午系统不能使用，所有单位的递交截止统一延长一天。"
        self.refused(
            "推荐机构自己延期",
            NotPermitted,
            lambda: more(by=self.staff[player.office.key].handler, reason=why),
        )
        above = offices_at(self.call, self.definition.stages[-1].key)[0]
        by = self.staff[above.key].handler
        self.refused("延期不写理由", Invalid, lambda: more(by=by, reason=" "))
        self.time.tick()
        given = more(by=by, reason=why)
        self.call = Call.objects.get(pk=self.call.pk)  # which keeps its extensions once it has read them
        told = self.told("call.extended")
        must(player.writer in told, f"延期没有通知{player.name}。")
        self.lodge(player)
        at = there(given.until, "延期没有写到什么时候。").astimezone(self.definition.zone)
        self.act(
            "停机延期",
            f"{first.label}的递交截止对{given.whom}延到 {at.month}月{at.day}日 {at:%H:%M}，"
            f"通知 {len(told)} 人；{player.name}在延长的时间里递交，有效",
        )

    def until(self, player: Player) -> datetime:
        """When the office of a unit stops taking hand-ins."""
        return window(self.call, player.office).hand_in_until or self.closes

    def correct_in_rounds(self, player: Player) -> None:
        """The office returns an application by problem lists until what it found is put right."""

        def hand_in() -> None:
            self.freeze(player)
            self.collect(player, gates_until(self.call, self.app(player).stage))
            self.lodge(player)

        field = ".".join(self.long_field())
        other = next(path for path in self.texts() if path != field)
        lists = three_rounds(
            self.app(player),
            field=field,
            other=other,
            writer=player.writer,
            handler=self.staff[player.office.key].handler,
            hand_in=hand_in,
            tick=self.time.tick,
            refused=self.refused,
        )
        numbers = "、".join(row.reference for row in lists)
        self.act("三轮补正", f"{player.name}按问题清单 {numbers} 补正，第 {len(lists)} 次改好")

    def send_back_for_correction(self, player: Player, office: Office) -> None:
        """The office returns an application with reasons that name the section."""
        handler = self.staff[office.key].handler
        self.refused(
            "退回不写理由",
            Invalid,
            lambda: reviews.return_for_correction(self.app(player), by=handler, reasons=[Said(" ")]),
        )
        self.time.tick()
        section, _ = self.long_field()
        said = [
            Said("经费来源与支持文件的金额不一致，请核对后写明。", section),
            Said("请补充可以考核的指标。", ""),
        ]
        reviews.return_for_correction(self.app(player), by=handler, reasons=said)
        self.say(f"{office.short}退回{player.name}，理由 {len(said)} 条")

    def correct(self, player: Player, office: Office) -> None:
        """The lead corrects, asks all parties due so far anew, and hands in to the office that returned it."""
        self.time.tick()
        self.improve(player, "补正：已核对经费金额，并补充了可以考核的指标。")
        self.freeze(player)
        self.refused(
            f"{player.name}补正后没有重新会签就递交",
            NotNow,
            lambda: applications.lodge(self.app(player), office, by=player.writer),
        )
        self.collect(player, gates_until(self.call, self.app(player).stage))
        self.lodge(player)
        self.say(f"{player.name}补正后重新会签，交回{office.short}")

    # The offices

    def office_work(self, stage: Stage, position: int) -> None:
        """The offices of a stage check, decide, make their lists and send them."""
        self.heading(f"{stage.label}：审查、{stage.verb_recommend}、编制清单、报送")
        span = self.work[position]
        first, last = position == 0, position == len(self.definition.stages) - 1
        offices = [office for office in offices_at(self.call, stage.key) if office.key in self.staff]
        self.time.reach(working(span, 0.1))
        self.settle_all(offices, stage, first=first, last=last)
        self.time.reach(working(span, 0.6))
        for office in offices:
            self.check_counts(office)
            self.make_list(office, first=first)
        self.time.reach(working(span, 0.8))
        for office in offices:
            self.send_list(office)
        if first:
            self.call_back()
        anchor()
        received = sum(counts(self.call, office).received for office in offices)
        sent = sum(items(sheet).count() for sheet in self.sheets if sheet.stage == stage.key)
        self.say(
            f"{stage.label}：收到 {received} 项，{stage.verb_recommend}并报送 {sent} 项，清单 {len(offices)} 份"
        )

    def settle_all(self, offices: list[Office], stage: Stage, *, first: bool, last: bool) -> None:
        """Everything that the offices of a stage have received is checked and decided on; the last one publishes it."""
        if first:
            self.join()
        if last:
            self.ask_experts(offices[0])
        settle = self.rule if last else self.decide
        for office in offices:
            fits = {
                player.reference: self.check(player, office, stage, first=first, last=last)
                for player in self.at(office)
            }
            settle(office, stage, fits)
        count_corrected_paper(self, say=self.say)
        if last:
            self.add_forgotten(offices[0], stage)
            self.make_public(offices[0])

    def join(self) -> None:
        """Two offices got one project; they recommend it together, and it goes on once."""
        for player, twin in zip(self.of(Story.JOINT), self.of(Story.TWICE), strict=True):
            joint_recommendation(self, player, twin, self.refused)
            self.act(
                "联合推荐",
                f"{player.office.short}和{twin.office.short}联合推荐{player.name}，{twin.reference} 并入它，只算一项",
            )

    def ask_experts(self, office: Office) -> None:
        """Experts judge what came, where the call has rules for them."""
        if self.package.scoring is None:
            return
        judged = judge(self.call, office, by=self.staff[office.key].handler, tell=self.say)
        data = judged.version.data
        ties = sum(line["tie"] is not None for line in data["result"])
        self.act(
            "专家评审",
            f"{judged.panel.name}的结果冻结为 {judged.version.code}：有利害关系不能评的 {judged.conflicts} 对，"
            f"阅读中申报回避 {len(data['left_out'])} 份，得分相同 {ties} 处",
        )

    def at(self, office: Office) -> list[Player]:
        """The units whose applications wait at an office, by reference."""
        here = set(
            Application.objects.filter(call=self.call, office=office, state="lodged").values_list(
                "reference", flat=True
            )
        )
        return [player for player in self.players if player.reference in here]

    def check(self, player: Player, office: Office, stage: Stage, *, first: bool, last: bool) -> bool:
        """Check one application by its story; whether it may go on."""
        handler = self.staff[office.key].handler
        if last and player.story is Story.RETURNED_ABOVE:
            self.send_back_for_correction(player, office)
            self.time.reach(self.time() + timedelta(hours=2))
            self.correct(player, office)
        if first and player.story is Story.EARLY:
            stranger = self.another_handler(office)
            self.refused(
                "别的机构来办", NotPermitted, lambda: reviews.recommend(self.app(player), by=stranger)
            )
            self.refused("没有审查完就推荐", NotNow, lambda: reviews.recommend(self.app(player), by=handler))
        against = (first and player.story is Story.DECLINED) or (last and player.story is Story.NOT_SELECTED)
        self.judge(player, handler, against=against)
        if against:
            self.refused(
                "要点不符合仍要推荐", NotNow, lambda: reviews.recommend(self.app(player), by=handler)
            )
        elif not (last and player.story is Story.FORGOTTEN):
            self.later_opinions(player, stage, handler)
        return not against

    def decide(self, office: Office, stage: Stage, fits: dict[str, bool]) -> None:
        """The handler recommends what fits (by reference), and declines the rest."""
        handler = self.staff[office.key].handler
        for player in [player for player in self.players if player.reference in fits]:
            self.time.tick()
            if not fits[player.reference]:
                reviews.decline(self.app(player), by=handler, reasons=[Said(UNFIT)])
                self.say(f"{office.short}不予{stage.verb_recommend}{player.name}")
                continue
            reviews.recommend(self.app(player), by=handler)
            if player.story is Story.TAKEN_BACK and stage.key == self.definition.stages[0].key:
                self.time.tick()
                reviews.take_back(self.app(player), by=handler, reason="发现附件页码有误，复核后再办。")
                self.judge(player, handler, note="已复核")
                reviews.recommend(self.app(player), by=handler)
                self.say(f"{office.short}收回对{player.name}的推荐，复核后再次推荐")

    def rule(self, office: Office, stage: Stage, fits: dict[str, bool]) -> None:
        """The last stage decides on all together, and another person confirms."""
        fit, unfit = (Choice.SELECT, "符合征集要求。"), (Choice.NOT_SELECT, UNFIT)
        decide(self.desk(office), {key: fit if good else unfit for key, good in fits.items()})
        for player in self.players:
            if not fits.get(player.reference, True):
                self.say(f"{office.short}不予{stage.verb_recommend}{player.name}")

    def desk(self, office: Office) -> Desk:
        """An office of the last stage, as the acts of its decisions and publicities want it."""
        staff = self.staff[office.key]
        return Desk(self.call, office, staff.handler, staff.approver, self.time, self.say, self.refused)

    def make_public(self, office: Office) -> None:
        """What was decided is made public; of two objections one is upheld."""
        for objected, cleared in zip(self.of(Story.OBJECTED), self.of(Story.CLEARED), strict=True):
            shown = play_publicity(self.desk(office), upheld=objected.reference, refused=cleared.reference)
            state = self.app(objected).state_label
            self.act("公示", f"{shown.reference}，{shown.items.count()} 项，期满并办结异议以后通过")
            self.act("异议成立", f"{objected.name}现在是“{state}”，不再选报")
            self.act("异议不成立", f"{cleared.name}照常选报")

    def call_back(self) -> None:
        """After its list was sent, an office takes one application back by a supplement, and declines it."""
        for player in self.of(Story.CALLED_BACK):
            office = player.office
            others = [row.application.reference for row in effective(self.call, office)]
            others.remove(player.reference)
            sent = supplement(self, office, player.reference, *others[-1:])
            self.time.tick()
            reviews.decline(
                self.app(player), by=self.staff[office.key].handler, reasons=[Said("已不具备试点条件。")]
            )
            self.act("补充更正", f"{office.short}以 {sent.reference} 撤下{player.name}，已报送的清单不改")

    def another_handler(self, office: Office) -> User:
        """A handler of some other office."""
        return next(staff.handler for key, staff in self.staff.items() if key != office.key)

    def add_forgotten(self, office: Office, stage: Stage) -> None:
        """No list is put forward while an opinion is missing; it is added, and the application selected anew."""
        handler = self.staff[office.key].handler
        forgotten = [player for player in self.of(Story.FORGOTTEN) if self.waits_for_opinion(player, office)]
        for player in forgotten:
            self.refused(
                f"{player.name}缺意见时提交清单",
                NotNow,
                lambda: dispatch.propose(self.call, office, by=handler),
            )
            self.time.tick()
            reviews.take_back(self.app(player), by=handler, reason="补登意见")
            self.later_opinions(player, stage, handler)
            self.rule(office, stage, {player.reference: True})
            self.say(f"{office.short}补登{player.name}缺的意见，重新{stage.verb_recommend}")

    def make_list(self, office: Office, *, first: bool) -> None:
        """The handler ranks and proposes, the approver confirms; every check on the way is tried once."""
        staff = self.staff[office.key]
        handler, approver = staff.handler, staff.approver
        ready = self.recommended_at(office)
        order = self.rng.sample(ready, len(ready))
        self.refused(
            "审批人来排序", NotPermitted, lambda: dispatch.rank(self.call, office, order, by=approver)
        )
        self.time.tick()
        dispatch.rank(self.call, office, order, by=handler, remarks={order[0]: "本机构首推"})
        if first and staff.both is not None:
            self.two_people(office, staff, order)
        self.time.tick()
        sheet = dispatch.propose(self.call, office, by=handler)
        self.time.tick()
        sheet = dispatch.confirm(sheet, by=approver)
        self.refused("没有盖章扫描件就报送", NotNow, lambda: dispatch.dispatch(sheet, by=approver))
        self.seal(sheet, handler)
        self.sheets.append(sheet)

    def two_people(self, office: Office, staff: Staff, order: list[str]) -> None:
        """One who holds both roles may not approve the list put forward by the same hand; and a list is sent back."""
        both = there(staff.both, "没有身兼两职的人。")
        self.time.tick()
        sheet = dispatch.propose(self.call, office, by=both)
        self.refused("自己审批自己提交的清单", NotPermitted, lambda: dispatch.confirm(sheet, by=both))
        self.refused("经办人审批清单", NotPermitted, lambda: dispatch.confirm(sheet, by=staff.handler))
        self.time.tick()
        dispatch.send_back(sheet, by=staff.approver, reason="第一、二位请对调，并写明理由。")
        self.time.tick()
        dispatch.rank(self.call, office, [*order[1:2], *order[:1], *order[2:]], by=staff.handler)
        self.say(f"{office.short}的审批人把清单退回一次，经办人重排后再提交")

    def waits_for_opinion(self, player: Player, office: Office) -> bool:
        """Whether a recommended application at this office lacks an opinion due before it leaves."""
        application = self.app(player)
        if application.office_id != office.pk or application.state != "recommended":
            return False
        return bool(
            outstanding(self.round(player), gates_until(self.call, gate_after(self.call, application.stage)))
        )

    def send_list(self, office: Office) -> None:
        """Dispatch, after a unit on the list has withdrawn where its story says so, and what is too many was let pass."""
        sheet = next(sheet for sheet in self.sheets if sheet.office_id == office.pk)
        staff = self.staff[office.key]
        leaving = [p for p in self.of(Story.WITHDRAWN) if p.reference in self.recommended_at(office)]
        for player in leaving:
            self.time.tick()
            applications.withdraw(
                self.app(player), by=player.head, reason="机构改革，职能调整，不再承担试点。"
            )
            self.refused("清单与实际不符时报送", NotNow, partial(dispatch.dispatch, sheet, by=staff.approver))
            self.time.tick()
            dispatch.revoke(sheet, by=staff.approver, reason=f"{player.reference} 已撤回，重新编制。")
            sheet = dispatch.confirm(dispatch.propose(self.call, office, by=staff.handler), by=staff.approver)
            self.seal(sheet, staff.handler)
            self.say(f"{player.name}在清单审批后撤回，{office.short}重新编制清单")
        self.refused("经办人报送清单", NotPermitted, lambda: dispatch.dispatch(sheet, by=staff.handler))
        if office.key == self.over_quota:
            for row in quota_waiver(self, sheet, self.refused):
                self.act(
                    "超额同意",
                    f"{office.short}的 {sheet.reference} 有 {row.count} 项，名额 {row.maximum} 项，上级同意后报送",
                )
        self.time.tick()
        sent = dispatch.dispatch(sheet, by=staff.approver)
        self.sheets = [sent if row.pk == sent.pk else row for row in self.sheets]
        asked = SentPackage.objects.filter(list=sent).first()
        if asked is not None:
            packages.build(asked.pk)  # as the worker would, at the same moment
        here = window(self.call, office).dispatch_until
        must(here is None or self.time() <= here, f"{office.short}在截止以后报送了清单。")
        must(
            items(sent).count() == len(sent.version.data["rows"]) if sent.version else False,
            "清单行数与申请数不符。",
        )

    def check_counts(self, office: Office) -> None:
        """What an office received is all accounted for."""
        found = counts(self.call, office)
        must(found.adds_up, f"{office.short}：各项之和不等于收到的 {found.received} 项。")
        must(found.to_review == 0, f"{office.short}还有 {found.to_review} 项没有审查。")

    def registry(self, position: int) -> None:
        """The registry counts the paper of everything that was sent on, and the electronic material."""
        office = self.office(self.definition.delivery.office)
        self.heading(f"{office.short}登记：逐份清点纸质材料，核对电子材料")
        self.time.reach(working(self.work[position], 0.9))
        count_paper(self, refused=self.refused, say=self.say)

    # The end

    def package_made(self, out: Path) -> Made:
        """The package for the destination, verified; a copy of it with another byte does not pass."""
        self.heading("报送包：生成、核验")
        sheet = self.sheets[-1]
        sent = SentPackage.objects.select_related("file", "list__call").get(list=sheet)
        must(sent.state == "ready", f"报送包没有生成：{sent.fault}")
        file = there(sent.file, "报送包没有文件。")
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{sheet.reference}.zip"
        shutil.copyfile(file_store().path(file.sha256), path)
        report = verify_package(path)
        must(report.ok, "报送包核验不通过：\n" + report.text())
        must(report.digest == sent.manifest_digest, "报送包的清单摘要与记录的不同。")
        tampering_is_found(path)
        self.say(f"报送包 {path.name}：{report.files} 个文件，核验通过；改动一个字节即被发现")
        return Made(sheet, path, report.digest, report.files)

    def hear_results(self) -> None:
        """The destination writes what it decided; it is recorded, and every unit is told."""
        label = self.definition.destination.label
        self.heading(f"结果：{label}来文，逐项登记，告知各单位")
        office = self.sheets[-1].office
        now = self.time().astimezone(self.definition.zone)
        self.time.reach(working((now, now + timedelta(days=60)), 1))
        content = scans.page(
            [f"关于下达{self.definition.programme}项目的通知", str(self.today())], seal=label
        )
        scan = take_scan(BytesIO(content), name="来文.pdf", by=self.staff[office.key].handler)
        left = [player.reference for player in self.of(Story.NOT_CHOSEN)]
        letter = play_results(self.desk(office), scan, not_selected=left)
        told = self.told("application.approved") | self.told("application.not_selected")
        for player in self.nominated():
            must({player.writer, player.head} <= told, f"结果没有告知{player.name}。")
        self.act(
            "国家结果",
            f"{letter.number}：批准 {len(self.nominated()) - len(left)} 项，未选入 {len(left)} 项，告知 {len(told)} 人",
        )
        anchor()

    def nominated(self) -> list[Player]:
        """The units whose applications left for the destination."""
        return [player for player in self.players if player.story.is_nominated]

    def told(self, name: str) -> set[User]:
        """Have everybody told of the events of that name, as the worker would; who has it on the page of messages."""
        found: set[User] = set()
        for event in Event.objects.filter(name=name).order_by("pk"):
            telling.tell(event.pk)
            notices = Notice.objects.filter(key__startswith=f"event:{event.pk}:").select_related("user")
            found.update(notice.user for notice in notices)
        return found

    def finish(self, made: Made) -> Outcome:
        """Reconcile every number, and prove the history."""
        self.heading("核对：全部数字和历史")
        numbers = reconcile(self, made.path, made.sheet)
        proofs = books_agree(self)
        audit = verify_history()
        must(audit.ok, "历史核验不通过：\n" + "\n".join(audit.faults))
        self.say(f"各机构收发账 {proofs} 处核对相符")
        self.say(f"历史核验通过：{audit.chains} 条链，{audit.events} 条记录，{audit.anchors} 个锚点")
        numbers |= {"refusals": len(self.refusals), "events": audit.events, "files": made.files}
        self.tell("")
        self.tell(self.summary(numbers))
        return Outcome(
            made.digest, made.path, len(self.players), numbers["nominated"], self.refusals, numbers, self.acts
        )

    def summary(self, numbers: dict[str, int]) -> str:
        """The numbers in one sentence each."""
        areas = {player.unit.area.split("/")[0] for player in self.nominated()}
        wanted = {area.key for area in self.definition.areas}
        must(areas == wanted or self.units < 3 * len(wanted), "不是每个重点领域都有项目报送。")
        stopped = ("never_handed_in", "declined", "withdrawn", "merged")
        left = numbers["applications"] - sum(numbers[name] for name in stopped)
        must(left == numbers["nominated"], "总数核不上：申请减去未递交、未推荐、撤回和并入，不等于报送数。")
        must(left == numbers["approved"] + numbers["not_selected"], "结果数与报送数不符。")
        acts = "\n".join(f"　{title}：{words}" for title, words in self.acts.items())
        return (
            f"演到的情形：\n{acts}\n"
            f"合计：申请 {numbers['applications']} = 未递交 {numbers['never_handed_in']}"
            f" + 不予推荐或选报 {numbers['declined']} + 撤回 {numbers['withdrawn']}"
            f" + 并入联合推荐 {numbers['merged']} + 报送 {numbers['nominated']}\n"
            f"　　　报送 {numbers['nominated']} = 国家批准 {numbers['approved']} + 未选入 {numbers['not_selected']}\n"
            f"　　　推荐机构 {len(self.first_offices)} 个，重点领域 {len(areas)} 个，意见 {numbers['opinions']} 条，"
            f"失效的会签 {numbers['void_rounds']} 轮，应拒绝而拒绝 {numbers['refusals']} 次"
        )

    # Means

    def refused(
        self, what: str, kind: type[Exception], verb: Callable[[], object], *, same_moment: bool = False
    ) -> None:
        """`verb` must be refused by exactly this refusal, and leave no trace in the history; once for each `what`."""
        if what in self.refusals:
            return
        if not same_moment:
            self.time.tick()
        before = Event.objects.count()
        try:
            verb()
        except Exception as refusal:
            if type(refusal) is not kind:
                words = f"“{what}”应由 {kind.__name__} 拒绝，却是 {type(refusal).__name__}：{refusal}"
                raise NotAsItMustBe(words) from refusal
            reason = str(refusal)
        else:
            raise NotAsItMustBe(f"“{what}”应该被拒绝，却办成了。")
        must(Event.objects.count() == before, f"“{what}”被拒绝，却留下了记录。")
        self.refusals.append(what)
        self.say(f"拒绝：{what}。{reason}")

    def of(self, story: Story) -> list[Player]:
        """The units with a story."""
        return [player for player in self.players if player.story is story]

    def heading(self, words: str) -> None:
        """Print the title of an act."""
        self.tell("")
        self.tell(f"【{words}】")

    def act(self, title: str, words: str) -> None:
        """Print what happened, and keep it for the summary."""
        self.acts[title] = words
        self.say(f"{title}：{words}")

    def say(self, words: str) -> None:
        """Print what happened, with the time of the rehearsal."""
        at = self.time().astimezone(self.definition.zone)
        self.tell(f"  {at.month}月{at.day}日 {at:%H:%M:%S}  {words}")

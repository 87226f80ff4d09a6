"""A panel's meeting (评审会): agenda, who is there, who leaves the room for what, votes, minutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.audit.actions import move, record
from shidian.calls.scoring import Meeting as Terms
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, Stale, require
from shidian.core.language import in_chinese
from shidian.documents.actions import freeze
from shidian.documents.models import Document
from shidian.reviews.experts.conflicts import between
from shidian.reviews.experts.models import Expert, Panel
from shidian.reviews.scoring import rules
from shidian.reviews.scoring.checking import Problem
from shidian.reviews.scoring.models import AgendaItem, Leaving, Meeting, Member, Vote
from shidian.reviews.scoring.queries import result_reference, scoring_of

MINUTES = "panel-minutes"
"""The kind of the document whose versions are the minutes of a meeting."""
LONGEST_NOTE, LONGEST_REASON = 5000, 500
Choice = Vote.Choice


# What a page, and the minutes, show


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes on an item: how many of each choice, how many were in the room, and what follows by the call's terms."""

    agree: int
    against: int
    abstain: int
    room: int
    quorate: bool
    passed: bool | None  # None while nobody voted, or where too few were in the room

    @property
    def cast(self) -> int:
        """How many voted."""
        return self.agree + self.against + self.abstain


@dataclass(frozen=True, slots=True)
class Turn:
    """An item of the agenda with who is out of the room, who is in it, and how they voted."""

    item: AgendaItem
    out: list[Leaving]
    room: list[Member]
    votes: dict[int, str]  # by member, where votes are named
    tally: Tally

    @property
    def is_over(self) -> bool:
        """Whether it was discussed."""
        return self.item.ended_at is not None


def meeting_of(panel: Panel) -> Meeting | None:
    """The meeting of a panel, once it was planned."""
    found = Meeting.objects.filter(panel=panel).select_related("version", "document", "current").first()
    if found is not None:
        found.panel = panel
    return found


def members(meeting: Meeting) -> list[Member]:
    """All members in their order."""
    return list(meeting.members.select_related("expert__user").order_by("pk"))


def turns(meeting: Meeting) -> list[Turn]:
    """The agenda in its order; in a fixed number of queries."""
    terms = scoring_of(meeting.panel).meeting
    everybody = members(meeting)
    by_pk = {member.pk: member for member in everybody}
    items = meeting.agenda.select_related("application__lead").prefetch_related("leavings", "votes")
    found = []
    for item in items.order_by("position", "pk"):
        out = list(item.leavings.all())
        for leaving in out:
            leaving.member = by_pk[leaving.member_id]
        gone = {leaving.member_id for leaving in out}
        room = [member for member in everybody if member.present and member.pk not in gone]
        cast = list(item.votes.all())
        named = {vote.member_id: vote.choice for vote in cast if vote.member_id is not None}
        counts = {
            choice: sum(vote.count for vote in cast if vote.choice == choice) for choice in Choice.values
        }
        found.append(Turn(item, out, room, named, _tally(terms, counts, len(room), len(everybody))))
    return found


def _share(text: str) -> tuple[int, int]:
    part, whole = text.split("/")
    return int(part), int(whole)


def _tally(terms: Terms, counts: Mapping[str, int], room: int, total: int) -> Tally:
    agree, against, abstain = (
        counts.get(choice, 0) for choice in (Choice.AGREE, Choice.AGAINST, Choice.ABSTAIN)
    )
    part, whole = _share(terms.quorum)
    quorate = total > 0 and room * whole >= part * total
    cast = agree + against + abstain
    passed = None
    if cast and quorate:
        part, whole = _share(terms.majority)
        passed = agree * whole > part * cast if terms.more_than else agree * whole >= part * cast
    return Tally(agree, against, abstain, room, quorate, passed)


def terms_in_words(terms: Terms) -> str:
    """The terms of votes as one sentence."""
    quorum, majority = terms.quorum, terms.majority
    how = (
        _("同意超过投票人数的 {majority} 为通过")
        if terms.more_than
        else _("同意达到投票人数的 {majority} 为通过")
    ).format(majority=majority)
    return _("在场不少于全体成员的 {quorum} 才能表决；{how}。").format(quorum=quorum, how=how)


# Planning


def _locked(meeting: Meeting) -> Meeting:
    """The meeting under its lock, with its panel."""
    return (
        Meeting.objects.select_for_update(of=("self",))
        .select_related("panel__call", "panel__office", "document", "version", "current")
        .get(pk=meeting.pk)
    )


@transaction.atomic
def plan(panel: Panel, *, by: User, held_at: datetime, place: str, chair: str) -> Meeting:
    """Plan the meeting, or change its plan: every application of the panel on the agenda, every expert a member.

    Who has a conflict with an application is put down as leaving the room for it.
    """
    panel = Panel.objects.select_for_update(of=("self",)).select_related("call", "office").get(pk=panel.pk)
    found = meeting_of(panel)
    require(rules.can_keep_meeting(by, panel, found))
    scoring_of(panel)
    facts = {"held_at": held_at, "place": place.strip(), "chair": chair.strip()}
    wrong = [
        Problem(words, f"id_{name}")
        for name, words in (("place", _("请写地点")), ("chair", _("请写主持人")))
        if not facts[name]
    ]
    if wrong:
        raise Invalid(_("会议的安排没有写全。"), wrong)
    if found is None:
        document = Document.objects.create(kind=MINUTES, reference=result_reference(panel))
        found = Meeting.objects.create(panel=panel, document=document, **facts)
        made = True
    else:
        Meeting.objects.filter(pk=found.pk).update(**facts)
        found.held_at, found.place, found.chair = held_at, place.strip(), chair.strip()
        made = False
    local = held_at.astimezone(panel.call.zone)
    record(
        "meeting.planned" if made else "meeting.changed",
        found.chain,
        by=by,
        detail={"held_at": f"{local:%Y-%m-%d %H:%M}", "place": found.place},
    )
    _fill(found, by=by)
    return found


def _fill(meeting: Meeting, *, by: User) -> None:
    """Put what the panel has gained since on the agenda and among the members, and every conflict beside its item."""
    assigned = meeting.panel.assignments.filter(withdrawn_at__isnull=True)
    known = set(meeting.agenda.values_list("application", flat=True))
    last = meeting.agenda.order_by("-position").values_list("position", flat=True).first() or 0
    fresh = assigned.exclude(application__in=known).order_by("application__reference")
    applications = list(dict.fromkeys(fresh.values_list("application", flat=True)))
    AgendaItem.objects.bulk_create(
        AgendaItem(meeting=meeting, application_id=pk, position=last + number)
        for number, pk in enumerate(applications, start=1)
    )
    here = set(meeting.members.values_list("expert", flat=True))
    experts = Expert.objects.filter(pk__in=assigned.values("expert")).exclude(pk__in=here).order_by("pk")
    Member.objects.bulk_create(Member(meeting=meeting, expert=expert) for expert in experts)
    note_conflicts(meeting, by=by)


def note_conflicts(meeting: Meeting, *, by: User) -> None:
    """Put every conflict that is known now beside its item, as long as the item was not discussed."""
    items = {
        item.application_id: item
        for item in meeting.agenda.filter(ended_at__isnull=True).select_related(
            "application__call", "application__lead"
        )
    }
    people = {member.expert_id: member for member in members(meeting)}
    found = between(
        [member.expert for member in people.values()], [item.application for item in items.values()]
    )
    standing = {(row.item_id, row.member_id): row for row in Leaving.objects.filter(item__meeting=meeting)}
    with in_chinese():
        rows = [
            Leaving(
                item=items[application],
                member=people[expert],
                reason="；".join(reason.words for reason in reasons)[:LONGEST_REASON],
                conflicted=True,
                at=clock.now(),
                by=by,
            )
            for (expert, application), reasons in found.items()
        ]
    known = [
        standing[row.item.pk, row.member.pk].pk for row in rows if (row.item.pk, row.member.pk) in standing
    ]
    Leaving.objects.filter(pk__in=known, conflicted=False).update(conflicted=True)
    Leaving.objects.bulk_create(row for row in rows if (row.item.pk, row.member.pk) not in standing)
    # Whoever has to leave has no vote.
    for row in rows:
        Vote.objects.filter(item=row.item, member=row.member).delete()


@transaction.atomic
def order(meeting: Meeting, wanted: Sequence[int], *, by: User) -> None:
    """Put the items that were not begun in this order (keys); those begun stay in front."""
    found = _locked(meeting)
    require(rules.can_keep_meeting(by, found.panel, found))
    rows = list(found.agenda.order_by("position", "pk"))
    by_pk = {row.pk: row for row in rows}
    if unknown := set(wanted) - set(by_pk):
        raise Stale(_("议程刚才变了（{count} 项已不在），请刷新页面后再排。").format(count=len(unknown)))
    begun = [row for row in rows if row.begun_at is not None]
    open_ = [row for row in rows if row.begun_at is None]
    first = [by_pk[pk] for pk in dict.fromkeys(wanted) if by_pk[pk] in open_]
    ordered = [*begun, *first, *(row for row in open_ if row not in first)]
    if [row.pk for row in ordered] == [row.pk for row in rows]:
        return
    for position, row in enumerate(ordered, start=1):
        row.position = position
    AgendaItem.objects.bulk_update(ordered, ("position",))
    record("meeting.ordered", found.chain, by=by, detail={"order": [row.pk for row in ordered]})


@transaction.atomic
def attend(meeting: Meeting, present: Collection[int], *, by: User) -> None:
    """Say which members (keys) are there. Whoever is not loses the votes on items that are still open."""
    found = _locked(meeting)
    require(rules.can_keep_meeting(by, found.panel, found))
    people = members(found)
    changed = [member for member in people if member.present != (member.pk in present)]
    if not changed:
        return
    for member in changed:
        member.present = not member.present
    Member.objects.bulk_update(changed, ("present",))
    Vote.objects.filter(
        item__meeting=found, item__ended_at__isnull=True, member__in=[m for m in changed if not m.present]
    ).delete()
    names = "、".join(member.expert.name for member in people if member.present)
    record("meeting.attended", found.chain, by=by, detail={"present": names})


# While it is held


@transaction.atomic
def start(meeting: Meeting, *, by: User) -> Meeting:
    """Open the meeting. Refused while fewer members are there than the call asks for."""
    found = _locked(meeting)
    require(rules.can_keep_meeting(by, found.panel, found))
    people = members(found)
    present = sum(member.present for member in people)
    part, whole = _share(scoring_of(found.panel).meeting.quorum)
    if not people or present * whole < part * len(people):
        raise NotNow(
            _("全体成员 {total} 人，到会 {present} 人，不足 {quorum}，不能开会。").format(
                total=len(people), present=present, quorum=f"{part}/{whole}"
            )
        )
    move(found, "start", by=by, detail={"count": present})
    _fill(found, by=by)
    return found


def _item(meeting: Meeting, pk: int) -> AgendaItem:
    found = meeting.agenda.filter(pk=pk).select_related("application").first()
    if found is None:
        raise Stale(_("议程刚才变了，请刷新页面。"))
    return found


def _open_item(meeting: Meeting, pk: int) -> AgendaItem:
    """An item that is being discussed or will be."""
    found = _item(meeting, pk)
    if found.ended_at is not None:
        raise NotNow(_("这一项已经讨论完毕；要更正，请先重新讨论这一项。"))
    return found


@transaction.atomic
def call_item(meeting: Meeting, pk: int, *, by: User) -> None:
    """Take up an item, for the first time or again; the one that was current is set aside."""
    found = _locked(meeting)
    require(rules.can_record(by, found))
    item = _item(found, pk)
    if found.current_id == item.pk:
        return
    item.begun_at, item.ended_at = item.begun_at or clock.now(), None
    item.save(update_fields=("begun_at", "ended_at"))
    found.current = item
    found.save(update_fields=("current",))
    note_conflicts(found, by=by)
    record("meeting.called", found.chain, by=by, detail=_about(item))


@transaction.atomic
def end_item(meeting: Meeting, pk: int, *, by: User) -> None:
    """The item was discussed."""
    found = _locked(meeting)
    require(rules.can_record(by, found))
    item = _open_item(found, pk)
    if found.current_id != item.pk:
        raise Stale(_("现在讨论的不是这一项，请刷新页面。"))
    item.ended_at = clock.now()
    item.save(update_fields=("ended_at",))
    found.current = None
    found.save(update_fields=("current",))
    record("meeting.passed", found.chain, by=by, detail=_about(item))


def _about(item: AgendaItem, **more: Any) -> dict[str, Any]:
    """What an event says of an item."""
    return {"position": item.position, "reference": item.application.reference, **more}


def _member(meeting: Meeting, pk: int) -> Member:
    found = meeting.members.filter(pk=pk).select_related("expert__user").first()
    if found is None:
        raise Stale(_("成员名单刚才变了，请刷新页面。"))
    return found


@transaction.atomic
def leave(meeting: Meeting, pk: int, member: int, *, by: User, reason: str) -> Leaving:
    """A member leaves the room for an item, and has no vote on it."""
    found = _locked(meeting)
    require(rules.can_record(by, found))
    item, person = _open_item(found, pk), _member(found, member)
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise Invalid(_("请写明回避的理由。"), [Problem(_("请写明回避的理由。"), f"reason-{item.pk}")])
    row, made = Leaving.objects.get_or_create(
        item=item, member=person, defaults={"reason": why, "at": clock.now(), "by": by}
    )
    if made:
        Vote.objects.filter(item=item, member=person).delete()
        record("meeting.left", found.chain, by=by, detail=_about(item, expert=person.expert.name, reason=why))
    return row


@transaction.atomic
def come_back(meeting: Meeting, pk: int, member: int, *, by: User) -> None:
    """Correct that a member left; refused for one who has a conflict."""
    found = _locked(meeting)
    require(rules.can_record(by, found))
    item, person = _open_item(found, pk), _member(found, member)
    row = Leaving.objects.filter(item=item, member=person).first()
    if row is None:
        return
    if row.conflicted:
        raise NotNow(_("{expert}与这份申请有利害关系，必须回避。").format(expert=person.expert.name))
    row.delete()
    record("meeting.returned", found.chain, by=by, detail=_about(item, expert=person.expert.name))


@transaction.atomic
def vote(meeting: Meeting, pk: int, votes: Mapping[str, str], *, by: User) -> None:
    """Write down the votes on an item: by member (key to choice), or by choice (choice to how many), as the call says.

    The same votes once more change nothing. Refused for fewer in the room than the call asks for, for a vote of somebody who is not in it, and when counted
    votes are not as many as there are people in the room.
    """
    found = _locked(meeting)
    require(rules.can_record(by, found))
    item = _open_item(found, pk)
    if item.begun_at is None:
        raise NotNow(_("这一项还没有开始讨论，不能表决。"))
    terms = scoring_of(found.panel).meeting
    turn = next(turn for turn in turns(found) if turn.item.pk == item.pk)
    if not turn.tally.quorate:
        raise NotNow(
            _("在场 {room} 人，不足全体成员的 {quorum}，不能表决。").format(
                room=len(turn.room), quorum=terms.quorum
            )
        )
    rows = _named(item, turn, votes) if terms.votes == "named" else _counted(item, turn, votes)
    known = {(row.member_id, row.choice, row.count) for row in item.votes.all()}
    if known == {(row.member_id, row.choice, row.count) for row in rows}:
        return
    item.votes.all().delete()
    Vote.objects.bulk_create(rows)
    counts = {choice: sum(row.count for row in rows if row.choice == choice) for choice in Choice.values}
    record("meeting.voted", found.chain, by=by, detail=_about(item, **counts))


def _named(item: AgendaItem, turn: Turn, votes: Mapping[str, str]) -> list[Vote]:
    room = {str(member.pk): member for member in turn.room}
    if unknown := set(votes) - set(room):
        raise Stale(_("有 {count} 人不在场，不能表决，请刷新页面。").format(count=len(unknown)))
    wrong = [
        Problem(_("请选择{expert}的表决").format(expert=member.expert.name), f"vote-{item.pk}-{key}")
        for key, member in room.items()
        if votes.get(key) not in Choice.values
    ]
    if wrong:
        raise Invalid(_("在场的人都要表决，没有意见的选弃权。"), wrong)
    return [Vote(item=item, member=member, choice=votes[key]) for key, member in room.items()]


def _counted(item: AgendaItem, turn: Turn, votes: Mapping[str, str]) -> list[Vote]:
    counts: dict[str, int] = {}
    wrong: list[Problem] = []
    for choice in Choice:
        text = votes.get(choice.value, "").strip() or "0"
        if text.isdecimal() and len(text) < 5:
            counts[choice.value] = int(text)
        else:
            words = _("“{choice}”的票数请写数字").format(choice=choice.label)
            wrong.append(Problem(words, f"vote-{item.pk}-{choice.value}"))
    if not wrong and sum(counts.values()) != len(turn.room):
        words = _("三种票合计 {sum} 张，在场 {room} 人，应当相等").format(
            sum=sum(counts.values()), room=len(turn.room)
        )
        wrong.append(Problem(words, f"vote-{item.pk}-{Choice.AGREE.value}"))
    if wrong:
        raise Invalid(_("票数有误，没有保存。"), wrong)
    return [Vote(item=item, choice=choice, count=count) for choice, count in counts.items() if count]


@transaction.atomic
def note(meeting: Meeting, text: str, *, by: User, pk: int | None = None) -> None:
    """Keep the notes of the meeting, or of an item; they are frozen with the minutes, not recorded one by one."""
    found = _locked(meeting)
    require(rules.can_record(by, found))
    said = text.replace("\r\n", "\n").strip()
    if len(said) > LONGEST_NOTE:
        words = _("记录最多 {most} 字，现在 {count} 字。").format(most=LONGEST_NOTE, count=len(said))
        raise Invalid(words, [Problem(words, f"note-{pk}" if pk else "id_notes")])
    if pk is None:
        found.notes = said
        found.save(update_fields=("notes",))
        return
    item = _item(found, pk)
    item.note = said
    item.save(update_fields=("note",))


@transaction.atomic
def close(meeting: Meeting, *, by: User) -> Meeting:
    """Close the meeting and freeze its minutes. Refused while an item is being discussed."""
    found = _locked(meeting)
    require(rules.can_record(by, found))
    if found.current_id is not None:
        raise NotNow(_("还有一项正在讨论，请先结束这一项。"))
    with in_chinese():
        version = freeze(found.document, minutes_content(found), by=by)
    move(found, "close", by=by, version=version, detail={"code": version.code, "digest": version.digest})
    return found


@transaction.atomic
def reopen(meeting: Meeting, *, by: User, reason: str) -> Meeting:
    """Correct closed minutes, with a reason; those that were frozen stay, and the next are a new version."""
    found = _locked(meeting)
    require(rules.can_reopen_meeting(by, found))
    why = reason.strip()
    if not why:
        raise Invalid(_("请写明理由。"), [Problem(_("请写明理由。"), "id_reason")])
    move(found, "reopen", by=by, detail={"reason": why[:LONGEST_REASON]})
    return found


def minutes_content(meeting: Meeting) -> dict[str, Any]:
    """What is frozen of a meeting: who was there, what was discussed in which order, who left, how it was voted."""
    panel, call = meeting.panel, meeting.panel.call
    terms = scoring_of(panel).meeting
    people = members(meeting)

    def at(moment: datetime | None) -> str:
        return moment.astimezone(call.zone).isoformat(timespec="seconds") if moment else ""

    return {
        "schema": "shidian/panel-minutes/1",
        "reference": result_reference(panel),
        "title": terms.title,
        "call": call.key,
        "call_title": call.title,
        "office": panel.office.name,
        "panel": panel.name,
        "held_at": at(meeting.held_at),
        "place": meeting.place,
        "chair": meeting.chair,
        "terms": {"votes": terms.votes, "quorum": terms.quorum, "words": terms_in_words(terms)},
        "members": [
            {"name": member.expert.name, "unit": member.expert.unit, "present": member.present}
            for member in people
        ],
        "agenda": [
            {
                "position": number,
                "reference": turn.item.application.reference,
                "name": turn.item.application.name,
                "lead": turn.item.application.lead.name,
                "begun_at": at(turn.item.begun_at),
                "ended_at": at(turn.item.ended_at),
                "out": [
                    {"name": row.member.expert.name, "reason": row.reason, "conflicted": row.conflicted}
                    for row in turn.out
                    if row.member.present or row.conflicted
                ],
                "votes": {
                    "agree": turn.tally.agree,
                    "against": turn.tally.against,
                    "abstain": turn.tally.abstain,
                },
                "named": [
                    {"name": member.expert.name, "choice": turn.votes[member.pk]}
                    for member in turn.room
                    if member.pk in turn.votes
                ],
                "room": turn.tally.room,
                "passed": turn.tally.passed,
                "note": turn.item.note,
            }
            for number, turn in enumerate(turns(meeting), start=1)
        ],
        "notes": meeting.notes,
    }

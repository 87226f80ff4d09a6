"""A publicity with one objection upheld and one refused, and the result of the destination, played through the verbs.

Played at the last stage between its recommendations and its list, or at any time before the list is approved: the
application of the upheld objection leaves what was decided. Whoever plays hands over the people and the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.dispatch.publishing import objections, publicity, results
from shidian.dispatch.publishing.models import Objection, ObjectionAnswer, Publicity, ResultLetter
from shidian.dispatch.publishing.objections import Who
from shidian.dispatch.publishing.queries import gone, last_day, publishable
from shidian.dispatch.publishing.results import Row
from shidian.documents.models import StoredFile
from shidian.organisations.models import Office
from shidian.rehearsal.timetable import Timetable
from shidian.rehearsal.troupe import Refuses, must, there
from shidian.reviews import deciding
from shidian.reviews.deciding import Typed
from shidian.reviews.models import Choice, Ruling


@dataclass(frozen=True, slots=True)
class Desk:
    """The last stage at work: its office, its two people, the clock, and how to tell and to try what must be refused."""

    call: Call
    office: Office
    handler: User
    approver: User
    time: Timetable
    say: Callable[[str], None]
    refused: Refuses


def decide(desk: Desk, choices: dict[str, tuple[Choice, str]]) -> Ruling:
    """Decisions on candidates that are judged (by reference: choice and reason), put forward together and confirmed."""
    typed = {reference: Typed(choice, reason, 0) for reference, (choice, reason) in choices.items()}
    desk.refused(
        "审批人提出决定", NotPermitted, lambda: deciding.save(desk.call, desk.office, typed, by=desk.approver)
    )
    desk.time.tick()
    must(not deciding.save(desk.call, desk.office, typed, by=desk.handler), "决定没有存住。")
    desk.time.tick()
    ruling = deciding.propose(desk.call, desk.office, by=desk.handler)
    desk.refused("提出决定的人自己确认", NotPermitted, lambda: deciding.confirm(ruling, by=desk.handler))
    desk.time.tick()
    deciding.confirm(ruling, by=desk.approver)
    desk.say(f"{desk.office.short}提出 {len(choices)} 件决定，另一人确认")
    return ruling


def play_publicity(desk: Desk, *, upheld: str, refused: str) -> Publicity:
    """Publish what was decided, take two objections, answer them, and let it pass; references of the two that are objected to."""
    call, office = desk.call, desk.office
    before = [row.application.reference for row in publishable(call, office)]
    must({upheld, refused} <= set(before) and upheld != refused, "被提异议的两项应在公示名单里。")
    made = publicity.prepare(call, office, by=desk.handler)
    desk.refused("拟定公示的人自己发布", NotPermitted, lambda: publicity.publish(made, by=desk.handler))
    desk.time.tick()
    running = publicity.publish(made, by=desk.approver)
    must(running.items.count() == len(before), "公示的项数与选报的不符。")
    desk.say(f"{office.short}发布公示 {running.reference}，共 {len(before)} 项")
    desk.time.reach(desk.time() + timedelta(days=1))
    first = _object(desk, running, upheld, "该单位去年发生过安全责任事故，有处罚决定书为证。")
    desk.refused(
        "没有姓名的异议",
        Invalid,
        lambda: objections.file(running, who=Who("", phone="13800000002"), text="有异议"),
    )
    second = _object(desk, running, refused, "名称与另一个项目相近。")
    end = there(running.ends_at, "公示没有截止时间。")
    _answer(desk, second, ObjectionAnswer.Outcome.REFUSED, "经核实，两个项目内容不同，异议不成立。")
    desk.time.reach(end)
    publicity.tend()
    morning = last_day(end.astimezone(call.zone).date() - timedelta(days=1), 1)
    desk.time.reach(datetime.combine(morning, time(9, 30), tzinfo=call.zone))
    ended = Publicity.objects.select_related("call", "office", "replaces").get(pk=running.pk)
    must(ended.state == "ended", "有异议没有办结，公示却通过了。")
    desk.refused("异议没有办结就结束公示", NotNow, lambda: publicity.settle(ended, by=desk.approver))
    desk.refused(
        "公示期过后提异议",
        NotNow,
        lambda: objections.file(ended, who=Who("某人", phone="13800000003"), text="有异议"),
    )
    _answer(desk, first, ObjectionAnswer.Outcome.UPHELD, "经核实，情况属实，异议成立。")
    application = Application.objects.get(reference=upheld)
    must(application.state == "declined", "异议成立的一项还在名单里。")
    desk.time.tick()
    publicity.settle(ended, by=desk.approver)
    left = Publicity.objects.get(pk=running.pk)
    must(left.state == "passed", "异议办结以后公示没有结束。")
    desk.say(f"公示 {left.reference} 期满：一件异议成立，一件不成立，办结后结束")
    return left


def _object(desk: Desk, running: Publicity, reference: str, text: str) -> Objection:
    desk.time.tick()
    item = running.items.select_related("application").get(application__reference=reference)
    made = objections.file(running, who=Who("演练反映人", phone="13800000001"), text=text, item=item)
    desk.say(f"收到异议 {made.number}")
    return made


def _answer(desk: Desk, objection: Objection, outcome: ObjectionAnswer.Outcome, text: str) -> None:
    desk.time.tick()
    objections.claim(objection, by=desk.handler)
    desk.time.tick()
    objections.note(objection, "已向有关部门核实。", by=desk.handler)
    desk.time.tick()
    strikes = outcome == ObjectionAnswer.Outcome.UPHELD
    objections.answer(objection, outcome=outcome, text=text, strikes=strikes, by=desk.handler)
    desk.refused("答复的人自己审批答复", NotPermitted, lambda: objections.confirm(objection, by=desk.handler))
    desk.time.tick()
    objections.confirm(objection, by=desk.approver)
    desk.say(f"异议 {objection.number} 答复：{outcome.label}")


def play_results(desk: Desk, scan: StoredFile, *, not_selected: Sequence[str] = ()) -> ResultLetter:
    """Record the letter of the destination: everything that left is approved but those named; the first under another name."""
    desk.time.tick()
    today = desk.time().astimezone(desk.call.zone).date()
    letter = results.record_letter(
        desk.call,
        desk.office,
        issuer=desk.call.definition.destination.label,
        number=f"演练函〔{today.year}〕1号",
        title=f"关于下达{desk.call.definition.programme}项目的通知",
        dated=today,
        file=scan,
        by=desk.handler,
    )
    rows = [
        _row(entry.application, not_selected, first=not position)
        for position, entry in enumerate(gone(desk.call))
    ]
    nobody = Row("XX-0000", "approved", "某项目", "某单位")
    desk.refused(
        "登记没有的申请的结果", Invalid, lambda: results.record_results(letter, [nobody], by=desk.handler)
    )
    desk.time.tick()
    made = results.record_results(letter, rows, by=desk.handler)
    must(len(made) == len(rows), "登记的结果数与报送的不符。")
    states: dict[str, Any] = {row.application.reference: row.application.state for row in gone(desk.call)}
    must(
        all((state == "not_selected") == (reference in not_selected) for reference, state in states.items()),
        "登记的结果与来文不符。",
    )
    desk.say(f"{letter.issuer}来文，批准 {len(rows) - len(not_selected)} 项，未选入 {len(not_selected)} 项")
    return letter


def _row(application: Application, not_selected: Sequence[str], *, first: bool) -> Row:
    if application.reference in not_selected:
        return Row(application.reference, "not_selected")
    name = application.name.replace("综合标准化试点", "标准化试点项目") if first else application.name
    return Row(application.reference, "approved", name, application.lead.name)

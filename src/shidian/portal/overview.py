"""What the overview of an application shows: steps, whose turn, the board of parties, versions, task list.

Nothing is decided here: states come from the queries, buttons from the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.applications import rules
from shidian.applications.actions import Foreseen, foresee
from shidian.applications.content import invited
from shidian.applications.models import Application
from shidian.applications.presence import Present
from shidian.applications.queries import Standing, access, gifts
from shidian.applications.roles import Access
from shidian.applications.scanned import opinion_pages
from shidian.applications.signing import due_gates
from shidian.applications.states import LEFT
from shidian.calls.models import Extension
from shidian.core.language import day_words
from shidian.documents.inbox import Inbox
from shidian.documents.models import DocumentVersion
from shidian.questionnaires.completeness import SectionProgress, progress
from shidian.reviews.models import Decision, Reason
from shidian.reviews.queries import decisions
from shidian.signoffs.models import Party, Round, Signature
from shidian.signoffs.queries import outstanding, parties
from shidian.signoffs.scopes import FORM, PARTIES, SHEET
from shidian.ui.parties import Board, waiting
from shidian.ui.templatetags.ui import due_words, evidence_label

ATTACHMENTS = "attachments"
_WORDS = {
    "done": ("done", gettext_noop("已完成")),
    "started": ("wait", gettext_noop("填写中")),
    "empty": ("idle", gettext_noop("未开始")),
}


def url(name: str, application: Application, **more: Any) -> str:
    """An address of this application."""
    return reverse(f"portal:{name}", kwargs={"reference": application.reference, **more})


def open_reasons(application: Application) -> tuple[Decision | None, list[Reason]]:
    """The decision on which an application is being corrected, with its reasons; nothing when it is not."""
    if not (application.is_editable and application.office_id):
        return None, []
    found = decisions(application).filter(kind=Decision.Kind.RETURN).first()
    return found, list(found.reasons.all()) if found else []


def attachment_state(application: Application) -> tuple[str, int]:
    """How far the attachments are (empty, started, done), and how many files there are."""
    held = list(application.attachments.values_list("slot", flat=True))
    slots = application.call.definition.attachments
    if all(slot.key in held for slot in slots if slot.required):
        return "done", len(held)
    return ("started" if held else "empty"), len(held)


def tasks(
    application: Application,
    values: Mapping[str, Any],
    *,
    current: str = "",
    reasons: Sequence[Reason] = (),
    wrong: int = 0,
    present: Present | None = None,
) -> dict[str, Any]:
    """The task list: every section, the attachments, then what follows. `wrong` counts for the current section.

    Sections that were given away name who has them, and those who are `present` are named too; `holder` tells who
    has the current one.
    """
    questionnaire = application.call.questionnaire
    holders: dict[str, list[str]] = {}
    for gift in gifts(application):
        holders.setdefault(gift.section, []).append(gift.holder)
    named = {reason.section for reason in reasons}
    done = 0
    rows: list[dict[str, Any]] = []
    steps: list[SectionProgress] = progress(questionnaire, values)
    for section, step in zip(questionnaire.sections, steps, strict=True):
        if step.hidden:
            continue
        done += step.state == "done"
        kind, word = _WORDS[step.state][0], _(_WORDS[step.state][1])
        if section.key == current and wrong:
            kind, word = "stop", _("{wrong} 处须改").format(wrong=wrong)
        elif section.key in named:
            kind, word = "void", _("有退回意见")
        rows.append(
            {
                "section": section.key,
                "holders": holders.get(section.key, []),
                "mark": section.mark,
                "title": section.title,
                "note": _note(holders.get(section.key, []), (present or {}).get(section.key, [])),
                "url": url("section", application, section=section.key),
                "kind": kind,
                "word": word,
                "current": section.key == current,
            }
        )
    total = len(rows)
    if application.call.definition.attachments:
        state, count = attachment_state(application)
        done += state == "done"
        total += 1
        kind, word = _WORDS[state][0], _(_WORDS[state][1])
        rows.append(
            {
                "mark": _("附"),
                "title": _("证明材料"),
                "note": _("{count} 个文件").format(count=count) if count else "",
                "url": url("attachments", application),
                "kind": "void" if ATTACHMENTS in named else kind,
                "word": _("有退回意见") if ATTACHMENTS in named else word,
                "current": current == ATTACHMENTS,
            }
        )
    if application.is_editable:
        rows.append(
            {
                "mark": _("查"),
                "title": _("检查并冻结"),
                "url": url("check", application),
                "kind": "turn" if done == total else "idle",
                "word": _("可以冻结") if done == total else _("未开始"),
                "current": current == "check",
            }
        )
    holder = _("、").join(holders.get(current, []))
    return {"tasks": rows, "done": done, "total": total, "at": _position(rows), "holder": holder}


def _note(holders: Sequence[str], present: Sequence[str]) -> str:
    here = _("{present}正在这里").format(present=_("、").join(present)) if present else ""
    return _("；").join(words for words in (_("、").join(holders), here) if words)


def presence_words(application: Application, present: Present, here: str) -> str:
    """Who else is there in one sentence: on this page first, then on the others; "" when nobody is."""
    found = (
        [_("{present}也在这一部分").format(present=_("、").join(present[here]))] if here in present else []
    )
    found += [
        _("{present}在“{section}”").format(present=_("、").join(present[section.key]), section=section.title)
        for section in application.call.questionnaire.sections
        if section.key != here and section.key in present
    ]
    return _("现在{found}。").format(found=_("，").join(found)) if found else ""


def _position(rows: Sequence[Mapping[str, Any]]) -> int:
    return next((number for number, row in enumerate(rows, start=1) if row["current"]), 0)


def steps(application: Application) -> list[dict[str, str]]:
    """The way of the application: filling in, sign-off, every stage of the call, the destination."""
    call = application.call
    definition = call.definition
    labels = [
        _("填写"),
        _("会签"),
        *(stage.label for stage in definition.stages),
        _("报送{destination}").format(destination=definition.destination.label),
    ]
    notes = ["", ""]
    for number, stage in enumerate(definition.stages):
        ends = call.until(stage, Extension.Deadline.DISPATCH, office=application.office)
        until = call.until(stage, Extension.Deadline.HAND_IN, lead=application.lead) if number == 0 else None
        if until and not application.lodgements.exists():
            notes.append(_("{until}前递交").format(until=_day(until, call.zone)))
        else:
            notes.append(_("{ends}前报送").format(ends=_day(ends, call.zone)) if ends else _("时间待定"))
    notes.append("")
    at = _step(application)
    found = []
    for number, (label, note) in enumerate(zip(labels, notes, strict=True)):
        kind = "past" if number < at else "now" if number == at else ""
        ended = application.state in ("declined", "withdrawn", "merged") and kind == "now"
        found.append({"label": label, "note": application.state_label if ended else note, "kind": kind})
    return found


def _day(moment: datetime, zone: Any) -> str:
    return dateformat.format(timezone.localtime(moment, zone), _("n月j日"))


def _step(application: Application) -> int:
    stages = [stage.key for stage in application.call.definition.stages]
    if application.state in LEFT:
        return len(stages) + 2
    if application.state in ("draft", "returned"):
        return 0
    if application.state == "signing":
        return 1
    if application.state == "withdrawn" and not application.stage:
        return 1 if application.version_id else 0
    return 2 + stages.index(application.stage)


def board(user: User, application: Application, round_: Round | None) -> list[dict[str, Any]]:
    """One line a party: who, how it stands, on which version, what can be done."""
    if round_ is None or (round_.state == "void" and application.state != "withdrawn"):
        return _board_before(application, round_)
    gates = _gate_labels(application)
    due = due_gates(application)
    scanned = opinion_pages(Inbox(unit=application.lead), round_.version)
    rows = []
    everybody = list(parties(round_).prefetch_related("reminders"))
    known = Board.of(round_, everybody)
    for party in everybody:
        row: dict[str, Any] = {"role": party.label, "name": party.name, "code": round_.version.digest}
        signature = party.signature
        if signature is not None:
            row |= _signed(application, signature)
            if party.carried:
                row["how"] += _("；对 {version} 的同意沿用，其所担保的内容没有改动").format(
                    version=signature.party.round.version.label
                )
        elif party.gate not in due:
            row |= {
                "kind": "idle",
                "word": _("以后再签"),
                "how": _("本批规定在{gates}之前出具意见，现在不必等候").format(gates=gates[party.gate]),
                "code": "",
            }
        else:
            row |= waiting(application, party, known)
        if (
            application.state == "signing"
            and party.gate in due
            and rules.can_record_opinion(user, application, party)
        ):
            row |= {"url": url("opinion", application, party=party.pk), "label": _("登记意见")}
            row["party_url"] = url("party", application, party=party.pk)
            row |= {"certificate": url("certificate", application, party=party.pk, how="file")}
            if party.pk in scanned:
                row["url"] += f"?page={scanned[party.pk].scanned_id}"
                row["how"] = _("盖章页的扫描件已到，可以登记")
        rows.append(row)
    return rows


def _gate_labels(application: Application) -> dict[str, str]:
    definition = application.call.definition
    labels = {stage.key: _("“{stage}”").format(stage=stage.label) for stage in definition.stages}
    labels[definition.destination.key] = _("报送{destination}").format(
        destination=definition.destination.label
    )
    return labels


def _signed(application: Application, signature: Signature) -> dict[str, Any]:
    who = signature.signatory + (
        _("（{capacity}）").format(capacity=signature.capacity) if signature.capacity else ""
    )
    if signature.mandate is not None:
        who += _("，受{given_by}委托").format(given_by=signature.mandate.given_by)
    how = _("{means}，{who}，{day}").format(
        means=signature.get_means_display(), who=who, day=day_words(signature.signed_on)
    )
    agreed = signature.decision == Signature.Decision.AGREE
    if signature.opinion:
        how += _("：{opinion}").format(opinion=signature.opinion)
    row: dict[str, Any] = {
        "kind": "done" if agreed else "stop",
        "word": _("已同意") if agreed else signature.get_decision_display(),
        "how": how,
        "code": signature.digest,
    }
    if signature.place:
        section, __, field = signature.place.partition(".")
        row |= {
            "place": places(application, [signature.place]),
            "place_url": f"{url('section', application, section=section)}#f-{field}",
        }
    row |= {
        "scan": url("scan", application, signature=signature.pk),
        "scan_label": evidence_label(signature),
    }
    if signature.certified_id:
        number = signature.party.round.version.number
        row |= {"certificates": url("certificates", application, number=number)}
    return row


def _board_before(application: Application, void: Round | None) -> list[dict[str, Any]]:
    # Before freezing: whom the answers name now, and what became of the agreements to the version before.
    if void is None:
        return [
            {"role": body.label, "name": body.name, "kind": "idle", "word": _("冻结后会签"), "how": ""}
            for body in invited(application)
        ]
    return [
        {"role": each.body.label, "name": each.body.name, **foreseen_words(application, each)}
        for each in foresee(application)
    ]


def foreseen_words(application: Application, each: Foreseen) -> dict[str, str]:
    """What freezing now would mean for a party: sign, sign again and why, or nothing."""
    if each.agreed is None:
        return {"kind": "idle", "word": _("冻结后会签"), "how": ""}
    seen = each.agreed.party.round.version.label
    if each.carried:
        how = _("对 {version} 的同意仍然有效：其所担保的内容没有改动").format(version=seen)
        return {"kind": "done", "word": _("沿用"), "how": how}
    how = _("同意的是 {version}，以后改动了：{places}").format(
        version=seen, places=places(application, each.changes)
    )
    return {"kind": "void", "word": _("须重新同意"), "how": how}


def places(application: Application, paths: Sequence[str]) -> str:
    """Paths of `signoffs.scopes.changes` by the names on the screen."""
    questionnaire, definition = application.call.questionnaire, application.call.definition
    slots = {f"attachments.{slot.key}": slot.label for slot in definition.attachments}
    fixed = {PARTIES: _("会签单位"), FORM: _("表单、批次或者对提醒的说明"), SHEET: _("意见页本身")}
    names = []
    for path in paths:
        field = questionnaire.find(path)
        names.append(field.name if field else slots.get(path) or fixed.get(path) or _("证明材料"))
    return _("、").join(dict.fromkeys(names))


def agreed_count(round_: Round | None, gates: Sequence[str]) -> tuple[int, int]:
    """How many of the parties due at `gates` agreed, and how many there are."""
    if round_ is None:
        return 0, 0
    due = [party for party in parties(round_) if party.gate in gates]
    return sum(party.has_agreed for party in due), len(due)


def versions(
    application: Application, seen: Sequence[DocumentVersion], standing: Standing
) -> list[dict[str, Any]]:
    """The versions with what became of each."""
    void = set(Round.objects.filter(version__in=seen, state="void").values_list("version", flat=True))
    rows = []
    newest = application.version.number if application.version else 0
    for version in seen:
        current = version.pk == application.version_id
        if version.pk in void:
            kind, word = "void", _("会签已失效")
        elif current:
            kind, word = standing.tone, standing.label
        else:
            kind, word = "", _("已被 v{newest} 取代").format(newest=newest)
        rows.append(
            {"version": version, "kind": kind, "word": word, "current": current and version.pk not in void}
        )
    return rows


def turn(
    user: User,
    application: Application,
    standing: Standing,
    round_: Round | None,
    *,
    listed: Mapping[str, Any],
    decision: Decision | None,
) -> dict[str, Any]:
    """The card on top: whose turn, the one next step, its buttons, and the facts beside it."""
    found = access(user, application)
    facts = _facts(application, standing, round_)
    if application.is_editable and found.mine and not found.edits:
        return {**_turn_given(application, listed, found), "facts": facts}
    if not (found.leads or (application.is_editable and found.edits)):
        title = standing.next_step
        role = _("您在这份申请里的角色是“{role}”。").format(role=found.role.label) if found.role else ""
        kind = standing.tone or "idle"
        return {"kind": kind, "word": standing.label, "title": title, "text": role, "facts": facts}
    if application.is_editable:
        return {**_turn_writing(user, application, listed, decision), "facts": facts}
    if application.state == "signing" and round_ is not None:
        return {**_turn_signing(user, application, round_), "facts": facts}
    ends = {
        "lodged": ("wait", _("等受理机构"), _("等待{office}审查").format(office=application.office)),
        "recommended": ("wait", _("等受理机构"), _("{standing}，等待报送").format(standing=standing.label)),
        "nominated": ("done", _("已报送"), standing.next_step),
        "approved": ("done", _("国家批准"), standing.next_step),
        "not_selected": ("stop", _("已结束"), _("国家未选入")),
        "declined": ("stop", _("已结束"), _("{office}不予推荐").format(office=application.office)),
        "withdrawn": ("idle", _("已结束"), _("申请已撤回")),
        "merged": ("idle", _("已结束"), _("已并入另一份申请，联合推荐")),
    }
    kind, word, title = ends[application.state]
    texts = {
        "lodged": _("现在不用做什么。需要补正时，这里会写明改哪里；结果出来也在这里看到。"),
        "recommended": standing.next_step + _("。"),
        "declined": _("理由见下面。本批次到此结束；材料都保留，可以随时查看和下载。"),
        "not_selected": _("本批次到此结束；材料都保留，可以随时查看和下载。"),
        "withdrawn": _("材料都保留，可以随时查看和下载。需要时可以重新申请。"),
        "merged": _("同一个试点由两个推荐单位联合推荐，由另一份申请继续；并入哪一份，见下面的办理经过。"),
    }
    actions = []
    arrival = application.lodgements.filter(sent_by__isnull=True).order_by("-pk").first()
    if arrival is not None:
        actions.append({"label": _("看回执"), "url": url("receipt", application, number=arrival.number)})
    return {
        "kind": kind,
        "word": word,
        "title": title,
        "text": texts.get(application.state, ""),
        "actions": actions,
        "facts": facts,
    }


def _turn_writing(
    user: User, application: Application, listed: Mapping[str, Any], decision: Decision | None
) -> dict[str, Any]:
    allowed = rules.can_edit(user, application)
    check = {"label": _("检查全部内容"), "url": url("check", application)}
    form = {"label": _("看草稿（PDF）"), "url": url("form", application)}
    if not allowed:
        return {
            "kind": "stop",
            "word": _("不能办理"),
            "title": _("现在不能填写"),
            "actions": [{"label": _("继续填写"), "refused": allowed.reason}],
        }
    found = access(user, application)
    open_tasks = [row for row in listed["tasks"] if row["kind"] != "done" and row["mark"] != _("查")]
    missing = [row for row in open_tasks if "section" not in row or found.writes(row["section"])]
    if decision is not None:
        named = next((row for row in listed["tasks"] if row["kind"] == "void"), None)
        first = (
            {"label": _("修改“{named}”").format(named=named["title"]), "url": named["url"], "main": True}
            if named
            else {**check, "main": True}
        )
        rest = [check, form] if named else [form]
        return {
            "kind": "turn",
            "word": _("轮到您办"),
            "title": _("按退回意见修改，再冻结、会签、递交"),
            "text": _("补正后交回{office}。退回意见逐条列在上面。").format(office=application.office),
            "actions": [first, *rest],
        }
    if missing:
        following = missing[0]
        return {
            "kind": "turn",
            "word": _("轮到您办"),
            "title": _("继续填写：{following}").format(following=following["title"]),
            "text": _("已完成 {listed} 项，共 {listed_2} 项。随时可以离开，写过的都在。").format(
                listed=listed["done"], listed_2=listed["total"]
            ),
            "actions": [{"label": _("继续填写"), "url": following["url"], "main": True}, check, form],
        }
    if open_tasks:
        others = _("、").join(dict.fromkeys(name for row in open_tasks for name in row["holders"]))
        return {
            "kind": "wait",
            "word": _("等别人填写"),
            "title": _("您的部分都填完了，还等{others}").format(others=others),
            "text": _("交给别人的部分填完以后，再检查并冻结。"),
            "actions": [check, form],
        }
    return {
        "kind": "turn",
        "word": _("轮到您办"),
        "title": _("各部分都填完了，检查后冻结"),
        "text": _("冻结后内容不再变，再请各单位在网上或者纸上出具意见。"),
        "actions": [{"label": _("检查并冻结"), "url": check["url"], "main": True}, form],
    }


def _turn_given(application: Application, listed: Mapping[str, Any], found: Access) -> dict[str, Any]:
    """For those who only write what was given to them."""
    mine = [row for row in listed["tasks"] if row.get("section") in found.mine]
    missing = [row for row in mine if row["kind"] != "done"]
    check = {"label": _("检查全部内容"), "url": url("check", application)}
    if not missing:
        names = _("、").join(row["title"] for row in mine)
        title = _("交给您的都填完了：{names}").format(names=names)
        text = _("其余部分您可以看；冻结、会签和递交由承担单位办理。")
        return {"kind": "done", "word": _("已填完"), "title": title, "text": text, "actions": [check]}
    return {
        "kind": "turn",
        "word": _("轮到您办"),
        "title": _("填写交给您的部分：{missing}").format(missing=missing[0]["title"]),
        "text": _("交给您 {count} 个部分，还有 {count_2} 个没有填完。其余部分您可以看，不能改。").format(
            count=len(mine), count_2=len(missing)
        ),
        "actions": [{"label": _("开始填写"), "url": missing[0]["url"], "main": True}, check],
    }


def _turn_signing(user: User, application: Application, round_: Round) -> dict[str, Any]:
    gates = due_gates(application)
    waiting = outstanding(round_, gates)
    sheets = {
        "label": _("打印盖章用的全套"),
        "url": url("print-pack", application, number=round_.version.number),
    }
    reopen = {"label": _("重新打开修改"), "url": url("reopening", application)}
    if not waiting:
        return {
            "kind": "turn",
            "word": _("轮到您办"),
            "title": _("各单位都已同意，可以递交"),
            "text": _("选择受理机构，核对以后递交，当场取得回执。"),
            "actions": [
                {"label": _("递交申请"), "url": url("lodgement", application), "main": True},
                sheets,
                reopen,
            ],
        }
    refused = [party for party in waiting if party.signature is not None]
    nobody = not any(party.signature for party in parties(round_))
    scanned = opinion_pages(Inbox(unit=application.lead), round_.version)
    first = next((party for party in waiting if party.pk in scanned), waiting[0])
    page = f"?page={scanned[first.pk].scanned_id}" if first.pk in scanned else ""
    record = {
        "label": _("登记“{name}”的意见").format(name=first.name),
        "url": url("opinion", application, party=first.pk) + page,
        "main": not nobody or bool(page),
    }
    throw_in = {"label": _("交扫描件"), "url": reverse("portal:scans", kwargs={"unit": application.lead_id})}
    if nobody and not page:
        actions = [{**sheets, "main": True}, record, throw_in, reopen]
    else:
        actions = [record, throw_in, sheets, reopen]
    if refused:
        names = _("、").join(party.name for party in refused)
        sent_back = all(
            party.signature is not None and party.signature.decision == Signature.Decision.RETURN
            for party in refused
        )
        title = (_("{names}请退回修改") if sent_back else _("{names}不同意")).format(names=names)
        text = _(
            "可以按对方的意见重新打开修改，冻结新版本后重新会签；也可以协商后请其重新表态，或者重新登记其意见。"
        )
    elif nobody:
        title = _("请{waiting}出具意见").format(waiting=_names(waiting))
        text = _(
            "填写对方邮箱，寄会签链接，对方不用账号就能在网上表态；或者打印申请书，请对方在“意见”栏盖章、签名、写日期，再把盖章页扫描或者拍照，一起交来，系统自动归页。"
        )
    else:
        title = _("还等{waiting}的意见").format(waiting=_names(waiting))
        text = _("网上的意见自动记入；纸质的收到盖章页以后，扫描或者拍照交来，系统自动归页，再逐家登记。")
    return {"kind": "turn", "word": _("轮到您办"), "title": title, "text": text, "actions": actions}


def _names(waiting: Sequence[Party]) -> str:
    first = _("、").join(dict.fromkeys(party.name for party in waiting[:2]))
    return _("{first}等 {count} 家").format(first=first, count=len(waiting)) if len(waiting) > 2 else first


def _facts(application: Application, standing: Standing, round_: Round | None) -> list[dict[str, str]]:
    facts: list[dict[str, str]] = []
    if round_ is not None and round_.state != "void":
        agreed, total = agreed_count(round_, due_gates(application))
        left = total - agreed
        note = (
            ""
            if application.state != "signing"
            else _("还等 {left} 家").format(left=left)
            if left
            else _("可以递交")
        )
        facts.append(
            {
                "name": _("会签"),
                "value": _("{total} 家中 {agreed} 家已同意").format(total=total, agreed=agreed),
                "note": note,
            }
        )
    if standing.until is not None:
        words, css = due_words(standing.until)
        local = timezone.localtime(standing.until, application.call.zone)
        corrects = application.office_id is not None
        names = {"lead": _("补正期限") if corrects else _("递交截止"), "office": _("报送截止")}
        note = f"{day_words(local)} {local:%H:%M}"
        given = next((row for row in application.call.extensions if row.until == standing.until), None)
        if given is not None:
            note = _("{note}，已延期：{reason}").format(note=note, reason=given.reason)
        if corrects and standing.turn_is == "lead":
            note = _("{note}，过期仍可以交回").format(note=note)
        facts.append(
            {"name": names.get(standing.turn_is, _("截止")), "value": words, "css": css, "note": note}
        )
    elif application.state == "returned" or (application.is_editable and application.office_id):
        facts.append(
            {"name": _("递交截止"), "value": _("不受截止影响"), "note": _("补正件在截止以后也可以交回")}
        )
    if round_ is not None and round_.state != "void":
        version = round_.version
        facts.append(
            {
                "name": _("现在的版本"),
                "value": f"{version.label} · {version.code}",
                "note": _("已冻结，要改须先重新打开") if application.state == "signing" else _("已冻结"),
            }
        )
    elif application.is_editable:
        facts.append({"name": _("现在的版本"), "value": _("草稿"), "note": _("冻结后才有版本号")})
    return facts


def round_on(version: DocumentVersion | None) -> Round | None:
    """The round of a version, void or not."""
    if version is None:
        return None
    return Round.objects.filter(version=version).select_related("version").first()

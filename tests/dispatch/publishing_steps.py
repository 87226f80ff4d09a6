"""Steps of publicities and objections, for tests that start in the middle of them."""

from __future__ import annotations

from dataclasses import dataclass

from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.calls.queries import gates_until
from shidian.dispatch.publishing import objections, publicity, results
from shidian.dispatch.publishing.models import Objection, ObjectionAnswer, Publicity, ResultLetter
from shidian.dispatch.publishing.objections import Who
from shidian.reviews import actions as reviews
from shidian.reviews import deciding
from shidian.reviews.deciding import Typed
from shidian.reviews.models import Ruling
from tests import steps
from tests.kept import kept

WHO = Who("陈某某", phone="13800000001", email="objector@example.cn")
FACTS = "该单位去年发生过一起责任事故，不符合基本条件。"


def fresh(row: Publicity) -> Publicity:
    return Publicity.objects.select_related("call", "office", "version", "replaces").get(pk=row.pk)


def again(row: Objection) -> Objection:
    return Objection.objects.select_related(
        "publicity__call", "publicity__office", "item__application", "answer", "claimed_by"
    ).get(pk=row.pk)


@kept
def prepared(cast: steps.Cast, call: Call) -> Publicity:
    steps.at_last_stage(cast, call)
    return fresh(publicity.prepare(call, cast.commission, by=cast.commission_officer))


@kept
def running(cast: steps.Cast, call: Call) -> Publicity:
    return fresh(publicity.publish(prepared(cast, call), by=cast.commission_approver))


def objected(found: Publicity, *, about: bool = True) -> Objection:
    item = found.items.first() if about else None
    return again(objections.file(found, who=WHO, text=FACTS, item=item))


@kept
def filed(cast: steps.Cast, call: Call) -> Objection:
    return objected(running(cast, call))


@kept
def handling(cast: steps.Cast, call: Call) -> Objection:
    objection = filed(cast, call)
    objections.claim(objection, by=cast.commission_officer)
    return again(objection)


def answered(objection: Objection, cast: steps.Cast, *, outcome: str = "refused") -> Objection:
    if objection.state == "filed":
        objections.claim(objection, by=cast.commission_officer)
    objections.answer(
        again(objection),
        outcome=ObjectionAnswer.Outcome(outcome),
        text="经核实，答复如下。",
        strikes=outcome == "upheld" and objection.item_id is not None,
        by=cast.commission_officer,
    )
    return again(objection)


def settled(objection: Objection, cast: steps.Cast, *, outcome: str = "refused") -> Objection:
    objections.confirm(answered(objection, cast, outcome=outcome), by=cast.commission_approver)
    return again(objection)


@dataclass
class Traces:
    """A row of everything that the last stage leaves behind."""

    ruling: Ruling
    publicity: Publicity
    objection: Objection
    letter: ResultLetter


def everything(cast: steps.Cast, call: Call, application: Application) -> Traces:
    """Decided, made public, objected to and answered: one application that was sent to the last stage."""
    officer, approver = cast.commission_officer, cast.commission_approver
    typed = {application.reference: Typed("put_off", "名称还要核实", 0)}
    assert deciding.save(call, cast.commission, typed, by=officer) == []
    ruling = deciding.propose(call, cast.commission, by=officer)
    deciding.send_back(ruling, by=approver, reason="再议")
    steps.sign(application, gates_until(call, call.definition.destination.key), officer)
    steps.judge(application, officer)
    reviews.recommend(application, by=officer)
    made = publicity.publish(publicity.prepare(call, cast.commission, by=officer), by=approver)
    objection = objections.file(
        made, who=WHO, text=FACTS, item=made.items.first(), files=[steps.scan(officer)]
    )
    objections.claim(objection, by=officer)
    objections.note(again(objection), "已核实", by=officer)
    objections.answer(
        again(objection),
        outcome=ObjectionAnswer.Outcome.REFUSED,
        text="不成立",
        letter=steps.scan(officer),
        by=officer,
    )
    objections.confirm(again(objection), by=approver)
    return Traces(ruling, fresh(made), again(objection), letter(cast, call))


def letter(cast: steps.Cast, call: Call, number: str = "国标委发〔2023〕40号") -> ResultLetter:
    return results.record_letter(
        call,
        cast.commission,
        issuer="国家标准化管理委员会",
        number=number,
        title="关于下达试点项目的通知",
        dated=steps.today(call),
        file=steps.scan(cast.commission_officer),
        by=cast.commission_officer,
    )

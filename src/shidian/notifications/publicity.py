"""Letters about what is made public: to an objector that it arrived and how it was answered, and the result to the
parties and the offices; the lead's own people hear of it by `kinds`.

No subject line names anybody. What goes to an objector is no row of `Message`: who objected is forgotten in time, and must
stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django_q.tasks import async_task

from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import people, round_of
from shidian.audit.models import Event
from shidian.dispatch.publishing.models import Objection
from shidian.dispatch.publishing.objections import token
from shidian.notifications.letter import Letter, letter
from shidian.notifications.models import Message
from shidian.notifications.sending import send
from shidian.organisations.models import Officer
from shidian.signoffs.contacts import contacts_of


def hear(event: Event) -> None:
    """Decide for one recorded event whether somebody gets a letter."""
    if event.name in ("objection.filed", "objection.settled"):
        number = event.chain.removeprefix("objection:")
        task = "tell_filed" if event.name == "objection.filed" else "tell_answer"
        async_task(f"shidian.notifications.publicity.{task}", number)
    elif event.name in ("application.approved", "application.not_selected", "application.struck_off"):
        async_task("shidian.notifications.publicity.tell", event.pk)


def _send(subject: str, lines: Sequence[str], addresses: Sequence[str]) -> None:
    """The one place from which these letters leave; each address gets a letter of its own."""
    for address in dict.fromkeys(each for each in addresses if each):
        send_mail(subject, "\n".join(lines), None, [address])


def _there(objection: Objection) -> str:
    parts = {"number": objection.number, "token": token(objection)}
    return settings.ADDRESS + reverse("public:objection", kwargs=parts)


def _found(number: str) -> Objection:
    return Objection.objects.select_related("publicity__office", "objector", "answer").get(number=number)


def tell_filed(number: str) -> None:
    """Tell an objector the number, the address to follow it, and by when it is answered."""
    objection = _found(number)
    due = objection.due_on
    lines = [
        "您好：",
        "",
        f"您提出的异议已收到，编号 {objection.number}。{objection.publicity.office.name}将在 {due.year} 年 {due.month} 月 {due.day} 日以前书面答复。",
        "凭下面的网址可以查看办理情况和答复，请不要转给别人：",
        "",
        _there(objection),
    ]
    _send(f"异议已收到：{objection.number}", lines, [objection.objector.email])


def tell_answer(number: str) -> None:
    """Send the answer in writing."""
    objection = _found(number)
    answer = objection.answer
    if answer is None:
        return
    lines = [
        "您好：",
        "",
        f"您提出的异议 {objection.number} 已办结，结论：{answer.Outcome(answer.outcome).label}。",
        "",
        answer.text,
        "",
        objection.publicity.office.name,
        "",
        "答复也可以在这里查看" + ("，盖章的答复函在同一页：" if answer.letter_id else "："),
        _there(objection),
    ]
    _send(f"异议答复：{objection.number}", lines, [objection.objector.email])


def _concerned(application: Application) -> list[str]:
    """The addresses of the parties, and of the handlers of the offices through which it went."""
    round_ = round_of(application)
    found = [contact.email for contact in contacts_of(round_).values()] if round_ is not None else []
    offices = Lodgement.objects.filter(application=application).values("office")
    handlers = Officer.objects.filter(office__in=offices, role=Officer.Role.HANDLER, user__is_active=True)
    found += handlers.values_list("user__email", flat=True)
    own = {person.email for person in people(application)}
    return list(dict.fromkeys(address for address in found if address and address not in own))


def _application(event: Event) -> Application:
    reference = event.chain.removeprefix("application:")
    return Application.objects.select_related("call", "lead", "office", "version").get(reference=reference)


def tell(pk: int) -> None:
    """Have everyone concerned told what the destination decided, or that an upheld objection took the application out."""
    event = Event.objects.get(pk=pk)
    application = _application(event)
    kind = "struck" if event.name == "application.struck_off" else "result_told"
    for address in _concerned(application):
        key, about = f"event:{pk}:{address}", application.chain
        send(kind, {"event": pk}, to=address, call=application.call, about=about, key=key)


def result_letter(message: Message) -> Letter:
    """What the destination decided: under which letter, with the names as issued and as applied."""
    event = Event.objects.get(pk=message.args["event"])
    application, detail = _application(event), event.detail
    approved = event.name == "application.approved"
    lines = [
        "您好：",
        "",
        f"申请 {application.reference} 的国家结果已登记：{'批准' if approved else '未选入'}。",
        f"依据：{detail['issuer']}，{detail['letter']}。",
    ]
    if approved:
        lines += ["", f"公布的名称：{detail['name']}", f"公布的承担单位：{detail['unit']}"]
        if (detail["name"], detail["unit"]) != (detail["applied_name"], detail["applied_unit"]):
            lines += [f"申请的名称：{detail['applied_name']}", f"申请的承担单位：{detail['applied_unit']}"]
    public = settings.ADDRESS + reverse("public:results", kwargs={"key": application.call.key})
    lines += ["", "公布的结果：", public]
    return letter(f"国家结果：申请 {application.reference}", lines)


def struck_letter(message: Message) -> Letter:
    """That an upheld objection took the application out; never who objected."""
    event = Event.objects.get(pk=message.args["event"])
    application = _application(event)
    lines = [
        "您好：",
        "",
        f"申请 {application.reference} 在公示期间有异议，{event.detail['office']}核实后认定成立，取消这一项的资格，在本批次到此结束。",
    ]
    return letter(f"公示后的决定：申请 {application.reference}", lines)

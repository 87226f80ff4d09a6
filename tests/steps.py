"""The cast, a form filled rightly, and the steps of the procedure, for tests that start in the middle of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pikepdf
import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, transaction
from PIL import Image

from shidian.accounts.models import User
from shidian.applications import actions as applications
from shidian.applications import signing
from shidian.applications.models import Application
from shidian.applications.queries import lodgement_here, round_of
from shidian.applications.writing import Writing, over, save_fields
from shidian.audit.actions import SYSTEM, record
from shidian.audit.models import Event
from shidian.calls.actions import extend, load, publish
from shidian.calls.models import Call, Extension
from shidian.calls.packages import Package, read
from shidian.calls.queries import gates_until
from shidian.core import clock
from shidian.core.errors import Refused
from shidian.dispatch import actions as dispatch
from shidian.dispatch.models import CandidateList
from shidian.documents.actions import keep, take_scan
from shidian.documents.inbox import Inbox
from shidian.documents.models import (
    DocumentVersion,
    PageFiling,
    Scan,
    ScanPage,
    ScanReading,
    SealBox,
    StoredFile,
)
from shidian.organisations.models import Membership, Office, Officer, Organisation, Watchlist
from shidian.reviews import actions as reviews
from shidian.reviews import watchlists
from shidian.reviews.checklist import points
from shidian.signoffs import links
from shidian.signoffs.links import Holder
from shidian.signoffs.models import Link, LinkStep, Signature
from shidian.signoffs.queries import outstanding
from tests.kept import kept

ROOT = Path(__file__).resolve().parents[1]
TIANJIN = ROOT / "calls" / "tianjin-2023-smps10"
PREFECTURE = ROOT / "tests" / "packages" / "prefecture-2025-culture"

LONG = "本单位承担本辖区的社会管理和公共服务职能，已建立标准化工作机制，制定并实施内部标准，定期检查改进。"


@lru_cache
def package(folder: Path = TIANJIN) -> Package:
    return read(folder)


@kept
def tianjin() -> Call:
    call = load(package(), by=SYSTEM)
    if call.state == "draft":
        publish(call, by=SYSTEM)
    return Call.objects.get(pk=call.pk)


@dataclass
class Cast:
    lead: Organisation
    other_unit: Organisation
    heping: Office
    other_district: Office
    sector: Office
    institute: Office
    commission: Office
    lead_writer: User
    lead_head: User
    partner: User
    guarantor: User
    heping_handler: User
    heping_approver: User
    other_handler: User
    sector_officer: User
    institute_clerk: User
    expert: User
    commission_officer: User
    commission_approver: User
    administrator: User
    auditor: User
    outsider: User


def make_user(name: str, label: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name}@example.cn", "test-password-1", name=label, **fields)


def make_unit(name: str, code: str, *, state: str = "confirmed", region: str = "120101") -> Organisation:
    unit = Organisation.objects.create(
        name=name, code=code, region=region, address="示范路 1 号", state=state, registered_at=clock.now()
    )
    record("organisation.registered", unit.chain, by=SYSTEM, detail={"name": name})
    return unit


def join(user: User, unit: Organisation, role: str) -> None:
    Membership.objects.create(user=user, organisation=unit, role=role, since=clock.now())


def appoint(user: User, office: Office, *roles: str) -> None:
    for role in roles:
        Officer.objects.create(user=user, office=office, role=role, since=clock.now())


@kept
def make_cast(call: Call) -> Cast:
    offices = Office.objects.in_bulk(field_name="key")
    kinds = {definition.kind: definition.key for definition in reversed(call.package.offices)}
    bureaus = [d.key for d in call.package.offices if d.kind == "bureau"]
    cast = Cast(
        lead=make_unit("和平区示范应急服务中心", "12120101PDY00001X0"),
        other_unit=make_unit("滨海新区示范事务局", "11120116PDY000028T", region="120116"),
        heping=offices[bureaus[0]],
        other_district=offices[bureaus[1]],
        sector=offices[kinds["sector"]],
        institute=offices[kinds["registry"]],
        commission=offices[kinds["commission"]],
        lead_writer=make_user("writer", "王经办"),
        lead_head=make_user("head", "李负责"),
        partner=make_user("partner", "参加单位人员"),
        guarantor=make_user("guarantor", "保证单位人员"),
        heping_handler=make_user("handler", "张经办"),
        heping_approver=make_user("approver", "赵审批"),
        other_handler=make_user("other-handler", "河东经办"),
        sector_officer=make_user("sector", "行业经办"),
        institute_clerk=make_user("clerk", "登记员"),
        expert=make_user("expert", "专家"),
        commission_officer=make_user("commission", "市委经办"),
        commission_approver=make_user("commission-approver", "市委审批"),
        administrator=make_user("administrator", "系统管理员", is_administrator=True),
        auditor=make_user("auditor", "审计员", is_auditor=True),
        outsider=make_user("outsider", "外单位人员"),
    )
    join(cast.lead_writer, cast.lead, "writer")
    join(cast.lead_head, cast.lead, "head")
    join(cast.outsider, cast.other_unit, "writer")
    appoint(cast.heping_handler, cast.heping, "handler")
    appoint(cast.heping_approver, cast.heping, "approver")
    appoint(cast.other_handler, cast.other_district, "handler")
    appoint(cast.sector_officer, cast.sector, "handler", "approver")
    appoint(cast.institute_clerk, cast.institute, "registrar")
    appoint(cast.commission_officer, cast.commission, "handler")
    appoint(cast.commission_approver, cast.commission, "approver")
    return cast


def value_for(field: Any, call: Call) -> Any:
    """An answer that passes the checks of any field type."""
    match field.type:
        case "month_range":
            return {"from": "2024-01", "to": "2025-12"}
        case "month" | "month_or_text":
            return "2022-06"
        case "date":
            return "2023-07-01"
        case "region":
            return {"province": "120000", "county": "120101", "detail": ""}
        case "unit_code":
            return "12120101PDY00001X0"
        case "industry":
            return "9224"
        case "economic_type":
            return "110"
        case "postcode":
            return "300041"
        case "phone":
            return "022-27110000"
        case "email":
            return "unit@example.cn"
        case "yes_no":
            return field.qualifies or "yes"
        case "choice":
            return field.choices[0].value
        case "area":
            area = call.definition.areas[0]
            return f"{area.key}/{area.children[0].key}" if area.children else area.key
        case "rows":
            rows = max(field.min_rows, 1)
            return [{column.key: cell_for(column) for column in field.columns} for _ in range(rows)]
        case "long_text":
            return LONG
        case _:
            return "示范内容综合标准化试点"


def cell_for(column: Any) -> str:
    match column.type:
        case "month" | "month_or_text":
            return "2024-03"
        case "unit_code":
            return ""
        case "phone":
            return "022-27110000"
        case "choice":
            return str(column.choices[0].value)
        case "date":
            return "2024-03-01"
        case _:
            return "一二三" if column.key != "name" else "天津市示范单位"


def filled(call: Call) -> dict[str, dict[str, Any]]:
    """Answers by section that pass all checks without a warning that matters."""
    answers = {
        section.key: {field.key: value_for(field, call) for field in section.fields}
        for section in call.questionnaire.sections
    }
    if call.definition.key == "tianjin-2023-smps10":
        answers["cover"]["name"] = "和平区应急救援队伍建设（社会管理和公共服务）综合标准化试点"
        answers["cover"]["contact"] = "王经办"
        answers["cover"]["contact_mobile"] = "13800000000"
        answers["lead"]["unit_name"] = "和平区示范应急服务中心"
        answers["parties"]["partners"] = []
        answers["parties"]["guarantors"] = [
            {"name": "和平区示范人民政府", "code": "", "contact": "周某", "phone": "022-27110001"}
        ]
        answers["parties"]["guidance"] = [
            {"name": "天津市示范应急管理局", "code": "", "contact": "吴某", "phone": "022-27110002"}
        ]
        answers["plan"]["plan"] = [
            {"time": "2024年1月至3月", "content": "成立机构，宣传培训。", "units": "和平区示范应急服务中心"},
            {
                "time": "2024年4月至2025年12月",
                "content": "建立体系，实施标准，自查，申请评估。",
                "units": "和平区示范应急服务中心",
            },
        ]
    return answers


def extension(cast: Cast, call: Call) -> Extension:
    """Two days more for the district of Heping to dispatch."""
    stage = call.definition.stages[0]
    until = call.until(stage, Extension.Deadline.DISPATCH)
    assert until is not None
    return extend(
        call,
        by=cast.commission_officer,
        stage=stage.key,
        deadline=Extension.Deadline.DISPATCH,
        until=until + timedelta(days=2),
        reason="停电",
        office=cast.heping,
    )


def watchlist(cast: Cast, *rows: str, kind: str = "abnormal", load: bool = True) -> Watchlist:
    """A list of units from a file with the columns 企业名称, 统一社会信用代码, 列入原因, 列入日期."""
    text = "\n".join(["企业名称,统一社会信用代码,列入原因,列入日期", *(rows or ("某单位,,,",))])
    found = watchlists.receive(
        BytesIO(text.encode()),
        name="名录.csv",
        kind=Watchlist.Kind(kind),
        source="国家企业信用信息公示系统",
        as_of=date(2023, 6, 30),
        by=cast.commission_officer,
    )
    if load:
        watchlists.confirm(found, seen=watchlists.mark(found), by=cast.commission_officer)
        watchlists.load(found.pk)
    return Watchlist.objects.get(pk=found.pk)


def pdf_bytes(pages: int = 1) -> bytes:
    out = BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def png_bytes(size: tuple[int, int] = (200, 280)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, "PNG")
    return out.getvalue()


def scan(by: User, name: str = "盖章页.pdf") -> StoredFile:
    return take_scan(BytesIO(pdf_bytes()), name=name, by=by)


def laid_in(
    inbox: Inbox, version: DocumentVersion, by: User, *, page: int = 5, party: int = 1, pile: str = "pile"
) -> ScanPage:
    """A page of a version that was thrown in, read and filed by the machine, with the box of one party."""
    now = clock.now()
    stored = scan(by, "一摞.pdf")
    thrown = Scan.objects.create(file=stored, unit=inbox.unit, office=inbox.office, pile=pile, at=now, by=by)
    record("scan.thrown_in", thrown.chain, by=by, detail={"name": stored.name, "sha256": stored.sha256})
    ScanReading.objects.create(scan=thrown, at=now)
    picture = keep(BytesIO(jpeg_bytes()), name="一摞-0001.jpg", media_type="image/jpeg")
    row = ScanPage.objects.create(
        scan=thrown, number=1, picture=picture, found="matched", version=version, page=page, pages=5,
        finding={"likeness": {"same": True, "share": 1.0, "differences": []}}, at=now,
    )  # fmt: skip
    alike = row.finding["likeness"]
    PageFiling.objects.create(scanned=row, kind="filed", version=version, page=page, likeness=alike, at=now)
    SealBox.objects.create(
        scanned=row, version=version, party=party, picture=picture, seal="present", signature="unclear", day="absent",
        at=now,
    )  # fmt: skip
    return row


@lru_cache
def jpeg_bytes(size: tuple[int, int] = (1654, 2339)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, "JPEG")
    return out.getvalue()


def fill(application: Application, answers: dict[str, dict[str, Any]], by: User) -> None:
    writings = [over(section, values) for section, values in answers.items()]
    save_fields(application, {path: each for some in writings for path, each in some.items()}, by=by)


def write(application: Application, by: User, **texts: Any) -> None:
    """Write over fields, named `section__field`."""
    writings = {name.replace("__", "."): Writing(text, None) for name, text in texts.items()}
    save_fields(application, writings, by=by)


def fresh(application: Application) -> Application:
    return Application.objects.select_related("call", "lead", "office", "version").get(pk=application.pk)


@kept
def start_filled(cast: Cast, call: Call, source: Application | None = None) -> Application:
    """A draft that may be frozen."""
    application = applications.start(call, cast.lead, by=cast.lead_writer, source=source)
    fill(application, filled(call), cast.lead_writer)
    for slot in call.definition.attachments:
        if slot.required:
            applications.attach(
                application, slot, BytesIO(pdf_bytes()), name=f"{slot.label}.pdf", by=cast.lead_writer
            )
    return fresh(application)


@kept
def frozen(cast: Cast, call: Call) -> Application:
    application = start_filled(cast, call)
    applications.freeze(application, by=cast.lead_writer)
    return fresh(application)


def sign(application: Application, gates: list[str], by: User, decision: str = "agree") -> None:
    round_ = round_of(application)
    assert round_ is not None
    for party in outstanding(round_, gates):
        sign_one(application, party, by, decision)


def sign_one(application: Application, party: Any, by: User, decision: str = "agree") -> Signature:
    return applications.record_opinion(
        application,
        party,
        by=by,
        decision=Signature.Decision(decision),
        signatory=f"{party.name}负责人",
        signed_on=today(application.call),
        scan=scan(by),
        capacity="主任",
        opinion="",
    )


def letter_with(pattern: str) -> str:
    """What the newest letter of all that were sent says where the pattern has its group."""
    for letter in reversed(mail.outbox):
        if found := re.search(pattern, str(letter.body)):
            return found[1]
    raise AssertionError(f"no letter says {pattern}")


def send_link(
    application: Application, party: Any, by: User, email: str = "sign@unit.example"
) -> tuple[Link, str]:
    """A link sent to a party, and the token that its letter alone holds."""
    signing.give_contact(application, party, email=email, by=by)
    link = signing.send_link(application, party, by=by)
    return Link.objects.select_related("party__round__version").get(pk=link.pk), letter_with(
        r"/sign/open/([\w-]+)/"
    )


def prove(link: Link) -> LinkStep:
    """The code asked for, read in its letter, and given back."""
    links.ask_code(link, address="203.0.113.9")
    step, fault = links.try_code(link, letter_with(r"验证码是：(\d{6})"), address="203.0.113.9")
    assert step is not None, fault
    return step


def sign_by_link(
    application: Application, party: Any, by: User, decision: str = "agree", **said: Any
) -> Signature:
    """Sent, proved, decided: an opinion without an account."""
    link, _ = send_link(application, party, by)
    told = {"signatory": f"{party.name}负责人", "capacity": "主任", "opinion": ""} | said
    return signing.sign_by_link(
        Holder(link, prove(link), "203.0.113.9"), decision=Signature.Decision(decision), **told
    )


def today(call: Call) -> date:
    return clock.now().astimezone(call.zone).date()


@kept
def signed(cast: Cast, call: Call) -> Application:
    """Frozen, and every party due before the first stage agreed."""
    application = frozen(cast, call)
    sign(application, gates_until(call, call.definition.stages[0].key), cast.lead_writer)
    return fresh(application)


@kept
def lodged(cast: Cast, call: Call) -> Application:
    application = signed(cast, call)
    applications.lodge(application, cast.heping, by=cast.lead_writer)
    return fresh(application)


def judge(application: Application, by: User, verdict: str = "met") -> None:
    lodgement = lodgement_here(application)
    assert lodgement is not None
    reviews.record_checks(lodgement, {point.key: (verdict, "") for point in points(lodgement)}, by=by)


@kept
def judged(cast: Cast, call: Call) -> Application:
    application = lodged(cast, call)
    judge(application, cast.heping_handler)
    return fresh(application)


@kept
def recommended(cast: Cast, call: Call) -> Application:
    application = judged(cast, call)
    reviews.recommend(application, by=cast.heping_handler)
    return fresh(application)


@kept
def listed(cast: Cast, call: Call) -> tuple[Application, CandidateList]:
    """On a list that is approved and sealed."""
    application = recommended(cast, call)
    rows = dispatch.propose(call, cast.heping, by=cast.heping_handler)
    rows = dispatch.confirm(rows, by=cast.heping_approver)
    dispatch.seal(rows, scan(cast.heping_approver), by=cast.heping_approver)
    return fresh(application), rows


@kept
def dispatched(cast: Cast, call: Call) -> tuple[Application, CandidateList]:
    """Sent on to the last stage."""
    application, rows = listed(cast, call)
    rows = dispatch.dispatch(rows, by=cast.heping_approver)
    return fresh(application), rows


@kept
def at_last_stage(cast: Cast, call: Call) -> Application:
    """Judged, with every opinion, and recommended at the commission."""
    application, _ = dispatched(cast, call)
    sign(application, gates_until(call, call.definition.destination.key), cast.commission_officer)
    judge(application, cast.commission_officer)
    reviews.recommend(application, by=cast.commission_officer)
    return fresh(application)


@kept
def at_last_stage_waiting(cast: Cast, call: Call) -> Application:
    """Arrived at the commission, whose own opinion is still to come."""
    application, _ = dispatched(cast, call)
    return fresh(application)


@kept
def nominated(
    cast: Cast, call: Call, django_capture_on_commit_callbacks: Any = None
) -> tuple[Application, CandidateList]:
    application = at_last_stage(cast, call)
    rows = dispatch.propose(call, cast.commission, by=cast.commission_officer)
    rows = dispatch.confirm(rows, by=cast.commission_approver)
    dispatch.seal(rows, scan(cast.commission_approver), by=cast.commission_approver)
    rows = dispatch.dispatch(rows, by=cast.commission_approver)
    return fresh(application), rows


def traces() -> dict[str, int]:
    """How many rows every table of the system holds: a refused verb must not change any of these numbers."""
    tables, counting = _counted()
    with connection.cursor() as cursor:
        cursor.execute(counting)
        return dict(zip(tables, cursor.fetchone(), strict=True))


@cache
def _counted() -> tuple[list[str], str]:
    """The tables by their models, and one statement that counts them all: it takes a tenth of a query for each."""
    tables = {
        model._meta.label: connection.ops.quote_name(model._meta.db_table)
        for model in apps.get_models()
        if model.__module__.startswith("shidian.")
    }
    return list(tables), "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {name})" for name in tables.values())


def row(thing: Any) -> dict[str, Any]:
    """The thing as the database has it now."""
    return dict(type(thing)._default_manager.filter(pk=thing.pk).values().get())


def last_event(chain: str) -> Event:
    """The newest event on a chain."""
    return Event.objects.filter(chain=chain).latest("number")


def try_every_verb(
    thing: Any, verbs: dict[str, Callable[[], object]], *, may: set[str], quiet: Sequence[str] = ()
) -> None:
    """Call every verb of a machine on `thing`, each in a savepoint that is taken back afterwards.

    Those in `may` must lead to the table's target with the table's event; all others must be refused and change
    nothing. `quiet` verbs are answered in silence where they do not apply.
    """
    state = thing.state
    assert set(verbs) == set(thing.MACHINE.transitions)
    for verb, call in verbs.items():
        step = thing.MACHINE.transitions[verb]
        before, held = traces(), row(thing)
        point = transaction.savepoint()
        if verb in may:
            call()
            where = f"{verb} from {state}"
            assert row(thing)["state"] == step.target, where
            assert Event.objects.filter(chain=thing.chain, name=step.event).exists(), where
            assert traces()["audit.Event"] > before["audit.Event"], where
        else:
            refused = False
            try:
                with transaction.atomic():
                    call()
            except Refused as refusal:
                refused = bool(refusal.reason)
            assert refused or verb in quiet, f"{verb} from {state} was not refused"
            assert (traces(), row(thing)) == (before, held), f"{verb} from {state} left something behind"
        transaction.savepoint_rollback(point)
        thing.refresh_from_db()


def refused(kind: type[Exception], verb: Callable[[], object], *, match: str | None = None) -> None:
    """The verb is refused by exactly this refusal, and leaves nothing behind."""
    before = traces()
    with pytest.raises(kind, match=match) as refusal, transaction.atomic():
        verb()
    assert type(refusal.value) is kind
    assert traces() == before


def events(chain: str) -> list[Event]:
    """All events of a chain, the oldest first."""
    return list(Event.objects.filter(chain=chain).order_by("number"))


def hand_in_again(application: Application, cast: Cast) -> Application:
    """Freeze a returned application, ask everybody due anew, and hand it in to the office that returned it."""
    applications.freeze(application, by=cast.lead_writer)
    application = fresh(application)
    sign(application, gates_until(application.call, application.stage), cast.lead_writer)
    applications.lodge(application, application.office or cast.heping, by=cast.lead_writer)
    return fresh(application)


def together(*verbs: Callable[[], object]) -> list[BaseException]:
    """Run all verbs at the same moment, each on a connection of its own; returns what they raised."""
    barrier, raised = Barrier(len(verbs)), []

    def act(verb: Callable[[], object]) -> None:
        try:
            barrier.wait()
            verb()
        except Exception as fault:
            raised.append(fault)
        finally:
            connection.close()

    threads = [Thread(target=act, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised

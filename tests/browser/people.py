"""What the browser tests find when they arrive: a call whose window is open now, offices, and applications in every state.

Run as a program in the data folder of the server (`python -m tests.browser.people`): the tests themselves cannot touch the
database, since Playwright runs an event loop. Everything is done by the verbs.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from shidian.accounts.models import User
    from shidian.applications.models import Application
    from shidian.calls.models import Call
    from tests import steps

PASSWORD = "Browser-tests-2023"
SESSIONS = "sessions.json"
DAYS_RUNNING = 10


def account(name: str) -> str:
    """The address of one of the people made here."""
    return f"{name}@example.cn"


# Of the district bureau in which the walk takes place; its handler is approver too, and may not approve what it put forward.
HANDLER, APPROVER = account("heping-handler"), account("heping-approver")
# Of the district bureau where work is lying about for the tests of single pages.
OTHER_HANDLER, OTHER_APPROVER = account("hedong-handler"), account("hedong-approver")
# Of the district bureau that ranks three applications and sends them.
RANKING_OFFICE = "hexi"
RANKING_HANDLER, RANKING_APPROVER = account("ranking-handler"), account("ranking-approver")
# Of the institute; the second one scans sheets in tests/browser/test_register.py, where it is told how many it had today.
CLERK, SCANNING_CLERK = account("clerk"), account("scanning-clerk")
OFFICER, COMMISSION_APPROVER = account("commission"), account("commission-approver")
ADMINISTRATOR = account("administrator")
# Writers of units that have drafts: one for each test that writes, so that none waits for another.
PHONE_WRITER, KEYS_WRITER = account("phone-writer"), account("keys-writer")
PLAIN_WRITER, PLAIN_COLLEAGUE = account("plain-writer"), account("plain-colleague")
LONG_WRITER, LONG_COLLEAGUE = account("long-writer"), account("long-colleague")
OTHER_WRITER = account("hedong-writer")
# The writer of a unit with one application that is out for sign-off and nobody has said anything yet.
LINK_WRITER = account("link-writer")

_CODES = (
    "12120101PDY0000280",
    "12120101PDY000036T",
    "12120101PDY000044M",
    "12120101PDY000052G",
    "12120101PDY000060B",
    "12120101PDY0000798",
)


def main() -> None:
    """Set the stage."""
    django.setup()
    logging.disable(logging.INFO)
    _Stage().set()


def sign_everybody_in() -> None:
    """A session for each account, kept by address: only the walk and tests about signing in go through the form."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from shidian.accounts.models import User

    keys = {}
    for user in User.objects.filter(is_active=True):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys[user.email] = session.session_key
    (settings.DATA / SESSIONS).write_text(json.dumps(keys))


class _Stage:
    """Makes people by appointing and registering them, as an administrator and a unit would."""

    def set(self) -> None:
        from shidian.accounts.actions import create_first_administrator
        from shidian.audit.actions import SYSTEM
        from shidian.calls.actions import load, publish
        from shidian.calls.models import Call
        from shidian.core import clock
        from tests import steps

        package = steps.package()
        today = clock.now().astimezone(package.call.zone).date()
        original = load(package, by=SYSTEM)
        publish(original, by=SYSTEM)
        call = load(package, by=SYSTEM, shift_to=today - timedelta(days=DAYS_RUNNING))
        publish(call, by=SYSTEM)
        self.call: Call = Call.objects.get(pk=call.pk)
        self.answers = steps.filled(original)
        self.administrator = create_first_administrator(name="钱管理", email=ADMINISTRATOR, password=PASSWORD)
        self.cast = self.appoint_everybody()
        self.work_for_the_walk()
        self.work_elsewhere()
        self.work_to_rank()
        self.drafts()
        sign_everybody_in()

    def appoint_everybody(self) -> steps.Cast:
        from shidian.organisations.models import Office
        from tests import steps

        offices = Office.objects.in_bulk(field_name="key")
        kinds = {definition.kind: definition.key for definition in reversed(self.call.package.offices)}
        first, second = [d.key for d in self.call.package.offices if d.kind == "bureau"][:2]
        heping, hedong = offices[first], offices[second]
        commission, institute = offices[kinds["commission"]], offices[kinds["registry"]]
        self.officer("郁登记", SCANNING_CLERK, institute, "registrar")
        nobody = self.administrator
        unit, writer = self.unit("河东区示范事务中心", _CODES[1], "河东经办", OTHER_WRITER)
        return steps.Cast(
            lead=unit,
            other_unit=unit,
            heping=heping,
            other_district=hedong,
            sector=offices[kinds["sector"]],
            institute=institute,
            commission=commission,
            lead_writer=writer,
            lead_head=writer,
            partner=nobody,
            guarantor=nobody,
            heping_handler=self.officer("张经办", HANDLER, heping, "handler", "approver"),
            heping_approver=self.officer("赵审批", APPROVER, heping, "approver"),
            other_handler=self.officer("孙经办", OTHER_HANDLER, hedong, "handler"),
            sector_officer=self.officer("周审批", OTHER_APPROVER, hedong, "approver"),
            institute_clerk=self.officer("吴登记", CLERK, institute, "registrar"),
            expert=nobody,
            commission_officer=self.officer("郑经办", OFFICER, commission, "handler"),
            commission_approver=self.officer("王审批", COMMISSION_APPROVER, commission, "approver"),
            administrator=nobody,
            auditor=nobody,
            outsider=nobody,
        )

    def officer(self, name: str, email: str, office: object, *roles: str) -> User:
        from shidian.accounts.actions import accept_invitation
        from shidian.organisations.actions import appoint
        from shidian.organisations.models import Office, Officer

        assert isinstance(office, Office)
        made = [
            appoint(office, Officer.Role(role), name=name, email=email, by=self.administrator)
            for role in roles
        ]
        accept_invitation(made[0].user, password=PASSWORD)
        return made[0].user

    def unit(self, name: str, code: str, writer: str, email: str, *colleagues: str) -> tuple[object, User]:
        from shidian.accounts.models import User
        from shidian.organisations.actions import Person, confirm, register
        from tests import steps

        unit = register(
            name=name,
            code=code,
            region="120101",
            address="示范路 1 号",
            writer=Person(writer, email, "022-27110000"),
            password=PASSWORD,
            head=Person("单位负责人", email.replace("@", "-head@"), "022-27110001"),
        )
        confirm(unit, by=User.objects.get(email=email.replace("@", "-head@")))
        for colleague in colleagues:
            user = User.objects.create_user(colleague, PASSWORD, name="同事")
            steps.join(user, unit, "writer")
        return unit, User.objects.get(email=email)

    def filled(self, cast: steps.Cast, name: str) -> Application:
        from shidian.applications import actions
        from tests import steps

        application = actions.start(self.call, cast.lead, by=cast.lead_writer)
        answers = {**self.answers, "cover": {**self.answers["cover"], "name": f"{name}综合标准化试点"}}
        steps.fill(application, answers, cast.lead_writer)
        for slot in self.call.definition.attachments:
            if slot.required:
                file = BytesIO(steps.pdf_bytes())
                actions.attach(application, slot, file, name=f"{slot.label}.pdf", by=cast.lead_writer)
        return steps.fresh(application)

    def signed(self, cast: steps.Cast, name: str) -> Application:
        from shidian.applications import actions
        from shidian.calls.queries import gates_until
        from tests import steps

        application = self.filled(cast, name)
        actions.freeze(application, by=cast.lead_writer)
        application = steps.fresh(application)
        steps.sign(application, gates_until(self.call, self.call.definition.stages[0].key), cast.lead_writer)
        return steps.fresh(application)

    def lodged(self, cast: steps.Cast, name: str) -> Application:
        from shidian.applications import actions
        from tests import steps

        application = self.signed(cast, name)
        actions.lodge(application, cast.heping, by=cast.lead_writer)
        return steps.fresh(application)

    def recommended(self, cast: steps.Cast, name: str) -> Application:
        from shidian.reviews import actions
        from tests import steps

        application = self.lodged(cast, name)
        steps.judge(application, cast.heping_handler)
        actions.recommend(steps.fresh(application), by=cast.heping_handler)
        return steps.fresh(application)

    def work_for_the_walk(self) -> None:
        """One application that is recommended already, so that the list has something to rank."""
        self.recommended(self.cast, "大沽路社区综合减灾（社会管理和公共服务）")

    def work_elsewhere(self) -> None:
        """Another district has sent one list, has two on the next, and two to judge."""
        from shidian.dispatch import actions
        from tests import steps

        cast = replace(
            self.cast,
            heping=self.cast.other_district,
            heping_handler=self.cast.other_handler,
            heping_approver=self.cast.sector_officer,
        )
        self.recommended(cast, "海河东路应急救援队伍建设（社会管理和公共服务）")
        rows = actions.propose(self.call, cast.heping, by=cast.heping_handler)
        rows = actions.confirm(rows, by=cast.heping_approver)
        actions.seal(rows, steps.scan(cast.heping_approver), by=cast.heping_approver)
        actions.dispatch(rows, by=cast.heping_approver)
        for name in ("大王庄街道综合减灾", "常州道街道劳动关系服务"):
            self.recommended(cast, f"{name}（社会管理和公共服务）")
        for name in ("春华街道综合减灾", "鲁山道街道应急救援队伍建设"):
            self.lodged(cast, f"{name}（社会管理和公共服务）")

    def work_to_rank(self) -> None:
        """Three that are recommended at a third district."""
        from shidian.organisations.models import Office

        office = Office.objects.get(key=RANKING_OFFICE)
        cast = replace(
            self.cast,
            heping=office,
            heping_handler=self.officer("陈经办", RANKING_HANDLER, office, "handler"),
            heping_approver=self.officer("冯审批", RANKING_APPROVER, office, "approver"),
        )
        for name in ("挂甲寺街道综合减灾", "友谊路街道劳动关系服务", "陈塘庄街道合规管理"):
            self.recommended(cast, f"{name}（社会管理和公共服务）")

    def drafts(self) -> None:
        """Drafts to write in; the unit without JavaScript has one that is ready to be handed in as well."""
        from shidian.applications import actions

        for number, email in ((2, PHONE_WRITER), (3, KEYS_WRITER)):
            unit, writer = self.unit(f"示范单位{number}", _CODES[number], "写作人", email)
            cast = replace(self.cast, lead=unit, lead_writer=writer)  # type: ignore[arg-type]
            self.signed(cast, "劝业场街道应急救援队伍建设（社会管理和公共服务）")
            actions.start(self.call, cast.lead, by=writer)
        unit, writer = self.unit("示范单位五", _CODES[4], "写作人", LINK_WRITER)
        cast = replace(self.cast, lead=unit, lead_writer=writer)  # type: ignore[arg-type]
        actions.freeze(self.filled(cast, "五大道街道应急救援队伍建设（社会管理和公共服务）"), by=writer)
        unit, writer = self.unit("示范单位一", _CODES[0], "写作人", PLAIN_WRITER, PLAIN_COLLEAGUE)
        cast = replace(self.cast, lead=unit, lead_writer=writer)  # type: ignore[arg-type]
        actions.start(self.call, cast.lead, by=writer)
        self.signed(cast, "小白楼街道合规管理（社会管理和公共服务）")
        unit, writer = self.unit("示范单位六", _CODES[5], "写作人", LONG_WRITER, LONG_COLLEAGUE)
        actions.start(self.call, unit, by=writer)


if __name__ == "__main__":
    main()

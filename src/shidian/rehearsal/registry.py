"""Acts of the registry for a rehearsal: paper counted copy by copy, a mistake set right, what is missing named and brought.

Each act takes the troupe on its stage and plays through the verbs; `refused` tries what must be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from shidian.applications.models import Application
from shidian.core.errors import Invalid, NotPermitted, Stale
from shidian.dispatch import actions as dispatch
from shidian.dispatch.models import PaperCopy, PaperCopyVoid
from shidian.dispatch.queries import counted_plan, registered
from shidian.organisations.models import Office
from shidian.rehearsal.troupe import Refuses, Troupe, must

Say = Callable[[str], None]


def count_paper(troupe: Troupe, *, refused: Refuses, say: Say) -> None:
    """The registry counts paper one by one and the electronic material, and names what is missing."""
    office, by = troupe.office(troupe.definition.delivery.office), troupe.registrar
    plan = counted_plan(troupe.call)
    rows = registered(troupe.call)
    total = plan.total if plan else 0
    must(rows, "登记机构没有收到任何申请。")
    must(all(len(row.missing) == total + 1 for row in rows), "清点以前就有了登记。")
    missing = rows[-1].application
    for row in rows:
        for copy in range(1, total + 1):
            if row.application.pk == missing.pk and copy == total:
                continue
            troupe.time.tick()
            dispatch.count_copy(troupe.call, office, row.application, copy, by=by)
        troupe.time.tick()
        dispatch.register_electronic(troupe.call, office, row.application, by=by)
    _try_in_vain(troupe, office, rows[0].application, total, refused)
    if total:
        wrong = PaperCopy.objects.filter(application=rows[0].application, copy=1).get()
        troupe.time.tick()
        dispatch.void_copy(troupe.call, office, wrong, by=by, reason="误把另一件的第 1 份数成这一件的。")
        lacking = {row.application.reference: row.missing for row in registered(troupe.call) if row.missing}
        expected = {
            rows[0].application.reference: ["第 1 份纸质材料"],
            missing.reference: [f"第 {total} 份纸质材料"],
        }
        must(lacking == expected, f"缺件清单不对：{lacking}")
        troupe.time.tick()
        dispatch.count_copy(troupe.call, office, rows[0].application, 1, by=by, note="更正后重新登记")
        say(f"更正 1 份误登；{missing.reference} 缺第 {total} 份，已指明，随后补到")
        troupe.time.reach(troupe.time() + timedelta(hours=3))
        dispatch.count_copy(troupe.call, office, missing, total, by=by, note="补送")
    must(not any(row.missing for row in registered(troupe.call)), "补齐以后仍然显示缺件。")
    valid = PaperCopy.objects.filter(void__isnull=True).count()
    must(valid == total * len(rows), f"有效纸质材料 {valid} 份，应为 {total * len(rows)} 份。")
    must(PaperCopyVoid.objects.count() == (1 if total else 0), "更正记录不是 1 条。")
    say(f"{len(rows)} 项材料登记齐全：纸质 {valid} 份（每项 {total} 份），电子材料 {len(rows)} 项")


def count_corrected_paper(troupe: Troupe, *, say: Say) -> None:
    """Of what was corrected after the registry had counted it, the paper of the new version follows."""
    office, by = troupe.office(troupe.definition.delivery.office), troupe.registrar
    late = [row for row in registered(troupe.call) if row.missing and row.outdated]
    for row in late:
        must(
            len(row.missing) == len(row.copies) + 1,
            f"{row.application.reference}：旧版的纸质材料算作了新版的。",
        )
        for copy in row.copies:
            troupe.time.tick()
            dispatch.count_copy(troupe.call, office, row.application, copy, by=by, note="补正后的新版")
        troupe.time.tick()
        dispatch.register_electronic(troupe.call, office, row.application, by=by)
        say(f"{office.short}登记{row.application.reference}补正后的新版，旧版 {len(row.outdated)} 份不再计入")


def _try_in_vain(
    troupe: Troupe, office: Office, application: Application, total: int, refused: Refuses
) -> None:
    """What the registry must refuse."""
    stranger = troupe.players[0].writer
    refused(
        "不是登记员来登记",
        NotPermitted,
        lambda: dispatch.count_copy(troupe.call, office, application, 1, by=stranger),
    )
    refused(
        "登记多出的一份",
        Invalid,
        lambda: dispatch.count_copy(troupe.call, office, application, total + 1, by=troupe.registrar),
    )
    if total:
        refused(
            "同一份登记两次",
            Stale,
            lambda: dispatch.count_copy(troupe.call, office, application, 1, by=troupe.registrar),
        )

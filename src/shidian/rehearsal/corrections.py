"""Three rounds of correction, played through the verbs: marked, sent, put right in part, found wanting, put right.

That only what the list names may be written is tried each time, and what the lead asks for besides is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from shidian.accounts.models import User
from shidian.applications import corrections
from shidian.applications.models import Application, Correction, CorrectionItem
from shidian.applications.queries import answers, lodgement_here
from shidian.applications.writing import save_field
from shidian.core.errors import NotNow
from shidian.rehearsal.stories import ROUNDS
from shidian.rehearsal.troupe import Refuses, must, there
from shidian.reviews import actions as reviews
from shidian.reviews import claims, problems
from shidian.reviews.models import Draft


def three_rounds(
    application: Application,
    *,
    field: str,
    other: str,
    writer: User,
    handler: User,
    hand_in: Callable[[], object],
    tick: Callable[[], object],
    refused: Refuses,
) -> list[Correction]:
    """Return an application three times for one field ("section.field", a long text), and find it right in the end.

    `other` is a field that the lists do not name. `hand_in` freezes, asks whoever is asked and hands in again; `tick`
    lets time pass; `refused` tries what must be refused. Returns the lists.
    """
    start = _text(application, other)
    claims.claim(_fresh(application), by=handler)
    _mark(application, field, "没有写明可以考核的指标，请补充。", handler)
    lists: list[Correction] = []
    for number in range(1, ROUNDS + 1):
        tick()
        reviews.return_for_correction(_fresh(application), by=handler)
        correction = Correction.objects.filter(application=application).latest("pk")
        lists.append(correction)
        must(
            not Draft.objects.filter(lodgement__application=application).exists(),
            "清单发出以后还有没发出的问题",
        )
        refused("改清单没有列的一栏", NotNow, lambda: _write(application, other, "清单以外的话", writer))
        tick()
        _ask_in_vain(correction, other, writer, handler)
        text = f"{_text(application, field)}\n第 {number} 次补正：补充了可以考核的指标。"
        _write(application, field, text, writer)
        item = correction.items.get()
        corrections.reply(item, text=f"第 {number} 次补充了指标。", by=writer)
        tick()
        hand_in()
        tick()
        _find(item, handler, last=number == ROUNDS)
    must(_text(application, other) == start, "清单没有列的一栏变了")
    must([row.number for row in lists] == list(range(1, ROUNDS + 1)), "问题清单的编号不连续")
    must(all(row.items.get().again_id for row in lists[1:]), "再次提出的问题没有指向上一次")
    return lists


def _fresh(application: Application) -> Application:
    rows = Application.objects.select_related("call", "lead", "office", "version")
    return rows.get(pk=application.pk)


def _text(application: Application, path: str) -> str:
    section, _rest, field = path.partition(".")
    return str(answers(_fresh(application))[section].get(field, ""))


def _write(application: Application, path: str, text: str, writer: User) -> None:
    save_field(_fresh(application), path, text, by=writer, started_from=None)


def _mark(application: Application, field: str, text: str, handler: User) -> None:
    lodgement = there(lodgement_here(_fresh(application)), "没有收到递交的材料")
    problems.draft(lodgement, place=f"f:{field}", text=text, severity="must", by=handler)


def _ask_in_vain(correction: Correction, other: str, writer: User, handler: User) -> None:
    asked = corrections.ask_opening(correction, place=f"f:{other}", reason="想一并改。", by=writer)
    corrections.answer_opening(asked, opened=False, words="这一栏没有问题，不用改。", by=handler)


def _find(item: CorrectionItem, handler: User, *, last: bool) -> None:
    if last:
        problems.resolve(item, by=handler)
    else:
        problems.reopen(item, text="还没有写完成时间。", by=handler)

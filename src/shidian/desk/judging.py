"""What the pages on scores and meetings share: who may open them, what is read beside a sheet, and words for rules."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications.models import Application
from shidian.calls.scoring import Scoring
from shidian.desk.views.reader import pictures_of
from shidian.reviews.experts.masking import masked
from shidian.reviews.experts.models import Assignment, Panel
from shidian.reviews.experts.queries import readable
from shidian.reviews.experts.rules import can_keep_pool
from shidian.reviews.scoring import rules
from shidian.ui.reading import Part, read


def looked_panel(user: User, pk: int) -> Panel:
    """A panel whose scores a person may see: of its own office, or as an auditor."""
    found = Panel.objects.select_related("call", "office").filter(pk=pk).first()
    if found is None or not rules.can_look(user, found):
        raise Http404
    return found


def run_panel(user: User, pk: int) -> Panel:
    """A panel that a person runs as a handler of its office."""
    found = looked_panel(user, pk)
    if not rules.can_run(user, found):
        raise Http404
    return found


def seen_panel(user: User, pk: int) -> tuple[Panel, bool]:
    """A panel for those who look at it and for its experts, and whether the person is one of the first."""
    found = Panel.objects.select_related("call", "office").filter(pk=pk).first()
    if found is None:
        raise Http404
    if rules.can_look(user, found):
        return found, True
    if readable(user).filter(panel=found).exists():
        return found, False
    raise Http404


def discussed(user: User, pk: int, reference: str) -> tuple[Panel, Application, bool]:
    """An application of a panel; for experts only one that they may read."""
    panel, looks = seen_panel(user, pk)
    rows = panel.assignments if looks else readable(user).filter(panel=panel)
    assigned = rows.filter(application__reference=reference).select_related("application__lead").first()
    if assigned is None:
        raise Http404
    return panel, assigned.application, looks


def way(user: User, panel: Panel, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way to a page of a panel, for those who look at it; an auditor has no way through the desk of its office."""
    found = [(reverse("desk:home"), _("工作台"))]
    if can_keep_pool(user, panel.office):
        found.append((reverse("desk:panel", args=(panel.pk,)), panel.name))
    return [*found, *more]


def content(assignment: Assignment) -> list[Part]:
    """What an expert reads beside the sheet; where the panel is blind, without who applied."""
    version = masked(assignment.version) if assignment.panel.blind else assignment.version
    return read(version, address=pictures_of(assignment))


def rule_words(scoring: Scoring) -> list[str]:
    """How a result and an order come about, in sentences."""
    formula = scoring.formula
    how = {
        "mean": _("得分是各位专家总分的平均。"),
        "trimmed": _(
            "得分是去掉 {trim} 个最高分、{trim} 个最低分以后的平均；不到 {trim_from} 份评分表的，直接平均。"
        ).format(trim=formula.trim, trim_from=formula.trim_from),
        "normalised": _("得分是按专家校正以后的平均。"),
    }[formula.result]
    normal = (
        _(
            "按专家校正：把每位专家的打分移到全组的平均水平和离散程度；评了不到 {least} 份的不校正，给所有申请同样分数的按全组平均计。"
        )
        if formula.normalise == "z"
        else _(
            "按专家校正：把每位专家的打分放到全组的最低分和最高分之间；评了不到 {least} 份的不校正，给所有申请同样分数的按全组平均计。"
        )
    ).format(least=formula.normalise_from)
    digits = _("保留 {decimals} 位小数，四舍五入，名次按保留以后的得分排。").format(decimals=formula.decimals)
    order = _("、").join(tie_word(scoring, rule) for rule in formula.ties)
    ties = (
        _("得分相同的，依次比较：{order}；仍相同的并列。").format(order=order)
        if order
        else _("得分相同的并列。")
    )
    return [how, normal, digits, ties]


def tie_word(scoring: Scoring, rule: str) -> str:
    """What a rule on ties compares."""
    if rule.startswith("item:"):
        item = scoring.by_key.get(rule.removeprefix("item:"))
        return _("“{label}”的平均分").format(label=item.label if item else rule)
    return {
        "items": _("各项的平均分（按评分表的顺序）"),
        "median": _("总分的中位数"),
        "lowest": _("最低的总分"),
        "highest": _("最高的总分"),
        "recommended": _("建议通过的专家比例"),
        "reference": _("申请编号"),
    }.get(rule, rule)

"""What a rehearsal proves in the end: every number told in one place is the sum of those in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

from django.db.models import Count

from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here
from shidian.applications.states import LEFT
from shidian.calls.models import Call
from shidian.core.digests import sha256_of_bytes
from shidian.dispatch.models import CandidateList
from shidian.dispatch.queries import items, registered
from shidian.dispatch.verify import verify
from shidian.rehearsal.stories import Story
from shidian.rehearsal.troupe import Troupe, must, there
from shidian.signoffs.models import Round, Signature
from shidian.signoffs.queries import parties


def tampering_is_found(path: Path) -> None:
    """A copy of the package in which one byte differs must not pass."""
    forged = path.with_suffix(".forged")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    forged.write_bytes(content)
    try:
        must(not verify(forged).ok, "报送包改动一个字节，核验没有发现。")
    finally:
        forged.unlink()


def reconcile(troupe: Troupe, path: Path, sheet: CandidateList) -> dict[str, int]:
    """Every number told in one place is the sum of those in another."""
    rows = Application.objects.filter(call=troupe.call).select_related("version", "lead")
    states = Counter(rows.values_list("state", flat=True))
    expected = Counter(player.story.end for player in troupe.players)
    must(states == expected, f"结果与剧本不符：{dict(states)}，应为 {dict(expected)}")
    for player in troupe.players:
        state = troupe.app(player).state
        must(
            state == player.story.end,
            f"{player.name}（{player.story}）现在是 {state}，应为 {player.story.end}",
        )
        versions = troupe.app(player).document.versions.count()
        must(
            versions == player.story.versions,
            f"{player.name}有 {versions} 版，应为 {player.story.versions} 版",
        )
    first = troupe.definition.stages[0]
    handed_in = Lodgement.objects.filter(stage=first.key).values("application").distinct().count()
    must(handed_in == sum(player.story.is_handed_in for player in troupe.players), "递交数与剧本不符。")
    on_first = _items_at(troupe.call, first.key)
    must(
        on_first == sum(player.story.leaves_first_stage for player in troupe.players),
        "首级清单项数与剧本不符。",
    )
    for before, after in zip(troupe.definition.stages, troupe.definition.stages[1:], strict=False):
        arrived = Lodgement.objects.filter(stage=after.key, sent_by__isnull=False).count()
        must(
            _items_at(troupe.call, before.key) == arrived,
            f"{before.label}报送与{after.label}收到的数目不符。",
        )
    nominated = items(sheet).count()
    must(
        nominated == sum(player.story.is_nominated for player in troupe.players),
        "最后的清单项数与剧本的报送数不符。",
    )
    must(
        nominated == len({name.split("/")[3] for name in _folders(path)}),
        "报送包里的申请数与清单不符。",
    )
    must(not any(row.missing for row in registered(troupe.call)), "报送时登记机构仍有缺件。")
    _evidence_fits(rows.filter(state__in=LEFT))
    void = sum(max(0, player.story.versions - 1) for player in troupe.players)
    void += sum(player.story is Story.WITHDRAWN for player in troupe.players)
    must(Round.objects.filter(state="void").count() == void, "失效的会签数与剧本不符。")
    return {
        "applications": len(troupe.players),
        "handed_in": handed_in,
        "sent_by_first_stage": on_first,
        "nominated": nominated,
        "declined": states["declined"],
        "withdrawn": states["withdrawn"],
        "merged": states["merged"],
        "approved": states["approved"],
        "not_selected": states["not_selected"],
        "never_handed_in": states["draft"] + states["signing"],
        "opinions": Signature.objects.count(),
        "void_rounds": void,
    }


def _items_at(call: Call, stage: str) -> int:
    """How many applications the dispatched lists of a stage carry."""
    found = CandidateList.objects.filter(call=call, stage=stage, state="dispatched")
    return int(found.aggregate(total=Count("items"))["total"])


def _folders(path: Path) -> Iterable[str]:
    """Names in the package below its folder of applications."""
    with ZipFile(path) as archive:
        return [name for name in archive.namelist() if "/data/applications/" in name]


def _evidence_fits(rows: Iterable[Application]) -> None:
    """Of what was nominated, every party agreed to the very version that was sent, and the receipts name it."""
    for application in rows:
        version = there(application.version, f"{application.reference}没有版本。")
        must(
            sha256_of_bytes(version.content.encode()) == version.digest,
            f"{application.reference}：内容与摘要不符。",
        )
        round_ = Round.objects.get(version=version)
        must(round_.state == "complete", f"{application.reference}：会签没有完成。")
        for party in parties(round_):
            signature = party.signature
            fits = signature is not None and (signature.digest == version.digest or party.carried is not None)
            must(fits and party.has_agreed, f"{application.reference}：{party.label}没有同意所报的版本。")
        latest = lodgement_here(application)
        must(
            latest is not None and latest.digest == version.digest,
            f"{application.reference}：递交的不是这一版。",
        )

"""One verb for many applications: first told what would become of each, then done to each by itself.

Each row is a call of the verb that its own page calls, in a transaction of its own; the verb's rule decides, and a
refusal of one stops no other. Nothing is new here but the asking.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.applications import papers, signing
from shidian.applications.models import Application, Lodgement
from shidian.applications.queries import lodgement_here, visible_to
from shidian.applications.rules import can_record_opinion, can_take_back
from shidian.core import clock
from shidian.core.errors import Invalid, NotNow, NotPermitted, Refused, require
from shidian.core.language import in_chinese
from shidian.core.verdict import YES, Verdict, not_now
from shidian.documents.actions import keep
from shidian.documents.intake import safe_name
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.reviews import actions as reviews
from shidian.reviews import claims
from shidian.reviews.checklist import judged, points
from shidian.reviews.models import Check
from shidian.reviews.rules import can_check, can_recommend, can_release
from shidian.search.models import Batch, BatchRow, Entry

logger = logging.getLogger(__name__)

MOST = 300
"""Applications in one batch."""
MOST_BYTES = 2 << 30
"""Of attachments in one file."""
AT_ONCE = 50
"""Up to here a batch is done while one waits; more is done in the background."""


@dataclass(frozen=True, slots=True)
class Action:
    """A verb that may be done to many: its words, in which spaces, what it asks besides, its rule and itself.

    `act` says in words what was done.
    """

    key: str
    label: str
    consequence: str
    spaces: tuple[str, ...]
    asks: tuple[str, ...]  # of: reason, item, verdict, note
    allowed: Callable[[User, Application, Mapping[str, str]], Verdict]
    act: Callable[[Application, User, Mapping[str, str]], str]
    files: Callable[[DocumentVersion], Iterator[tuple[str, StoredFile]]] | None = None
    """For the actions that make one file of many: (path, file) of everything of an application that goes into it."""


# The verbs


def _recommend(application: Application, by: User, given: Mapping[str, str]) -> str:
    reviews.recommend(application, by=by)
    return _("已推荐")


def _take_back(application: Application, by: User, given: Mapping[str, str]) -> str:
    reviews.take_back(application, by=by, reason=given["reason"])
    return _("已收回，重新审查")


def _may_judge(user: User, application: Application, given: Mapping[str, str]) -> Verdict:
    lodgement = lodgement_here(application)
    if lodgement is None:
        return not_now(_("没有收到递交的材料。"))
    lodgement.application = application
    allowed = can_check(user, lodgement)
    if not allowed or not given.get("item"):
        return allowed
    rows = {row.item.key: row for row in judged(lodgement, look=False)}
    if given["item"] not in rows:
        return not_now(_("这件申请没有这个审查要点。"))
    check = rows[given["item"]].check
    if check is not None and given.get("verdict") and check.verdict == given["verdict"]:
        return not_now(_("已经是“{verdict}”，不用再判。").format(verdict=check.get_verdict_display()))
    return YES


def _judge(application: Application, by: User, given: Mapping[str, str]) -> str:
    lodgement = lodgement_here(application)
    if lodgement is None:
        raise NotNow(_("没有收到递交的材料。"))
    if not reviews.record_checks(
        lodgement, {given["item"]: (given["verdict"], given.get("note", ""))}, by=by
    ):
        raise NotNow(_("已经是这个结论，没有改变。"))
    return _("已判定：{verdict}").format(verdict=Check.Verdict(given["verdict"]).label)


def _may_remind(user: User, application: Application, given: Mapping[str, str]) -> Verdict:
    waiting = signing.waited_for(application)
    if not waiting:
        return not_now(_("没有在等意见的单位。"))
    verdicts = [can_record_opinion(user, application, party) for party in waiting]
    return next((verdict for verdict in verdicts if verdict), verdicts[0])


def _remind(application: Application, by: User, given: Mapping[str, str]) -> str:
    done, refused = [], []
    for party in signing.waited_for(application):
        try:
            signing.remind(application, party, by=by)
            done.append(party.name)
        except Refused as why:
            refused.append(why)
    if not done:
        raise refused[0] if refused else NotNow(_("没有在等意见的单位。"))
    return _("已提醒{names}").format(names=_("、").join(done)[:400])


def _may_take(user: User, application: Application, given: Mapping[str, str]) -> Verdict:
    return YES if _arrival(user, application) else not_now(_("没有可以下载的版本。"))


def _arrival(user: User, application: Application) -> Lodgement | None:
    """The arrival whose version the person reads at the desk."""
    rows = Entry.objects.filter(application=application, lodgement__isnull=False)
    rows = rows.filter(is_latest=True) if user.is_auditor else rows.filter(office__officers__user=user)
    entry = rows.select_related("lodgement__version__document").order_by("-pk").first()
    return entry.lodgement if entry else None


def _release(application: Application, by: User, given: Mapping[str, str]) -> str:
    claims.release(application, by=by)
    return _("不再由您办理")


def _form(version: DocumentVersion) -> Iterator[tuple[str, StoredFile]]:
    yield f"{version.document.reference}.pdf", papers.form(version)


def _everything(version: DocumentVersion) -> Iterator[tuple[str, StoredFile]]:
    """The form and the attachments of a version, in a folder of their own."""
    folder = version.document.reference
    yield f"{folder}/{folder}.pdf", papers.form(version)
    for number, (name, file) in enumerate(_attached(version), start=1):
        yield f"{folder}/附件/{number:02d}-{safe_name(name)}", file


def _attached(version: DocumentVersion) -> list[tuple[str, StoredFile]]:
    rows = version.data["attachments"]
    kept = StoredFile.objects.filter(sha256__in=[row["sha256"] for row in rows]).order_by("-pk")
    known = {(file.sha256, file.media_type): file for file in kept}
    return [(row["name"], known[row["sha256"], row["media_type"]]) for row in rows]


def _paper(application: Application, by: User, given: Mapping[str, str]) -> str:
    arrival = _arrival(by, application)
    if arrival is None:
        raise NotNow(_("没有可以下载的版本。"))
    papers.form(arrival.version)
    return _("申请书 {version}").format(version=arrival.version.label)


ACTIONS: dict[str, Action] = {
    action.key: action
    for action in (
        Action(
            "recommend",
            gettext_noop("推荐（市级：选报）"),
            gettext_noop("审查要点都已判定而且没有不符合的，才能推荐；推荐以后列入本机构的清单。"),
            ("desk",),
            (),
            lambda user, application, given: can_recommend(user, application),
            _recommend,
        ),
        Action(
            "take_back",
            gettext_noop("收回推荐"),
            gettext_noop("已推荐而清单还没有审批的，重新回到审查。"),
            ("desk",),
            ("reason",),
            lambda user, application, given: can_take_back(user, application),
            _take_back,
        ),
        Action(
            "check",
            gettext_noop("判定一个审查要点"),
            gettext_noop("在每件申请的这个要点上记下同一个结论；以前的结论留在记录里。"),
            ("desk",),
            ("item", "verdict", "note"),
            _may_judge,
            _judge,
        ),
        Action(
            "remind",
            gettext_noop("提醒还没有表态的单位"),
            gettext_noop("给在等意见的每个单位发一封提醒；同一地址一天最多一封。"),
            ("portal",),
            (),
            _may_remind,
            _remind,
        ),
        Action(
            "papers",
            gettext_noop("下载申请书（压缩包）"),
            gettext_noop("每件申请一个 PDF，是到达本机构的那一版。"),
            ("desk",),
            (),
            _may_take,
            _paper,
            _form,
        ),
        Action(
            "files",
            gettext_noop("下载申请书和附件（压缩包）"),
            gettext_noop("每件申请一个文件夹，里面是到达本机构那一版的申请书和全部附件；压缩包最多 2 GB。"),
            ("desk",),
            (),
            _may_take,
            _paper,
            _everything,
        ),
        Action(
            "release",
            gettext_noop("放开认领的申请"),
            gettext_noop("由您办理的，放开给本机构其他经办人；已经判定的要点和写好的草稿都留着。"),
            ("desk",),
            (),
            lambda user, application, given: can_release(user, application),
            _release,
        ),
    )
}


def actions(space: str) -> list[Action]:
    """The actions of a space."""
    return [action for action in ACTIONS.values() if space in action.spaces]


def items_of(applications: Sequence[Application]) -> list[tuple[str, str]]:
    """(key, words) of the checklist's items that the first of these has and that mean the same for all."""
    for application in applications:
        lodgement = lodgement_here(application)
        if lodgement is not None:
            lodgement.application = application
            return [
                (point.key, f"{point.group}：{point.label}")
                for point in points(lodgement)
                if not point.key.startswith("party-")
            ]
    return []


# Before


class Room:
    """What still goes into the one file that an action makes of many; any number for the other actions."""

    def __init__(self, action: Action, by: User) -> None:
        self.by = by
        self.counts = action.files is _everything
        self.left = MOST_BYTES

    def take(self, application: Application) -> Verdict:
        """Take an application in, or say that there is no room for its attachments."""
        arrival = _arrival(self.by, application) if self.counts else None
        if arrival is None:
            return YES
        size = sum(file.size for _name, file in _attached(arrival.version))
        if size > self.left:
            return not_now(_("压缩包满了（最多 2 GB），请另选这一件再下载一次。"))
        self.left -= size
        return YES


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one application."""

    application: Application
    verdict: Verdict


def seen(user: User, references: Sequence[str]) -> QuerySet[Application]:
    """The applications of these references that the person may see."""
    return visible_to(user).filter(reference__in=list(references)[:MOST]).order_by("reference")


def foresee(
    action: Action, applications: Sequence[Application], given: Mapping[str, str], *, by: User
) -> list[Foreseen]:
    """Ask the rule for each, and do nothing."""
    room, found = Room(action, by), []
    for each in applications:
        verdict = action.allowed(by, each, given)
        found.append(Foreseen(each, room.take(each) if verdict else verdict))
    return found


def problems(action: Action, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the action asks and was not given rightly."""
    found = []
    if "reason" in action.asks and not given.get("reason", "").strip():
        found.append(("reason", _("请写明理由，对方要据此办理。")))
    if "item" in action.asks and not given.get("item"):
        found.append(("item", _("请选择审查要点。")))
    if "verdict" in action.asks and given.get("verdict") not in Check.Verdict.values:
        found.append(("verdict", _("请选择结论。")))
    return found


# Doing


@transaction.atomic
def start(
    action: Action, applications: Sequence[Application], given: Mapping[str, str], *, space: str, by: User
) -> Batch:
    """Write down what is to be done; `run` does it, at once for a few, in the background for many."""
    if space not in action.spaces:
        raise NotPermitted(_("这里不能办这件事。"))
    if wrong := problems(action, given):
        raise Invalid(wrong[0][1], wrong)
    if not applications or len(applications) > MOST:
        raise Invalid(_("一次选 1 至 {most} 件。").format(most=MOST))
    kept = {name: given[name] for name in action.asks if given.get(name)}
    batch = Batch.objects.create(action=action.key, given=kept, space=space, by=by, at=clock.now())
    BatchRow.objects.bulk_create(BatchRow(batch=batch, application=each) for each in applications)
    return batch


def go_on(batch: Batch) -> None:
    """Do what is waiting: now, or in the background when it is much."""
    if batch.rows.filter(outcome=BatchRow.Outcome.WAITING).count() > AT_ONCE:
        async_task("shidian.search.batches.run", batch.pk)
    else:
        run(batch.pk)


def retry(batch: Batch, *, by: User) -> None:
    """Try again what was refused; by whom it was asked for alone."""
    if batch.by_id != by.pk:
        raise NotPermitted(_("只有发起的人可以再办。"))
    batch.rows.filter(outcome=BatchRow.Outcome.REFUSED).update(
        outcome=BatchRow.Outcome.WAITING, words="", at=None
    )
    Batch.objects.filter(pk=batch.pk).update(finished_at=None)
    go_on(batch)


def run(pk: int) -> int:
    """Do every row that waits; how many were done. Started again after a crash it goes on where it was."""
    batch = Batch.objects.select_related("by").get(pk=pk)
    action = ACTIONS[batch.action]
    done, room = 0, Room(action, batch.by)
    for row in batch.rows.filter(outcome=BatchRow.Outcome.DONE).select_related("application"):
        room.take(row.application)
    for row in batch.rows.filter(outcome=BatchRow.Outcome.WAITING).select_related("application"):
        with in_chinese():
            outcome, words = _one(action, row.application, batch, room)
        # Only while it waits: what another job has done meanwhile stays as it was told.
        done += BatchRow.objects.filter(pk=row.pk, outcome=BatchRow.Outcome.WAITING).update(
            outcome=outcome, words=words[:500], at=clock.now()
        )
    if action.files is not None:
        _zip(batch, action.files)
    Batch.objects.filter(pk=pk).update(finished_at=clock.now())
    return done


def _one(action: Action, application: Application, batch: Batch, room: Room) -> tuple[str, str]:
    # As of now: what one might see when it was asked for one need not see any more.
    found = visible_to(batch.by).filter(pk=application.pk).first()
    if found is None:
        return BatchRow.Outcome.REFUSED, _("这件申请现在看不到了。")
    try:
        with transaction.atomic():
            require(action.allowed(batch.by, found, batch.given))
            require(room.take(found))
            return BatchRow.Outcome.DONE, action.act(found, batch.by, batch.given)
    except Refused as refused:
        return BatchRow.Outcome.REFUSED, refused.reason
    except Exception:
        logger.exception("batch %s: %s", batch.pk, application.reference)
        return BatchRow.Outcome.REFUSED, _("系统出错，没有办成，可以再试。")


def _zip(batch: Batch, files: Callable[[DocumentVersion], Iterator[tuple[str, StoredFile]]]) -> None:
    """Put the files of what was done into one, piece by piece, whatever their size."""
    rows = batch.rows.filter(outcome=BatchRow.Outcome.DONE).select_related("application")
    with tempfile.TemporaryFile() as target:
        with ZipFile(target, "w", ZIP_STORED) as archive:
            for row in rows:
                arrival = _arrival(batch.by, row.application)
                for path, file in files(arrival.version) if arrival is not None else ():
                    info = ZipInfo(path, batch.at.timetuple()[:6])
                    info.file_size = file.size
                    with file.open() as content, archive.open(info, "w") as entry:
                        shutil.copyfileobj(content, entry, 1 << 20)
        target.seek(0)
        kept: Any = keep(
            cast(BinaryIO, target),
            name=f"申请书-{batch.at:%Y%m%d-%H%M%S}.zip",
            media_type="application/zip",
            by=batch.by,
        )
    Batch.objects.filter(pk=batch.pk).update(file=kept)


def file_of(batch: Batch, *, by: User) -> StoredFile:
    """The file that a batch made, while the person sees all that is in it."""
    if batch.file is None or batch.by_id != by.pk:
        raise NotPermitted(_("没有可以下载的压缩包。"))
    held = batch.rows.filter(outcome=BatchRow.Outcome.DONE).values("application")
    if held.exclude(application__in=visible_to(by).order_by().values("pk")).exists():
        raise NotPermitted(_("压缩包里有的申请您现在看不到了，请重新选择再下载。"))
    return batch.file

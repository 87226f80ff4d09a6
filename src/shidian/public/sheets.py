"""What anybody may know of a printed sheet: whether it is genuine and its version current, and nothing of its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from shidian.applications.models import Application
from shidian.dispatch.models import CandidateList, PaperReceipt
from shidian.dispatch.publishing.models import Publicity
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import DRAFT, Forged, Mark, NotAMark, read, typed
from shidian.documents.models import DocumentVersion
from shidian.signoffs.models import Round

Finding = Literal[
    "current", "old", "void", "withdrawn", "draft", "revoked", "unknown", "forged", "unreadable"
]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was found of a sheet. `mark` is only what it claims when it is forged, and then not shown.

    `kind` is the kind of document, `newest` the number of the version that counts now where it is another one. `typed`
    is what a person typed that was not right, to be corrected; what a scanner reads is not, it would read behind it.
    """

    finding: Finding
    mark: Mark | None = None
    kind: str = ""
    version: DocumentVersion | None = None
    newest: int = 0
    typed: str = ""

    @property
    def tone(self) -> str:
        """The state of the look that fits: done, void, wait, stop."""
        return {
            "current": "done",
            "old": "void",
            "void": "void",
            "withdrawn": "void",
            "revoked": "void",
            "draft": "wait",
        }.get(self.finding, "wait" if self.finding == "unreadable" else "stop")

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        return {
            "current": _("真的，是现行版本"),
            "old": _("真的，但已经有新版本"),
            "void": _("真的，但内容正在修改，这一版不再使用"),
            "withdrawn": _("真的，但申请已经撤回"),
            "draft": _("真的，但只是草稿"),
            "revoked": _("真的，但这份公示已经更正或者撤回"),
            "unknown": _("查不到这一版"),
            "forged": _("不是本系统打印的，或者码被改过"),
            "unreadable": _("没有认出来"),
        }[self.finding]

    @property
    def text(self) -> str:
        """What to do with it."""
        return {
            "current": _(
                "这一页由本系统打印。请再核对页脚的版本码；要确认纸上的字没有改动，以系统里这一版为准。"
            ),
            "old": _("现行的是 v{newest}。旧版的纸不能再用来盖章、报送或者登记，请用新版本的。").format(
                newest=self.newest
            ),
            "void": _("新版本还没有定。这张纸不能再用来盖章、报送或者登记，请等新版本的。"),
            "withdrawn": _("承担单位已经撤回这份申请，这张纸不再使用。"),
            "draft": _("草稿的内容还会变，不能盖章，也不能报送。请用冻结以后打印的。"),
            "revoked": _("以公开网页上现在的公示为准。"),
            "unknown": _("标记是真的，但系统里没有这个编号或者这一版。请联系受理机构。"),
            "forged": _(
                "请不要使用这张纸，向给您的单位要重新打印的，并告诉受理机构。只是输错了的，请再输一次。"
            ),
            "unreadable": _(
                "码或者文字不完整。右上角和左下角各有一个码，可以换一个扫；也可以输入页脚最下面一行字，例如 TJ10-0016 V3-5/13 K7M2PQ。"
            ),
        }[self.finding]


def check(text: str) -> Sheet:
    """Look up what a code holds or what somebody typed from the foot of a page."""
    known = keys()
    try:
        try:
            mark = read(text, keys=known).mark
        except NotAMark:
            mark = typed(text, keys=known)
    except NotAMark:
        return Sheet("unreadable", typed="" if _is_scanned(text) else text)
    except Forged as forged:
        return Sheet("forged", forged.mark, typed="" if _is_scanned(text) else text)
    return _genuine(mark)


def _is_scanned(text: str) -> bool:
    return "." in text or "。" in text


def _genuine(mark: Mark) -> Sheet:
    application = Application.objects.filter(reference=mark.reference).select_related("version").first()
    listed = None
    if application is None:
        listed = CandidateList.objects.filter(reference=mark.reference).select_related("version").first()
    owner = application or listed
    if owner is None:
        return _slip_or_notice(mark)
    kind = _kind(mark, is_list=listed is not None)
    if mark.version == DRAFT:
        return Sheet("draft", mark, kind)
    version = DocumentVersion.objects.filter(document=owner.document_id, number=mark.version).first()
    if version is None:
        return Sheet("unknown", mark, kind)
    if owner.state == "withdrawn":
        return Sheet("withdrawn", mark, kind, version)
    if owner.version is not None and owner.version.number > version.number:
        return Sheet("old", mark, kind, version, owner.version.number)
    is_void = Round.objects.filter(version=version, state="void").exists()
    if owner.version_id != version.pk or is_void or (application is not None and application.is_editable):
        return Sheet("void", mark, kind, version)
    return Sheet("current", mark, kind, version)


def _slip_or_notice(mark: Mark) -> Sheet:
    slip = PaperReceipt.objects.filter(number=mark.reference, version__number=mark.version).first()
    if slip is not None:
        return Sheet("current", mark, _("材料登记回执"), slip.version)
    notice = Publicity.objects.filter(reference=mark.reference, version__number=mark.version).first()
    if notice is None:
        return Sheet("unknown", mark)
    finding: Finding = "revoked" if notice.state in ("replaced", "withdrawn") else "current"
    return Sheet(finding, mark, _("公示"), notice.version)


def _kind(mark: Mark, *, is_list: bool) -> str:
    if is_list:
        return _("备选项目清单")
    if mark.aside:
        return _("随申请书一起用的清单或者信封页")
    return _("申请书")

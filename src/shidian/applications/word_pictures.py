"""Pictures in long answers of a Word file: which are in the slot already, which may come into it, which are left out.

Nothing is stored before somebody takes the answer that shows a picture (`take`); until then it has a name only here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from io import BytesIO

from django.utils.translation import gettext as _

from shidian.accounts.models import User
from shidian.applications import actions, attaching, pictures
from shidian.applications.models import Application
from shidian.calls.definition import AttachmentSlot
from shidian.core.language import in_words
from shidian.documents import previews
from shidian.documents.intake import FORMATS, HEAD, Rejected, inspect, kind_by_start, safe_name
from shidian.documents.render.pictures import alike
from shidian.questionnaires import prose

_SEEN = ("jpeg", "png", "tiff")


@dataclass(frozen=True, slots=True)
class Coming:
    """A picture of the file that would come into the slot, under this name."""

    name: str
    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The digest of what the file holds."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class _Left:
    """A picture that the slot does not take."""

    why: str


class Album:
    """The pictures of one file beside those of the application; the same picture is one, whatever it is called."""

    def __init__(self, application: Application, given: Mapping[str, bytes], *, may_add: bool) -> None:
        self._application, self._given, self._may_add = application, given, may_add
        self._slot = pictures.slot_of(application.call.package)
        self._settled: dict[str, str | _Left] = {}
        self._left: dict[tuple[str, str], dict[str, None]] = {}
        self.coming: dict[str, Coming] = {}
        """By the name under which the answers show them."""

    def placed(self, text: str, field: str) -> str:
        """A text with the names of its pictures in the slot; of one that stays out only the caption is left."""
        if not self._given:
            return text

        def place(picture: prose.Picture) -> str | None:
            if picture.name not in self._given:
                return None
            found = self._where(picture.name)
            if isinstance(found, str):
                return prose.picture_line(found, picture.caption)
            self._left.setdefault((picture.name, found.why), {})[field] = None
            return picture.caption

        return _rewritten(text, place)

    def left_out(self) -> list[str]:
        """What is left out and why, and in which answers it stood."""
        separator = _("、")
        return [
            _("“{fields}”里的图片“{name}”没有读入：{why}").format(
                fields=separator.join(fields), name=name, why=why
            )
            for (name, why), fields in self._left.items()
        ]

    def _where(self, name: str) -> str | _Left:
        if name not in self._settled:
            self._settled[name] = self._settle(name, self._given[name])
        return self._settled[name]

    def _settle(self, name: str, content: bytes) -> str | _Left:
        if self._slot is None:
            return _Left(_("本批申请书不收插图"))
        known = self._digests.get(sha256(content).hexdigest())
        if known is not None:
            return known
        found = self._inspected(name, content, self._slot)
        if isinstance(found, _Left):
            return found
        if name in self._present and self._looks_like(name, found):
            return name
        if not self._may_add:
            return _Left(_("您不能往“{slot}”里添加文件").format(slot=self._slot.label))
        if self._room(self._slot) <= len(self.coming):
            most = self._slot.maximum
            return _Left(_("“{slot}”最多 {most} 个文件，已经放满").format(slot=self._slot.label, most=most))
        free = pictures.free_name(found.name, {*self._present, *self.coming})
        self.coming[free] = replace(found, name=free)
        self._digests[found.sha256] = free
        return free

    @cached_property
    def _present(self) -> dict[str, str]:
        """Names and media types of what is in the slot."""
        held = pictures.present(self._application)
        return {name: file.media_type for name, file in held.items()}

    @cached_property
    def _digests(self) -> dict[str, str]:
        """The names of pictures in the slot by their digests, as they were uploaded and as Word shows them."""
        found: dict[str, str] = {}
        for name, file in pictures.present(self._application).items():
            found.setdefault(file.sha256, name)
            drawn = previews.picture(file, width=pictures.WIDTH)
            if drawn is not None:
                found.setdefault(sha256(drawn.read_bytes()).hexdigest(), name)
        return found

    def _room(self, slot: AttachmentSlot) -> int:
        return slot.maximum - len(self._present) - attaching.coming(self._application, slot)

    def _inspected(self, name: str, content: bytes, slot: AttachmentSlot) -> Coming | _Left:
        """The picture under a name that says what it is; the checks are those of an upload."""
        stem, dot, ending = name.rpartition(".")
        try:
            kind = kind_by_start(content[:HEAD], slot.formats)
            endings = FORMATS[kind].extensions if kind in FORMATS else ()
            if endings and ending.casefold() not in endings:
                name = f"{stem if dot else name}.{endings[0]}"
            name = safe_name(name)
            found = inspect(
                BytesIO(content), name=name, formats=slot.formats, max_bytes=slot.max_mb * 1_000_000
            )
        except Rejected as rejected:
            return _Left(in_words(rejected.said))
        return Coming(name, content, found.media_type)

    def _looks_like(self, name: str, found: Coming) -> bool:
        """True when it is the picture of this name in the slot: Word stores pictures anew, and often smaller."""
        held = pictures.present(self._application).get(name)
        before = previews.picture(held, width=previews.PAGE) if held is not None else None
        now = previews.drawn(found.content, found.media_type, width=previews.PAGE)
        return before is not None and now is not None and alike(before.read_bytes(), now)


def shown_in(text: str, coming: Collection[str]) -> list[str]:
    """The names of those pictures that a text shows."""
    named = dict.fromkeys(picture.name for picture in prose.parse(text).pictures)
    return [name for name in named if name in coming]


def drawn(content: bytes, *, width: int) -> bytes | None:
    """A picture of a file as JPEG, to look at; None when it is none."""
    try:
        kind = kind_by_start(content[:HEAD], _SEEN)
    except Rejected:
        return None
    return previews.drawn(content, FORMATS[kind].media_type, width=width) if kind in _SEEN else None


def take(application: Application, text: str, coming: Mapping[str, Coming], *, by: User) -> str:
    """Put the pictures that a text shows into the slot; returns the text with the names that they got there.

    Refused as by `actions.attach`: `intake.Rejected`, and `NotNow` when the slot is full by now.
    """
    names: dict[str, str] = {}
    slot = pictures.slot_of(application.call.package)
    if slot is None:
        return text
    for name in shown_in(text, coming):
        content = BytesIO(coming[name].content)
        names[name] = actions.attach(application, slot, content, name=name, by=by).file.name

    def place(picture: prose.Picture) -> str | None:
        changed = names.get(picture.name, picture.name) != picture.name
        return prose.picture_line(names[picture.name], picture.caption) if changed else None

    return _rewritten(text, place) if names else text


def _rewritten(text: str, place: Callable[[prose.Picture], str | None]) -> str:
    """A text with other lines for its pictures: None keeps a line, an empty one leaves it out."""
    lines: list[str | None] = [*text.split("\n")]
    for picture in prose.parse(text).pictures:
        other = place(picture)
        if other is not None:
            lines[picture.line] = other or None
    return "\n".join(line for line in lines if line is not None)

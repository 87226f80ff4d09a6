"""Applications, their answers with every earlier value, their attachments, and what was handed in where."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shidian.applications.roles import Access, Role
from shidian.applications.states import APPLICATION, EDITABLE, LEFT, SEAL_REQUEST
from shidian.audit.models import JSONText


class Application(models.Model):
    """One application of a lead unit to a call. `title` and `area` are copies of its answers, for lists."""

    MACHINE = APPLICATION

    is_held: bool = False
    """Whether whoever read this row locked it for the transaction that is running: see `queries.held`."""

    access_of: tuple[int, Access] | None = None
    """What the person who asked last is to it, by that person's key: see `queries.access`."""

    reference = models.CharField(gettext_lazy("申请编号"), max_length=40, unique=True)
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="applications")
    lead = models.ForeignKey(
        "organisations.Organisation", on_delete=models.PROTECT, related_name="applications"
    )
    state = models.CharField(max_length=20, default=APPLICATION.initial, db_index=True)
    title = models.CharField(max_length=200, blank=True)
    area = models.CharField(max_length=200, blank=True)
    stage = models.CharField(max_length=40, blank=True)
    office = models.ForeignKey(
        "organisations.Office", null=True, on_delete=models.PROTECT, related_name="applications"
    )
    document = models.OneToOneField("documents.Document", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        "documents.DocumentVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=APPLICATION.states), name="application_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=(*EDITABLE, "withdrawn")) | models.Q(version__isnull=False),
                name="application_beyond_draft_has_version",
            ),
            models.CheckConstraint(
                condition=~models.Q(
                    state__in=("lodged", "returned", "recommended", "declined", "merged", *LEFT)
                )
                | models.Q(office__isnull=False),
                name="application_handed_in_has_office",
            ),
        )
        indexes = (
            # What lists count and narrow by, without reading the rows themselves.
            models.Index(fields=("office", "call", "state"), name="application_at_office"),
            models.Index(fields=("call", "office", "stage"), name="application_by_office"),
            models.Index(fields=("id", "state", "lead", "office", "stage", "call"), name="application_found"),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def chain(self) -> str:
        """The chain of this application's events."""
        return f"application:{self.reference}"

    @property
    def is_editable(self) -> bool:
        """Whether its answers may change now."""
        return self.state in EDITABLE

    @property
    def name(self) -> str:
        """Its title, or words in its place while it has none."""
        return self.title or _("（尚未填写试点名称）")

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class Answer(models.Model):
    """What stands in one field now; `number` counts its values, and a save must name the one it started from.

    A field that nobody has written in yet has no row.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="answers")
    section = models.CharField(max_length=40)
    field = models.CharField(max_length=90)
    value = JSONText(null=True)
    number = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("application", "section", "field"), name="answer_once"),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} {self.path}"

    @property
    def path(self) -> str:
        """Where it stands: "section.field"."""
        return f"{self.section}.{self.field}"


class AnswerRevision(models.Model):
    """One text that somebody wrote into a field. Never changed: typing is its own history.

    `number` is the number that the field got with it; texts that were written second are kept too, without a number.
    `base` is the number that the writer had before the eyes.
    """

    class How(models.TextChoices):
        """How the text came."""

        TYPED = "typed", gettext_lazy("填写")
        PREFILLED = "prefilled", gettext_lazy("从单位资料带入")
        COPIED = "copied", gettext_lazy("从以前的申请带入")
        RESTORED = "restored", gettext_lazy("恢复旧稿")
        IMPORTED = "imported", gettext_lazy("从 Word 导入")
        ASIDE = "aside", gettext_lazy("同时修改，没有采用")
        SETTLED = "settled", gettext_lazy("选用对方的")

    UNNUMBERED = (How.ASIDE, How.SETTLED)

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField(null=True)
    base = models.PositiveIntegerField()
    value = JSONText(null=True)
    how = models.CharField(max_length=12, choices=How)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("answer", "number"), name="answer_number_once"),
            models.CheckConstraint(
                condition=models.Q(how__in=("aside", "settled"), number__isnull=True)
                | (~models.Q(how__in=("aside", "settled")) & models.Q(number__isnull=False)),
                name="answer_revision_numbered",
            ),
        )

    def __str__(self) -> str:
        return f"{self.answer} #{self.number or self.how}"


class Attachment(models.Model):
    """A file in one slot of the working application; a frozen version names it by its digest."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="attachments")
    slot = models.CharField(max_length=40)
    file = models.ForeignKey("documents.StoredFile", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.application.reference} {self.slot} {self.file}"


class Lodgement(models.Model):
    """The arrival of one frozen version at one office: handed in by the lead, or sent on a list. Never changed.

    When the lead handed it in, it is the receipt: number, server time and digest.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="lodgements")
    version = models.ForeignKey("documents.DocumentVersion", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("organisations.Office", on_delete=models.PROTECT, related_name="lodgements")
    stage = models.CharField(max_length=40)
    number = models.CharField(gettext_lazy("回执编号"), max_length=60, unique=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    sent_by = models.ForeignKey("organisations.Office", null=True, on_delete=models.PROTECT, related_name="+")
    via = models.CharField(max_length=60, blank=True)  # the reference of the list it came on

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=("office", "application", "id", "at"), name="lodgement_at_office"),
            models.Index(fields=("office", "at", "application"), name="lodgement_by_arrival"),
            models.Index(
                fields=("application", "at", "office"),
                condition=models.Q(sent_by__isnull=True),
                name="lodgement_handed_in",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def is_hand_in(self) -> bool:
        """Whether the lead itself handed it in."""
        return self.sent_by_id is None

    @property
    def data(self) -> dict[str, Any]:
        """The frozen content."""
        return self.version.data


class Collaborator(models.Model):
    """A person's role on one application, where it differs from what the unit's own people have without saying.

    Taken back or changed, the row stays with who ended it and when.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="collaborators")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=Role)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("application", "user"),
                condition=models.Q(ended_at__isnull=True),
                name="collaborator_one_role",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="collaborator_role_known"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="collaborator_ended_by_someone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} {self.user}: {self.get_role_display()}"


class SectionGift(models.Model):
    """A section that was given to a person or to a unit to write. Taken back, the row stays with who and when."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="gifts")
    section = models.CharField(max_length=40)
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "organisations.Organisation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField()
    given_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, organisation__isnull=False)
                | models.Q(user__isnull=False, organisation__isnull=True),
                name="section_gift_to_one",
            ),
            models.UniqueConstraint(
                fields=("application", "section", "user"),
                condition=models.Q(ended_at__isnull=True, user__isnull=False),
                name="section_gift_once_to_person",
            ),
            models.UniqueConstraint(
                fields=("application", "section", "organisation"),
                condition=models.Q(ended_at__isnull=True, organisation__isnull=False),
                name="section_gift_once_to_unit",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="section_gift_ended_by_someone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} {self.section}: {self.holder}"

    @property
    def holder(self) -> str:
        """The name of the person or unit that has the section."""
        return self.user.label if self.user else str(self.organisation)


class Thread(models.Model):
    """What people have to say to one another about one field. Internal to those who work on the application."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="threads")
    section = models.CharField(max_length=40)
    field = models.CharField(max_length=90)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=("application", "section"), name="thread_of_section"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(resolved_at__isnull=True, resolved_by__isnull=True)
                | models.Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="thread_resolved_by_someone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} {self.section}.{self.field} #{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody."""
        return self.resolved_at is None


class Comment(models.Model):
    """One entry of a thread: something said, or that it was resolved or opened again. Never changed."""

    class Kind(models.TextChoices):
        """What happened with it."""

        SAID = "said", gettext_lazy("写了批注")
        RESOLVED = "resolved", gettext_lazy("标为已解决")
        REOPENED = "reopened", gettext_lazy("重新打开")

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="comments")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SAID)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=("resolved", "reopened"), text="")
                | (models.Q(kind="said") & ~models.Q(text="")),
                name="comment_says_something",
            ),
        )

    def __str__(self) -> str:
        return f"{self.thread} {self.get_kind_display()}"


class Mention(models.Model):
    """Somebody was named in a comment, to look at it. Never changed."""

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="mentions")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("comment", "user"), name="mention_once"),)

    def __str__(self) -> str:
        return f"{self.comment} @{self.user}"


class Presence(models.Model):
    """When a person was last seen on the page of a section. A courtesy, no evidence: the row is written over."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="presences")
    section = models.CharField(max_length=40)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("application", "section", "user"), name="presence_once"),
        )

    def __str__(self) -> str:
        return f"{self.application.reference} {self.section}: {self.user}"


class Explanation(models.Model):
    """Why something that the check warns of is right as it stands, in the lead's words. Never changed.

    The newest one of a code counts; an empty reason takes the earlier one back. `message` is the warning as it read.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="explanations")
    code = models.CharField(max_length=200)
    section = models.CharField(max_length=40)
    field = models.CharField(max_length=90)
    message = models.TextField()
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.application.reference} {self.code}"


class SealRequest(models.Model):
    """A seal asked for on a platform elsewhere, where somebody has to confirm; what came of it is told by its state.

    `prepared` is the paper with room for the signature, made from the file with the digest `base`. When another party
    signed meanwhile, paper and `base` are made anew and the seal is asked for again: `rounds` counts. `token` is the
    platform's name for the present request, `key` our own (see `certificates.remote`).
    """

    MACHINE = SEAL_REQUEST

    party = models.ForeignKey("signoffs.Party", on_delete=models.PROTECT, related_name="seal_requests")
    state = models.CharField(max_length=20, default=SEAL_REQUEST.initial)
    seal = models.CharField(max_length=120)
    seal_name = models.CharField(max_length=200)
    signatory = models.CharField(max_length=60)
    capacity = models.CharField(max_length=60, blank=True)
    namesake = models.BooleanField(default=False)
    prepared = models.ForeignKey("documents.StoredFile", on_delete=models.PROTECT, related_name="+")
    base = models.CharField(max_length=64)
    key = models.CharField(max_length=36)
    token = models.CharField(max_length=200, blank=True)
    rounds = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    looked_at = models.DateTimeField(null=True)
    fault = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=SEAL_REQUEST.states), name="seal_request_state_known"
            ),
            models.UniqueConstraint(
                fields=("party",), condition=models.Q(state="waiting"), name="seal_request_one_waiting"
            ),
        )

    def __str__(self) -> str:
        return f"{self.party} {self.seal_name}"

    @property
    def chain(self) -> str:
        """Its events stand on the chain of the application."""
        return self.party.round.chain

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _(self.MACHINE.labels[self.state])


class Attestation(models.Model):
    """A signature with SM2 and SM3 (CMS) over the canonical content of a version, given for a party. Never changed.

    Evidence beside the party's opinion, and no opinion itself. `report` is what the check found on arrival.
    """

    party = models.ForeignKey("signoffs.Party", on_delete=models.PROTECT, related_name="attestations")
    file = models.ForeignKey("documents.StoredFile", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    subject = models.CharField(max_length=400)
    report = JSONText(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.party} {self.subject}"


class Severity(models.TextChoices):
    """How bad a problem is: what must be put right, and what the office would have better."""

    MUST = "must", gettext_lazy("必须改")
    SHOULD = "should", gettext_lazy("建议改")


class Correction(models.Model):
    """A problem list (问题清单): what an office wants put right of one arrival, and until when. Never changed.

    Only what it names is open until the application is handed in again. `number` counts the lists of an application,
    `clock` is what the call said at the time of other deadlines.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="corrections")
    lodgement = models.OneToOneField(Lodgement, on_delete=models.PROTECT, related_name="correction")
    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=60, unique=True)
    days = models.PositiveIntegerField(null=True)
    until = models.DateTimeField(null=True)
    clock = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("application", "number"), name="correction_number_once"),
            models.CheckConstraint(
                condition=models.Q(clock__in=("runs", "stops")), name="correction_clock_known"
            ),
        )

    def __str__(self) -> str:
        return self.reference


class CorrectionItem(models.Model):
    """One entry of a problem list: a place (`places`), what is wrong there, and how bad. Never changed.

    `again` is the entry of an earlier list that was found not to be put right.
    """

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    place = models.CharField(max_length=200, blank=True)
    label = models.CharField(max_length=400)
    severity = models.CharField(max_length=10, choices=Severity)
    text = models.TextField()
    again = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("correction", "position")
        constraints = (
            models.UniqueConstraint(fields=("correction", "position"), name="correction_item_position_once"),
            models.CheckConstraint(
                condition=models.Q(severity__in=Severity.values), name="correction_item_severity_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.correction} {self.position}"

    @property
    def finding(self) -> CorrectionEntry | None:
        """The newest finding of the office; None while there is none."""
        judged = [entry for entry in self.entries.all() if entry.kind != CorrectionEntry.Kind.REPLIED]
        return judged[-1] if judged else None

    @property
    def is_resolved(self) -> bool:
        """Whether the office found it put right."""
        return self.finding is not None and self.finding.kind == CorrectionEntry.Kind.RESOLVED

    @property
    def standing(self) -> tuple[str, str]:
        """How it stands: its tone in the look, and the word."""
        if self.finding is not None:
            return ("done" if self.is_resolved else "void"), self.finding.get_kind_display()
        if any(entry.kind == CorrectionEntry.Kind.REPLIED for entry in self.entries.all()):
            return "wait", _("已回复")
        return "turn", _("未回复")


class CorrectionEntry(models.Model):
    """What was said about an entry of a problem list, or that it was found put right, or not. Never changed."""

    class Kind(models.TextChoices):
        """What happened with it."""

        REPLIED = "replied", gettext_lazy("回复")
        RESOLVED = "resolved", gettext_lazy("确认已改好")
        REOPENED = "reopened", gettext_lazy("仍未改好")

    item = models.ForeignKey(CorrectionItem, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=("replied", "resolved", "reopened")),
                name="correction_entry_kind_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="replied") | ~models.Q(text=""),
                name="correction_reply_says_something",
            ),
        )

    def __str__(self) -> str:
        return f"{self.item} {self.get_kind_display()}"


class OpeningRequest(models.Model):
    """The lead asks for a place to be opened that the problem list does not name, and says why. Never changed."""

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="requests")
    place = models.CharField(max_length=200)
    label = models.CharField(max_length=400)
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.correction} {self.label}"

    @property
    def outcome(self) -> OpeningAnswer | None:
        """What the office said, if it has."""
        return next(iter(self.answers.all()), None)


class OpeningAnswer(models.Model):
    """The office opened what the lead asked for, or refused with its reason; once for each request. Never changed."""

    request = models.ForeignKey(OpeningRequest, on_delete=models.PROTECT, related_name="answers")
    opened = models.BooleanField()
    words = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("request",), name="opening_answered_once"),
            models.CheckConstraint(
                condition=models.Q(opened=True) | ~models.Q(words=""), name="opening_refused_with_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.request}: {'opened' if self.opened else 'refused'}"

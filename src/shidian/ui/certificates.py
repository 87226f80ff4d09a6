"""The pages on which a party signs with a certificate, and on which everybody sees whether the signatures hold.

Views of the portal, of the desk and of links bring the application, the party, whoever acts and a `Frame`; what is
shown and done here is the same for all of them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, BinaryIO, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from shidian.accounts.models import User
from shidian.applications import attesting, certifying, rules, sealing
from shidian.applications.certifying import May, Review, Said, Sheet
from shidian.applications.errors import NotSound
from shidian.applications.models import Application, Attestation, SealRequest
from shidian.core import clock
from shidian.core.errors import Invalid, NotPermitted, Refused
from shidian.core.language import in_words
from shidian.core.verdict import Verdict, not_now
from shidian.documents.actions import take_scan
from shidian.documents.certificates import appearance, configured, holders, sm2, tokens
from shidian.documents.certificates.findings import Unusable
from shidian.documents.certificates.signers import KeyFile, Signer
from shidian.documents.intake import Rejected, safe_name
from shidian.documents.models import StoredFile
from shidian.organisations.names import comparable
from shidian.signoffs.links import Holder, Signatory
from shidian.signoffs.models import Party, Round

from . import kept as kept_files
from .certificate_forms import (
    AttestationForm,
    KeyFileForm,
    SealForm,
    SignatoryForm,
    SignedPdfForm,
    Sm2KeyForm,
    TokenForm,
)
from .plain import PlainForm
from .uploads import InMemory, UploadLimit, refused

P = ParamSpec("P")

FILE, TOKEN, PLATFORM, DESK = "file", "token", "platform", "desk"
WAYS = {
    FILE: gettext_noop("用证书文件签"),
    DESK: gettext_noop("在自己的签名软件里签"),
    PLATFORM: gettext_noop("用签章平台的印章签"),
    TOKEN: gettext_noop("用密码设备签"),
}
LARGEST_KEY_REQUEST = 4_000_000
"""What a form with a key file may bring: the key and a picture, all of it in memory."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a page stands: the template that it extends, its crumbs, and the addresses it leads to.

    `ways` is the address of each way to sign, as far as it is offered here; `paper` hands out what is to be signed,
    `back` is where one goes afterwards, `sm2` where a party
    adds an SM2 signature, `attestation` where the file of one is.
    """

    template: str
    crumbs: Sequence[tuple[str, str]]
    back: str
    paper: str = ""
    progress: str = ""
    sm2: str = ""
    ways: Mapping[str, str] = field(default_factory=dict)
    attestation: Callable[[int], str] = str


def keys_in_memory(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For views that are posted a key: its file never touches the disk, and no report of an error holds it."""
    protected = csrf_protect(sensitive_post_parameters("password", "pin")(view))

    # The upload handlers must be chosen before the form is read, and the middleware would read it for the token.
    @csrf_exempt
    @wraps(view)
    def chosen(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if kwargs.get("how", FILE) == FILE:
            request.upload_handlers = [UploadLimit(request, LARGEST_KEY_REQUEST), InMemory(request)]
        return protected(request, *args, **kwargs)

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], chosen)


# --- signing --------------------------------------------------------------------------------------------------------


def signing_page(
    request: HttpRequest,
    application: Application,
    party: Party,
    how: str,
    *,
    by: Any,
    frame: Frame,
    may: May = rules.can_record_opinion,
) -> HttpResponse:
    """What is signed, and one way to sign it. A post signs and leads back, or says at its place what is wrong.

    `by` is an account, or the holder of a link, who uses it up by signing. `PLATFORM` is for accounts only: a seal that
    is waited for needs somebody to whom it belongs.
    """
    if how not in WAYS or how not in frame.ways:
        raise Http404
    allowed = certifying.ready(application, party, by=by, may=may)
    on, why = _sheet(party)
    if why:
        allowed = allowed and not_now(why)
    offered = _offered(how)
    page = _Page(request, application, party, by=by, may=may)
    pending = sealing.waiting(party) if how == PLATFORM else None
    if request.method == "POST" and allowed and offered:
        done = page.withdraw(pending) if "withdraw" in request.POST else page.post(how)
        if done:
            messages.success(request, done)
            return redirect(frame.ways[how] if "withdraw" in request.POST else frame.back)
        pending = sealing.waiting(party) if how == PLATFORM else None
        if pending is not None:
            return redirect(frame.ways[how])
    form = page.form(how) if allowed and offered and pending is None else None
    if form is not None:
        form.ask_only(*(["other_name"] if page.confirmable else []))
    context = {
        "frame": frame.template,
        "crumbs": frame.crumbs,
        "back": frame.back,
        "paper": frame.paper,
        "progress": frame.progress,
        "sm2": frame.sm2,
        "application": application,
        "party": party,
        "version": party.round.version,
        "sheet": on,
        "allowed": allowed,
        "offered": offered,
        "how": how,
        "ways": [
            {"label": _(WAYS[key]), "url": url, "current": key == how} for key, url in frame.ways.items()
        ],
        "form": form,
        "kept": page.kept,
        "token": kept_files.ticket(page.kept, by=page.account, place=request.path),
        "kept_picture": page.picture,
        "form_problems": form.problems() if form is not None and form.is_bound else [],
        "stamped": bool(settings.TSA),
        "trusted": settings.TRUST_FOLDER is not None,
        "pending": pending,
        "pending_words": seal_words(pending) if pending else "",
        "last": sealing.last(party) if how == PLATFORM else None,
    }
    return render(request, "ui/certificates/signing.html", context)


def _sheet(party: Party) -> tuple[Sheet | None, str]:
    try:
        return certifying.sheet(party), ""
    except Unusable as fault:
        return None, in_words(fault.reason)


def _offered(how: str) -> Verdict:
    """Whether this installation has what a way needs, or why not."""
    if how == TOKEN:
        return tokens.available(configured.token_driver())
    if how == PLATFORM and configured.platform() is None:
        return not_now(_("本系统没有设置签章平台。请使用证书文件，或者用签名软件签好后上传。"))
    return Verdict(True)


class _Page:
    """One request: the form as it was filled in, and what became of it."""

    def __init__(
        self, request: HttpRequest, application: Application, party: Party, *, by: Any, may: May
    ) -> None:
        self.request = request
        self.application, self.party, self.by, self.may = application, party, by, may
        self.kept: StoredFile | None = None
        self.picture = ""
        self.confirmable = False
        self._form: SignatoryForm | None = None

    @property
    def account(self) -> User | None:
        """Who is signed in; nobody for the holder of a link."""
        return self.by if isinstance(self.by, User) else None

    def form(self, how: str) -> SignatoryForm:
        """The form of a way; bound when it was posted."""
        if self._form is None:
            posted = self.request.method == "POST"
            given: tuple[Any, ...] = (self.request.POST, self.request.FILES) if posted else ()
            if how == PLATFORM:
                self._form = _seal_form(given, self.party)
            else:
                self._form = {FILE: KeyFileForm, TOKEN: TokenForm, DESK: SignedPdfForm}[how](*given)
            if self.account is None:
                self._form.ask_nothing_more()
        return self._form

    def post(self, how: str) -> str:
        """Sign as the form says and return what to tell about it; "" when something is wrong, which the form tells."""
        form = self.form(how)
        if how == DESK:
            self._take_pdf(form)
        if how == FILE:
            self._take_picture(form)
        if why := self._too_large(how):
            form.add_error(_main_field(how), why)
        if not form.is_valid():
            return ""
        data = form.cleaned_data
        said = Said(data["signatory"], data["capacity"], bool(data.get("namesake")))
        try:
            return self._sign(how, data, said)
        except (Refused, Rejected) as fault:
            self._tell(form, how, fault)
            return ""

    def _tell(self, form: SignatoryForm, how: str, fault: Refused | Rejected) -> None:
        """Put a refusal at its place on the form."""
        place = _main_field(how)
        match fault:
            case NotPermitted():
                raise fault
            case NotSound():
                self.confirmable = fault.confirmable
                asked = fault.confirmable and "other_name" in form.fields
                for found in fault.findings:
                    form.add_error("other_name" if asked else place, in_words(found.message))
            case Unusable():
                form.add_error(_field_of(fault.code, form, how), in_words(fault.reason))
            case Invalid():
                for key, message in fault.problems or [("", fault.reason)]:
                    form.add_error(key if key in form.fields else place, message)
            case Rejected():
                form.add_error(place, in_words(fault.said))
            case _:
                form.add_error(place, in_words(fault.reason))

    @sensitive_variables("data", "signer")
    def _sign(self, how: str, data: Mapping[str, Any], said: Said) -> str:
        signer: Signer
        at = clock.now().astimezone(self.application.call.zone)
        same: dict[str, Any] = {
            "by": self.account or Signatory(said.signatory),
            "may": self.may,
            "holder": self.by if isinstance(self.by, Holder) else None,
            "other_name": bool(data.get("other_name")),
        }
        if how == PLATFORM:
            made = sealing.ask(self.application, self.party, data["seal"], said, by=self.by)
            made = sealing.last(self.party) or made
            if made.state == "waiting":
                return ""  # the page shows that it waits
            if made.state != "signed":
                raise Unusable("seal", made.fault)
        elif how == DESK:
            if self.kept is None:
                raise Unusable("pdf", _("请选择签好的 PDF"))
            certifying.take_in(self.application, self.party, self.kept.read(), said, **same)
        elif how == TOKEN:
            driver = configured.token_driver()
            assert driver is not None  # noqa: S101 (asked by _offered)
            token = tokens.Token(driver, data["token"], data["pin"])
            signer = token.signer(_fitting(token.entries(), self.party), at=at)
            certifying.sign(self.application, self.party, signer, said, how=TOKEN, **same)
        else:
            signer = KeyFile.open(data["key"], data["password"], at=at)
            picture = base64.b64decode(self.picture) if self.picture else None
            certifying.sign(self.application, self.party, signer, said, how=FILE, picture=picture, **same)
        version = self.party.round.version.label
        return _("“{name}”已用数字证书签名，同意 {version}。").format(name=self.party.name, version=version)

    def _too_large(self, how: str) -> str:
        if how == FILE and (why := refused(self.request)):
            return (
                _("选择的文件合计超过 4 MB，一个也没有接收。证书文件只有几 KB，请检查是不是选错了文件。")
                if why
                else ""
            )
        return refused(self.request)

    def _take_pdf(self, form: SignatoryForm) -> None:
        """A new file goes before one that was kept; both stay when something else is wrong."""
        by = self.account
        given = self.request.FILES.get("pdf")
        self.kept = kept_files.kept(self.request.POST.get("kept", ""), by=by, place=self.request.path)
        if given is not None:
            try:
                self.kept = take_scan(cast(BinaryIO, given), name=given.name or "", by=by)
                if self.kept.media_type != "application/pdf":
                    self.kept = None
                    form.add_error("pdf", _("这不是 PDF 文件。请上传用签名软件签好的 PDF"))
            except Rejected as rejected:
                self.kept = None
                name = safe_name(given.name or "")
                form.add_error(
                    "pdf", _("“{name}”没有收下：{why}").format(name=name, why=in_words(rejected.said))
                )
        elif self.kept is None:
            form.add_error("pdf", _("请选择签好的 PDF"))

    def _take_picture(self, form: SignatoryForm) -> None:
        """The picture of the seal, made clean; it goes with the page, so that it need not be chosen again."""
        given = self.request.FILES.get("picture")
        try:
            content = given.read() if given else base64.b64decode(self.request.POST.get("kept_picture", ""))
            if content:
                self.picture = base64.b64encode(appearance.clean_picture(content)).decode()
        except Unusable as fault:
            form.add_error("picture", in_words(fault.reason))
        except (ValueError, binascii.Error):
            pass  # a page that was tampered with has no picture

    def withdraw(self, pending: SealRequest | None) -> str:
        """Take a request for a seal back."""
        if pending is not None:
            sealing.withdraw(self.application, pending, by=self.by)
        return _("用印申请已收回。")


def _main_field(how: str) -> str:
    return {FILE: "key", TOKEN: "token", PLATFORM: "seal", DESK: "pdf"}[how]


def _field_of(code: str, form: SignatoryForm, how: str) -> str:
    """Where a refusal of the library belongs on the form."""
    if code == "password":
        return "pin" if how == TOKEN else "password"
    return code if code in form.fields else _main_field(how)


def _seal_form(given: tuple[Any, ...], party: Party) -> SignatoryForm:
    """The seals of the platform, those of the party first; when it does not answer, the form says so."""
    try:
        known = sealing.seals()
    except Refused as fault:
        form = SealForm(*given, seals=[])
        form.fields["seal"].help_text = in_words(fault.reason)
        return form
    known.sort(key=lambda seal: comparable(seal.unit) != comparable(party.name))
    choices = [
        (seal.id, _("{name}（{unit}，有效期至 {day}）").format(
            name=seal.name, unit=seal.unit, day=f"{seal.chain[0].not_valid_after_utc:%Y-%m-%d}"
        ))
        for seal in known
    ]  # fmt: skip
    form = SealForm(*given, seals=choices)
    if not choices:
        form.fields["seal"].help_text = _("签章平台上没有本系统可以申请的印章。请与签章平台的管理员联系。")
    return form


def _fitting(entries: Sequence[tokens.Entry], party: Party) -> tokens.Entry:
    """The certificate on a token that names the party, else the first."""
    if not entries:
        raise Unusable("token", _("密码设备里没有可以签名的证书。请换一个设备。"))
    fits = [
        one
        for one in entries
        if not holders.differs_from(holders.read(one.chain[0]), name=party.name, code="")
    ]
    return fits[0] if fits else entries[0]


def seal_progress(request: HttpRequest, party: Party) -> JsonResponse:
    """What the progress of a waiting seal asks for; asking carries the request on."""
    pending = sealing.waiting(party)
    if pending is not None:
        sealing.follow(pending)
        pending = sealing.waiting(party)
    words = seal_words(pending) if pending else ""
    return JsonResponse(
        {"done": 0, "total": 0, "words": words, "finished": pending is None},
        json_dumps_params={"ensure_ascii": False},
    )


def seal_words(pending: SealRequest) -> str:
    """How a request for a seal stands, in words."""
    if pending.fault:
        return _(pending.fault)
    if pending.rounds > 1:
        return _(
            "其间另一家已在这份文件上签名，已在新的文件上重新申请（第 {rounds} 次），等印章管理员同意"
        ).format(rounds=pending.rounds)
    return _("等印章管理员在签章平台上同意")


# --- SM2 ------------------------------------------------------------------------------------------------------------

UPLOAD = "upload"
SM2_WAYS = {UPLOAD: gettext_noop("上传签好的文件"), FILE: gettext_noop("用国密密钥文件签")}


def attestation_page(
    request: HttpRequest,
    application: Application,
    party: Party,
    how: str,
    *,
    by: Any,
    frame: Frame,
    may: May = rules.can_attest,
) -> HttpResponse:
    """Keep a party's SM2 signature over the content of the version: one that was made elsewhere, or made here."""
    if how not in SM2_WAYS:
        raise Http404
    allowed = may(by, application, party)
    offered = sm2.available() if how == FILE else Verdict(True)
    form: PlainForm | None = None
    if allowed and offered:
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = (Sm2KeyForm if how == FILE else AttestationForm)(*posted)
        if request.method == "POST" and _attested(request, application, party, form, by=by, may=may):
            messages.success(request, _("“{name}”的国密签名已收存。").format(name=party.name))
            return redirect(frame.back)
    context = {
        "frame": frame.template,
        "crumbs": frame.crumbs,
        "back": frame.back,
        "paper": frame.paper,
        "application": application,
        "party": party,
        "version": party.round.version,
        "allowed": allowed,
        "offered": offered,
        "how": how,
        "ways": [
            {"label": _(SM2_WAYS[key]), "url": url, "current": key == how} for key, url in frame.ways.items()
        ],
        "form": form,
        "form_problems": form.problems() if form is not None and form.is_bound else [],
    }
    return render(request, "ui/certificates/attestation.html", context)


@sensitive_variables("form")
def _attested(
    request: HttpRequest, application: Application, party: Party, form: PlainForm, *, by: Any, may: May
) -> bool:
    place = "key" if "key" in form.fields else "cms"
    if why := refused(request):
        form.add_error(place, why)
    if not form.is_valid():
        return False
    data = form.cleaned_data
    try:
        if place == "key":
            at = clock.now().astimezone(application.call.zone)
            signer = sm2.KeyFile.open(data["key"], data["password"], at=at)
            attesting.sign(application, party, signer, by=by, may=may)
        else:
            attesting.take(application, party, data["cms"], by=by, may=may)
    except NotSound as fault:
        for found in fault.findings:
            form.add_error(place, in_words(found.message))
    except Unusable as fault:
        form.add_error("password" if fault.code == "password" else place, in_words(fault.reason))
    return form.is_valid()


# --- looking at signatures ------------------------------------------------------------------------------------------


def review_page(
    request: HttpRequest, application: Application, round_: Round | None, *, frame: Frame, download: str
) -> HttpResponse:
    """Every signature of a version's newest signed file, checked now; to read, to print, to take along."""
    found: Review | None = None
    attested: list[tuple[Attestation, sm2.Attested]] = []
    fault = ""
    if round_ is not None:
        try:
            found = certifying.review(round_)
            attested = attesting.review(round_)
        except Unusable as refusal:
            fault = in_words(refusal.reason)
        except Rejected as rejected:
            fault = in_words(rejected.said)
    context = {
        "frame": frame.template,
        "crumbs": frame.crumbs,
        "back": frame.back,
        "application": application,
        "version": round_.version if round_ else None,
        "round": round_,
        "review": found,
        "rows": [_row(each.checked, each.signature) for each in found.looked] if found else [],
        "strangers": [_row(each, None) for each in found.strangers] if found else [],
        "attested": [(given, checked, frame.attestation(given.pk)) for given, checked in attested],
        "sound": (found is None or found.ok) and all(checked.ok for _given, checked in attested),
        "fault": fault,
        "download": download,
        "checked_at": clock.now(),
        "trusted": settings.TRUST_FOLDER is not None,
    }
    return render(request, "ui/certificates/review.html", context)


def _row(checked: Any, signature: Any) -> dict[str, Any]:
    """One signature in words."""
    notes = {note["code"] for note in signature.proof.get("notes", ())} if signature else set()
    if checked is None:
        kind, word = "stop", _("文件里没有了")
    elif any(found.severity == "error" and found.code not in notes for found in checked.findings):
        kind, word = "stop", _("不成立")
    elif any(found.severity in ("error", "warning") for found in checked.findings):
        kind, word = "wait", _("成立，请留意")
    else:
        kind, word = "done", _("成立")
    changes = {
        "none": _("是最后一个签名，其后没有任何改动"),
        "signed": _("其后只增加了别的签名"),
        "archived": _("其后只增加了存档信息"),
        "changed": _("其后文件被改动过"),
        "unknown": _("不能判断"),
    }
    revoked = {
        "good": _("已核对，没有吊销"),
        "revoked": _("已被吊销"),
        "unknown": _("没有吊销信息，未核对"),
    }
    hows = {FILE: _("证书文件"), TOKEN: _("密码设备"), PLATFORM: _("签章平台"), DESK: _("自己的签名软件")}
    return {
        "checked": checked,
        "signature": signature,
        "kind": kind,
        "word": word,
        "changes": changes[checked.modification] if checked else "",
        "revoked": revoked[checked.revocation] if checked else "",
        "how": hows.get(signature.proof.get("how", ""), "") if signature else "",
    }

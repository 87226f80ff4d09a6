"""Signing in and out, passwords, the second factor and sessions: allauth's views in the look and words of this site."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account_views
from allauth.account.forms import ResetPasswordForm
from allauth.mfa.base import views as mfa_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from allauth.usersessions import views as session_views
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.applications.queries import working_applications
from shidian.organisations.models import Membership, Officer
from shidian.portal.access import person
from shidian.reviews.models import Expert
from shidian.ui.templatetags.ui import form_problems

_LABELS = {
    "login": gettext_noop("电子邮箱"),
    "email": gettext_noop("电子邮箱"),
    "password": gettext_noop("密码"),
    "oldpassword": gettext_noop("现在的密码"),
    "password1": gettext_noop("新密码"),
    "password2": gettext_noop("再输一次新密码"),
    "code": gettext_noop("验证码"),
}
_HINTS = {"password1": gettext_noop("至少 10 个字符，不能全是数字，不能太常见。")}


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a person works: the applicant's list, a desk, or the public page."""
    user = request.user
    if isinstance(user, User):
        if Officer.objects.filter(user=user).exists():
            return redirect("desk:home")
        if Membership.objects.filter(user=user).exists():
            return redirect("portal:applications")
        if Expert.objects.filter(user=user, active=True).exists():
            return redirect("desk:readings")
        if user.is_administrator:
            return redirect("desk:administration")
        if user.is_auditor:
            return redirect("desk:audit")
        if working_applications(user).exists():
            return redirect("portal:applications")
    return redirect("public:home")


class _Ours:
    """Our own labels, no placeholder instead of a label, errors for the summary, and our own `site`."""

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        """The form of the view with the words of this site."""
        return _worded(super().get_form(*args, **kwargs))  # type: ignore[misc]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """allauth names the host `site`, which would hide the header's."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        context.pop("site", None)
        form = context.get("form")
        if form is not None:
            _worded(form)
            context["form_problems"] = form_problems(form) if form.is_bound and form.fields else []
        return context


def _worded(form: Any) -> Any:
    form.use_required_attribute = False
    for name, field in form.fields.items():
        field.label = _(_LABELS[name]) if name in _LABELS else field.label
        field.help_text = _(_HINTS[name]) if name in _HINTS else ""
        field.widget.attrs.pop("placeholder", None)
        field.error_messages["required"] = _("请填写“{field}”").format(field=field.label)
        field.error_messages["invalid"] = _("“{field}”的格式不对").format(field=field.label)
    return form


class SignIn(_Ours, account_views.LoginView):  # type: ignore[misc]
    """Sign in by address and password; a demonstration lists its accounts."""

    template_name = "portal/entry/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A new installation has nobody who could sign in: it asks for its first administrator."""
        if not User.objects.exists():
            return redirect("portal:first-administrator")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the accounts of a demonstration, by what they do."""
        context = super().get_context_data(**kwargs)
        context["groups"] = _demonstration() if settings.DEMONSTRATION else []
        context["demonstration_password"] = getattr(settings, "DEMONSTRATION_PASSWORD", "")
        context["next"] = self.request.POST.get("next") or self.request.GET.get("next", "")
        return context


def _demonstration() -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    users = User.objects.filter(is_demonstration=True, is_active=True).select_related("expert").order_by("pk")
    for user in users.prefetch_related("memberships__organisation", "offices__office"):
        for heading, what in _roles(user):
            groups.setdefault(heading, []).append({"name": user.name, "email": user.email, "what": what})
    order = (_("申请单位"), _("受理机构"), _("评审专家"), _("系统"))
    return [{"heading": heading, "accounts": groups[heading]} for heading in order if heading in groups]


def _roles(user: User) -> list[tuple[str, str]]:
    held = [f"{row.organisation.name} {row.get_role_display()}" for row in user.memberships.all()]
    if held:
        return [(_("申请单位"), _("、").join(held))]
    offices: dict[str, list[str]] = {}
    for officer in user.offices.all():
        offices.setdefault(officer.office.name, []).append(officer.get_role_display())
    if offices:
        return [
            (_("受理机构"), _("；").join(f"{name} {_('、').join(roles)}" for name, roles in offices.items()))
        ]
    if expert := getattr(user, "expert", None):
        return [(_("评审专家"), expert.unit)]
    return [
        (
            _("系统"),
            _("系统管理员")
            if user.is_administrator
            else _("审计员")
            if user.is_auditor
            else _("不属于任何单位"),
        )
    ]


class SignOut(_Ours, account_views.LogoutView):  # type: ignore[misc]
    """Ask, then sign out; the header's button signs out at once."""

    template_name = "portal/entry/sign_out.html"


class Inactive(_Ours, account_views.AccountInactiveView):  # type: ignore[misc]
    """An account that is switched off."""

    template_name = "portal/entry/inactive.html"


class QuietResetForm(ResetPasswordForm):  # type: ignore[misc]
    """Sends a letter when the address has an account, and nothing otherwise; the page says the same in both cases."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Leave the letter to the worker, so that the time of the answer tells nothing either."""
        address: str = self.cleaned_data["email"]
        async_task("shidian.portal.reset_letter.send", address)
        return address


class PasswordReset(_Ours, account_views.PasswordResetView):  # type: ignore[misc]
    """Ask for a letter with a link to set a new password."""

    template_name = "portal/entry/password_reset.html"
    form_class = QuietResetForm


class PasswordResetSent(_Ours, account_views.PasswordResetDoneView):  # type: ignore[misc]
    """What to look for now."""

    template_name = "portal/entry/password_reset_sent.html"


class PasswordResetFromLink(_Ours, account_views.PasswordResetFromKeyView):  # type: ignore[misc]
    """Set a new password from the letter's link."""

    template_name = "portal/entry/password_from_link.html"


class PasswordResetDone(_Ours, account_views.PasswordResetFromKeyDoneView):  # type: ignore[misc]
    """The new password holds."""

    template_name = "portal/entry/password_done.html"


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: who one is here, and how it is kept safe."""
    user = person(request)
    context = {
        "memberships": Membership.objects.filter(user=user).select_related("organisation").order_by("pk"),
        "offices": Officer.objects.filter(user=user).select_related("office").order_by("pk"),
        "second_factor": Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists(),
    }
    return render(request, "portal/account/account.html", context)


class PasswordChange(_Ours, account_views.PasswordChangeView):  # type: ignore[misc]
    """Change the password; other sessions end."""

    template_name = "portal/account/password.html"

    def get_default_success_url(self) -> str:
        """Back to the account."""
        return reverse("account")


class ConfirmIdentity(_Ours, account_views.ReauthenticateView):  # type: ignore[misc]
    """The password once more, before something that protects the account changes."""

    template_name = "portal/account/confirm_identity.html"


class ConfirmIdentityByCode(_Ours, mfa_views.ReauthenticateView):  # type: ignore[misc]
    """The same by a code of the second factor."""

    template_name = "portal/account/confirm_identity.html"


class SecondFactor(_Ours, mfa_views.AuthenticateView):  # type: ignore[misc]
    """The second step of signing in: a code of the authenticator, or a recovery code."""

    template_name = "portal/entry/second_factor.html"


class SecondFactorIndex(_Ours, mfa_views.IndexView):  # type: ignore[misc]
    """Whether there is a second factor, and how to turn it on or off."""

    template_name = "portal/account/second_factor.html"


class SecondFactorOn(_Ours, totp_views.ActivateTOTPView):  # type: ignore[misc]
    """Tie an authenticator to the account."""

    template_name = "portal/account/second_factor_on.html"


class SecondFactorOff(_Ours, totp_views.DeactivateTOTPView):  # type: ignore[misc]
    """Take the authenticator away, after asking."""

    template_name = "portal/account/second_factor_off.html"


class RecoveryCodes(_Ours, code_views.ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes that are left."""

    template_name = "portal/account/recovery_codes.html"


class NewRecoveryCodes(_Ours, code_views.GenerateRecoveryCodesView):  # type: ignore[misc]
    """Make new codes; the old ones end."""

    template_name = "portal/account/recovery_codes_new.html"


class RecoveryCodesFile(code_views.DownloadRecoveryCodesView):  # type: ignore[misc]
    """The codes as a text file."""

    template_name = "portal/account/recovery_codes.txt"


class Sessions(_Ours, session_views.ListUserSessionsView):  # type: ignore[misc]
    """Where one is signed in, and ending all other sessions."""

    template_name = "portal/account/sessions.html"

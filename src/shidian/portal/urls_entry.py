"""Addresses of signing in and of one's own account; the names are those that allauth expects.

Accounts are made by registering a unit or by an administrator, so allauth's own sign-up and its pages for more
e-mail addresses lead to the page that takes their place.
"""

from django.urls import path, re_path
from django.views.generic import RedirectView

from .views import entry

urlpatterns = [
    path("start/", entry.home, name="home"),
    path("sign-in/", entry.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", entry.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-out/", entry.SignOut.as_view(), name="account_logout"),
    path("sign-in/locked/", entry.Inactive.as_view(), name="account_inactive"),
    path("password/", entry.PasswordReset.as_view(), name="account_reset_password"),
    path("password/sent/", entry.PasswordResetSent.as_view(), name="account_reset_password_done"),
    path("password/done/", entry.PasswordResetDone.as_view(), name="account_reset_password_from_key_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entry.PasswordResetFromLink.as_view(),
        name="account_reset_password_from_key",
    ),
    path("account/", entry.account, name="account"),
    path("account/password/", entry.PasswordChange.as_view(), name="account_change_password"),
    path("account/confirmation/", entry.ConfirmIdentity.as_view(), name="account_reauthenticate"),
    path("account/confirmation/code/", entry.ConfirmIdentityByCode.as_view(), name="mfa_reauthenticate"),
    path("account/sessions/", entry.Sessions.as_view(), name="usersessions_list"),
    path("account/second-factor/", entry.SecondFactorIndex.as_view(), name="mfa_index"),
    path("account/second-factor/on/", entry.SecondFactorOn.as_view(), name="mfa_activate_totp"),
    path("account/second-factor/off/", entry.SecondFactorOff.as_view(), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", entry.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", entry.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path(
        "account/recovery-codes/file/", entry.RecoveryCodesFile.as_view(), name="mfa_download_recovery_codes"
    ),
    path(
        "account/password/first/",
        RedirectView.as_view(pattern_name="account_reset_password"),
        name="account_set_password",
    ),
    path("account/email/", RedirectView.as_view(pattern_name="account"), name="account_email"),
    path("sign-up/", RedirectView.as_view(pattern_name="portal:register"), name="account_signup"),
]

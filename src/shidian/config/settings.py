"""Settings of one installation, all from the environment; see docs/operator for the list.

SHIDIAN_MODE says what this is: `production` (default: refuses a weak secret and DEBUG), `demonstration` (a data set
with accounts that anybody may use) or `development`.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env(name: str, default: str = "") -> str:
    """A setting as text."""
    return os.environ.get(name, default).strip()


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues; Django's own asks for settings, which are only being made here."""
    return text


def env_bool(name: str, default: bool = False) -> bool:
    """A setting as yes or no; anything but 1/yes/true and 0/no/false is an error."""
    value = env(name).lower()
    if value in ("1", "yes", "true"):
        return True
    if value in ("0", "no", "false"):
        return False
    if value:
        raise ImproperlyConfigured(f"{name} must be 1 or 0")
    return default


MODES = ("production", "demonstration", "development")
MODE = env("SHIDIAN_MODE", "production")
if MODE not in MODES:
    raise ImproperlyConfigured(f"SHIDIAN_MODE must be one of {', '.join(MODES)}")
PRODUCTION = MODE == "production"
DEMONSTRATION = MODE == "demonstration"
DEMONSTRATION_PASSWORD = "shidian-demo"  # noqa: S105 (shown on the sign-in page of a demonstration, and only there)

DEBUG = env_bool("SHIDIAN_DEBUG")
if DEBUG and MODE != "development":
    raise ImproperlyConfigured(
        "SHIDIAN_DEBUG=1 is refused outside of development: it shows the inside of the system"
    )

BASE = Path(__file__).resolve().parents[1]
DATA = Path(env("SHIDIAN_DATA", "var")).resolve()
FILES_ROOT = DATA / "files"
UPLOADS_ROOT = DATA / "uploads"  # on the same disk as the files: a file that is done only changes its place
PREVIEWS_ROOT = DATA / "previews"  # small pictures of pages; may be deleted at any time
FONTS_FOLDER = Path(env("SHIDIAN_FONTS")) if env("SHIDIAN_FONTS") else None


WORKDAYS = (
    Path(env("SHIDIAN_WORKDAYS")) if env("SHIDIAN_WORKDAYS") else None
)  # years that the shipped table of holidays does not hold yet


def _secret() -> str:
    """The secret of the environment, else the one kept in the data folder, made at the first start."""
    given = env("SHIDIAN_SECRET_KEY")
    if given:
        return given
    kept = DATA / "secret-key"
    if not kept.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    return kept.read_text().strip()


SECRET_KEY = _secret()
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10 or "insecure" in SECRET_KEY.lower()):
    raise ImproperlyConfigured(
        "SHIDIAN_SECRET_KEY is weak: it needs at least 50 characters, 10 of them different. "
        "Leave it out, and a good one is made and kept in the data folder."
    )


MARK_KEYS = DATA / "mark-keys"  # a file of its own: printed sheets outlive a changed secret


def _database(url: str) -> dict[str, Any]:
    """sqlite:///path or postgresql://user:password@host:port/name, with the options that were measured."""
    if not url:
        DATA.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{DATA / 'shidian.sqlite3'}"
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "shidian.config.sqlite",
            "NAME": unquote(parts.path[1:] if parts.path.startswith("//") else parts.path),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # Writers queue instead of failing, and a commit survives a power cut.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-20000;"
                    "PRAGMA temp_store=MEMORY;PRAGMA foreign_keys=ON"
                ),
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or dict(parse_qsl(parts.query)).get("host", ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3},
        }
    raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:/// or postgresql://")


DATABASES = {"default": _database(env("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SITE_NAME = env("SHIDIAN_SITE_NAME", gettext_noop("标准化试点申报"))
SITE_HOST = env("SHIDIAN_SITE_HOST_NAME", "")
ADDRESS = env("SHIDIAN_ADDRESS", "http://127.0.0.1:8000")
SECURE = ADDRESS.startswith("https://")
ALLOWED_HOSTS = [name for name in env("SHIDIAN_HOSTS").split(",") if name] or [
    urlsplit(ADDRESS).hostname or "127.0.0.1",
    *([] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", "testserver"]),
]
CSRF_TRUSTED_ORIGINS = [ADDRESS] if SECURE else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_q",
    "shidian.audit",
    "shidian.accounts",
    "shidian.organisations",
    "shidian.documents",
    "shidian.questionnaires",
    "shidian.signoffs",
    "shidian.calls",
    "shidian.applications",
    "shidian.reviews",
    "shidian.dispatch",
    "shidian.search",
    "shidian.notifications",
    "shidian.ui",
    "shidian.public",
    "shidian.portal",
    "shidian.desk",
    "shidian.rehearsal",
    "shidian.config",
]

MIDDLEWARE = [
    "shidian.portal.sealing.TokenOutOfAddress",
    "django.middleware.security.SecurityMiddleware",
    "shidian.ui.csp.ContentSecurityPolicy",
    "shidian.ui.language.Language",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shidian.ui.refusals.Refusals",
]

ROOT_URLCONF = "shidian.config.urls"
WSGI_APPLICATION = "shidian.config.wsgi.application"
CSRF_FAILURE_VIEW = "shidian.ui.errors.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": False,
        "DIRS": [BASE / "ui" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shidian.config.context.site",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ]
            if not DEBUG
            else [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "shidian.accounts.hashers.BoundedArgon2",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "public:home"

ACCOUNT_ADAPTER = "shidian.accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USER_DISPLAY = "shidian.accounts.adapter.display"
ACCOUNT_RATE_LIMITS = {
    "login_failed": False
}  # our own record locks an address (accounts.lockout): it knows of every worker
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are proved by the one-time link, not by allauth's own letter

# Rate limits of the sign-in pages live here; every worker of this machine must see them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(DATA / "cache"),
    }
}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "shidian_session"
CSRF_COOKIE_NAME = "shidian_csrf"
SECURE_SSL_REDIRECT = False  # the proxy in front redirects; see docs/operator
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("SHIDIAN_BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # signing in again happens in a frame over the form
ALLOW_HTTP = env_bool(
    "SHIDIAN_ALLOW_HTTP"
)  # a closed network without TLS; `serve` asks for it in so many words
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W019"]  # see SECURE_SSL_REDIRECT and X_FRAME_OPTIONS
if ALLOW_HTTP and not SECURE:
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W012", "security.W016"]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
USE_I18N = True
COMPILED_LOCALE = DATA / "locale"  # made of the catalogues of the source tree when they changed
LOCALE_PATHS = [COMPILED_LOCALE]
LANGUAGE_COOKIE_NAME = "shidian_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = SECURE
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "media"},
    },
    "staticfiles": {
        "BACKEND": "shidian.config.static.HashedStaticFiles"
        if MODE != "development"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 8_000_000  # a section of a form with very long texts
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # larger files go to disk while they arrive
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_HANDLERS = [
    "shidian.ui.uploads.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o640
UPLOAD_LIMIT = 60_000_000  # what one plain form may bring; larger files come in pieces
UPLOAD_LARGEST = 500_000_000
UPLOAD_DAYS = 7  # how long a file that has not come to its end is kept
UPLOADS_AT_ONCE = int(env("SHIDIAN_UPLOADS_AT_ONCE", "2"))  # a process; the other threads stay free for pages

# clamd: unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310; empty: files are not scanned.
CLAMD = env("SHIDIAN_CLAMD")
if CLAMD and not re.fullmatch(r"unix:/.+|tcp://[^/]+:\d+", CLAMD):
    raise ImproperlyConfigured("SHIDIAN_CLAMD must be unix:/path/to/socket or tcp://host:port")

# A second digest beside SHA-256 for every version that is frozen: sm3, or nothing.
SECOND_DIGEST = env("SHIDIAN_SECOND_DIGEST").lower()
if SECOND_DIGEST not in ("", "sm3"):
    raise ImproperlyConfigured("SHIDIAN_SECOND_DIGEST must be sm3, or left out")

# Signatures with certificates; each is off when its setting is empty.
TRUST_FOLDER = Path(env("SHIDIAN_TRUST")) if env("SHIDIAN_TRUST") else None
ACCEPT_UNCHECKED_CHAINS = env_bool("SHIDIAN_ACCEPT_UNCHECKED_CHAINS")  # counts only while no root is trusted
TSA = env("SHIDIAN_TSA")
SEAL_PLATFORM = env("SHIDIAN_SEAL_PLATFORM")
SEAL_TOKEN = env("SHIDIAN_SEAL_TOKEN")
PKCS11_DRIVER = Path(env("SHIDIAN_PKCS11")) if env("SHIDIAN_PKCS11") else None
for _address in (TSA, SEAL_PLATFORM):
    if _address and urlsplit(_address).scheme not in ("http", "https"):
        raise ImproperlyConfigured(
            "SHIDIAN_TSA and SHIDIAN_SEAL_PLATFORM must begin with http:// or https://"
        )

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
if DEMONSTRATION or not env("SHIDIAN_SMTP_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA / "mail"
EMAIL_HOST = env("SHIDIAN_SMTP_HOST")
EMAIL_PORT = int(env("SHIDIAN_SMTP_PORT", "25"))
EMAIL_HOST_USER = env("SHIDIAN_SMTP_USER")
EMAIL_HOST_PASSWORD = env("SHIDIAN_SMTP_PASSWORD")
EMAIL_USE_TLS = env_bool("SHIDIAN_SMTP_TLS")
DEFAULT_FROM_EMAIL = env("SHIDIAN_MAIL_FROM", "shidian@localhost")

# Short messages, for the codes of sign-off links: "log" (kept in the data folder) or the address of a gateway.
SMS = env("SHIDIAN_SMS", "log" if DEMONSTRATION else "")
SMS_SECRET = env("SHIDIAN_SMS_SECRET")
if SMS not in ("", "log") and urlsplit(SMS).scheme not in ("http", "https"):
    raise ImproperlyConfigured("SHIDIAN_SMS must be log, or begin with http:// or https://")
if SMS not in ("", "log") and len(SMS_SECRET) < 16:
    raise ImproperlyConfigured(
        "SHIDIAN_SMS_SECRET needs at least 16 characters: it signs what goes to the gateway"
    )

# What people are told is posted to a system of the operator as well, when it has one.
WEBHOOK = env("SHIDIAN_WEBHOOK")
WEBHOOK_SECRET = env("SHIDIAN_WEBHOOK_SECRET")
if WEBHOOK and urlsplit(WEBHOOK).scheme not in ("http", "https"):
    raise ImproperlyConfigured("SHIDIAN_WEBHOOK must begin with http:// or https://")
if WEBHOOK and len(WEBHOOK_SECRET) < 16:
    raise ImproperlyConfigured("SHIDIAN_WEBHOOK_SECRET needs at least 16 characters: it signs what is posted")
MESSAGE_DAYS = int(env("SHIDIAN_MESSAGE_DAYS", "180"))  # how long the texts of messages are kept

Q_CLUSTER = {
    "name": "shidian",
    "orm": "default",
    "workers": int(env("SHIDIAN_WORKERS", "1")),
    "timeout": 1800,
    "retry": 2400,
    "max_attempts": 3,
    "poll": 1,
    "save_limit": 500,
    "catch_up": False,
    "sync": env_bool("SHIDIAN_JOBS_INLINE"),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django-q": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": "INFO" if MODE != "development" else "WARNING"},
}

"""The settings of the tests: a throw-away data folder, quick password hashing, jobs done at once."""

import os
import sys
import tempfile

from tests import postgres, template

# Set once by the process that reads the option; the workers of pytest-xdist inherit it.
if "--postgres" in sys.argv and "DATABASE_URL" not in os.environ:
    os.environ["DATABASE_URL"] = postgres.start()
    template.begin(os.environ["DATABASE_URL"].rpartition("/")[0])
os.environ.setdefault("SHIDIAN_MODE", "development")
os.environ.setdefault("SHIDIAN_DATA", tempfile.mkdtemp(prefix="shidian-tests-"))
os.environ.setdefault("SHIDIAN_JOBS_INLINE", "1")

from shidian.config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

if DATABASES["default"]["ENGINE"] == "shidian.config.sqlite":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
else:
    DATABASES["default"]["TEST"] = {"TEMPLATE": template.POSTGRES}  # noqa: F405

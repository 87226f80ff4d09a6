"""App configuration of the look."""

from django.apps import AppConfig
from django.utils.translation import gettext_noop


class UiConfig(AppConfig):
    """Base templates, components and static files."""

    name = "shidian.ui"
    verbose_name = gettext_noop("界面")

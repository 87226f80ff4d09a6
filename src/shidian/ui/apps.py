"""App configuration of the look."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Base templates, components and static files."""

    name = "shidian.ui"
    verbose_name = "界面"

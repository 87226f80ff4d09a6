from django.apps import AppConfig
from django.conf import settings

from shidian.config.catalogues import compile_into


class ConfigConfig(AppConfig):
    name = "shidian.config"

    def ready(self) -> None:
        compile_into(settings.COMPILED_LOCALE)

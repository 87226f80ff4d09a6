from django.apps import AppConfig
from django.utils.translation import gettext_noop


class CallsConfig(AppConfig):
    name = "shidian.calls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.queries import subjects
        from shidian.calls.models import Call

        subjects[gettext_noop("征集批次")] = lambda: (
            f"call:{key}" for key in Call.objects.values_list("key", flat=True)
        )

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "shidian.calls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.queries import subjects
        from shidian.calls.models import Call

        subjects["征集批次"] = lambda: (f"call:{key}" for key in Call.objects.values_list("key", flat=True))

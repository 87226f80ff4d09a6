from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "shidian.dispatch"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.queries import subjects
        from shidian.dispatch.models import CandidateList

        subjects["清单"] = lambda: (
            f"list:{reference}" for reference in CandidateList.objects.values_list("reference", flat=True)
        )

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "shidian.applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.applications.actions import PURPOSE, announce_gate
        from shidian.applications.attaching import attach_upload
        from shidian.applications.models import Application
        from shidian.audit.queries import subjects
        from shidian.documents.uploads import taken
        from shidian.signoffs.hooks import gate_settled

        taken.register(PURPOSE, attach_upload)
        gate_settled.register(PURPOSE, announce_gate)
        subjects["申请"] = lambda: (
            f"application:{reference}"
            for reference in Application.objects.values_list("reference", flat=True)
        )

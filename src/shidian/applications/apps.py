from django.apps import AppConfig
from django.utils.translation import gettext_noop


class ApplicationsConfig(AppConfig):
    name = "shidian.applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.applications import inbox
        from shidian.applications.actions import PURPOSE, announce_gate
        from shidian.applications.attaching import attach_upload
        from shidian.applications.models import Application
        from shidian.audit.queries import subjects
        from shidian.documents.inbox import PURPOSE as SCANS
        from shidian.documents.inbox import matched, wanted
        from shidian.documents.uploads import taken
        from shidian.signoffs.hooks import gate_settled

        taken.register(PURPOSE, attach_upload)
        taken.register(SCANS, inbox.take_upload)
        wanted.register(inbox.KIND, inbox.put_paper)
        matched.register(inbox.KIND, inbox.note_pages)
        gate_settled.register(PURPOSE, announce_gate)
        subjects[gettext_noop("申请")] = lambda: (
            f"application:{reference}"
            for reference in Application.objects.values_list("reference", flat=True)
        )

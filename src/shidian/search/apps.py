from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "shidian.search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.applications.models import Application
        from shidian.audit.actions import moved, recorded
        from shidian.search.indexing import follow, hear

        recorded.connect(hear, dispatch_uid="shidian.search")
        moved.connect(follow, sender=Application, dispatch_uid="shidian.search")

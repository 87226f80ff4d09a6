from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "shidian.documents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.queries import checks, subjects
        from shidian.documents.models import Scan
        from shidian.documents.queries import changed_versions

        checks["版本"] = changed_versions
        subjects["扫描件"] = lambda: (f"scan:{pk}" for pk in Scan.objects.values_list("pk", flat=True))

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "shidian.audit"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class SignoffsConfig(AppConfig):
    name = "shidian.signoffs"
    default_auto_field = "django.db.models.BigAutoField"

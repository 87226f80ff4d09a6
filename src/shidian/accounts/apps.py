from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shidian.accounts"
    default_auto_field = "django.db.models.BigAutoField"

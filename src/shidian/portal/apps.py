from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "shidian.portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.notifications.sending import composers
        from shidian.portal import reset_letter

        composers["password"] = reset_letter.compose

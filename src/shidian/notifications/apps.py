from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "shidian.notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.actions import recorded
        from shidian.notifications.letters import hear

        recorded.connect(hear, dispatch_uid="shidian.notifications")

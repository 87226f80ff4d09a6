from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "shidian.notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.applications.hooks import mentioned
        from shidian.audit.actions import recorded
        from shidian.notifications.letters import hear, name

        recorded.connect(hear, dispatch_uid="shidian.notifications")
        mentioned.register("letters", name)

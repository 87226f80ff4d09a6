"""Telling people: reads recorded events after their commit and decides who hears. Nothing below knows of it."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "shidian.notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.applications.hooks import mentioned
        from shidian.audit.actions import recorded
        from shidian.notifications import experts, letters, publicity, signing, telling
        from shidian.notifications.sending import composers, unsent
        from shidian.signoffs import hooks

        recorded.connect(letters.hear, dispatch_uid="shidian.notifications")
        mentioned.register("letters", letters.name)
        hooks.link_made.register("letters", signing.link_made)
        hooks.code_wanted.register("letters", signing.code_wanted)
        hooks.reminded.register("letters", signing.reminded)
        composers.update(
            head=letters.ask_head,
            invitation=letters.invite,
            asked=letters.call_in,
            mentioned=letters.point_out,
            link=signing.link_letter,
            code=signing.code_letter,
            reminder=signing.reminder_letter,
            refused=signing.refused_letter,
            link_over=signing.link_over_letter,
            carried=signing.carried_letter,
            result_told=publicity.result_letter,
            struck=publicity.struck_letter,
            expert_invited=experts.invitation_letter,
            expert_called=experts.calling_letter,
            notice=telling.compose_notice,
            short=telling.compose_short,
            digest=telling.compose_digest,
        )
        unsent.update(link=signing.link_unsent, code=signing.code_unsent)

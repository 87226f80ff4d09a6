from django.apps import AppConfig
from django.utils.translation import gettext_noop


class OrganisationsConfig(AppConfig):
    name = "shidian.organisations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.queries import subjects
        from shidian.organisations.models import Organisation, Watchlist

        subjects[gettext_noop("单位")] = lambda: (
            f"organisation:{pk}" for pk in Organisation.objects.values_list("pk", flat=True)
        )
        subjects[gettext_noop("名单")] = lambda: (
            f"watchlist:{pk}" for pk in Watchlist.objects.values_list("pk", flat=True)
        )

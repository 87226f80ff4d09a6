from django.apps import AppConfig
from django.utils.translation import gettext_noop


class ReviewsConfig(AppConfig):
    name = "shidian.reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.actions import recorded
        from shidian.audit.queries import checks, subjects
        from shidian.reviews.experts import bodies
        from shidian.reviews.models import Expert, Panel, Ruling
        from shidian.reviews.scoring.queries import unequal_results
        from shidian.reviews.similar import hear

        recorded.connect(hear, dispatch_uid="shidian.reviews.similar")
        recorded.connect(bodies.hear, dispatch_uid="shidian.reviews.experts.bodies")
        subjects[gettext_noop("决定")] = lambda: (
            f"ruling:{reference}" for reference in Ruling.objects.values_list("reference", flat=True)
        )
        subjects[gettext_noop("专家")] = lambda: (
            f"expert:{pk}" for pk in Expert.objects.values_list("pk", flat=True)
        )
        subjects[gettext_noop("评审组")] = lambda: (
            f"panel:{pk}" for pk in Panel.objects.values_list("pk", flat=True)
        )
        checks["panel-result"] = unequal_results

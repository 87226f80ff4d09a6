from django.apps import AppConfig
from django.utils.translation import gettext_noop


class DispatchConfig(AppConfig):
    name = "shidian.dispatch"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shidian.audit.queries import subjects
        from shidian.dispatch.models import CandidateList
        from shidian.dispatch.publishing.models import Objection, Publicity, ResultLetter
        from shidian.dispatch.ranking import sources
        from shidian.reviews.scoring.queries import frozen_scores

        sources[gettext_noop("专家评审得分")] = frozen_scores
        subjects[gettext_noop("清单")] = lambda: (
            f"list:{reference}" for reference in CandidateList.objects.values_list("reference", flat=True)
        )
        subjects[gettext_noop("公示")] = lambda: (
            f"publicity:{reference}" for reference in Publicity.objects.values_list("reference", flat=True)
        )
        subjects[gettext_noop("异议")] = lambda: (
            f"objection:{number}" for number in Objection.objects.values_list("number", flat=True)
        )
        subjects[gettext_noop("国家结果")] = lambda: (
            f"result:{pk}" for pk in ResultLetter.objects.values_list("pk", flat=True)
        )

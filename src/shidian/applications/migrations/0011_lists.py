"""An application may end by being merged into a joint recommendation."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0010_results"),
        ("calls", "0003_extensions"),
        ("documents", "0006_second_digest"),
        ("organisations", "0003_unit_profiles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="application",
            name="application_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="application",
            name="application_handed_in_has_office",
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        (
                            "draft",
                            "signing",
                            "lodged",
                            "returned",
                            "recommended",
                            "nominated",
                            "approved",
                            "not_selected",
                            "declined",
                            "withdrawn",
                            "merged",
                        ),
                    )
                ),
                name="application_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "state__in",
                            (
                                "lodged",
                                "returned",
                                "recommended",
                                "declined",
                                "merged",
                                "nominated",
                                "approved",
                                "not_selected",
                            ),
                        ),
                        _negated=True,
                    ),
                    ("office__isnull", False),
                    _connector="OR",
                ),
                name="application_handed_in_has_office",
            ),
        ),
    ]

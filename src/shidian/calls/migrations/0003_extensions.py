"""More time than the call gives, as evidence."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0002_protect_evidence"),
        ("organisations", "0003_unit_profiles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(max_length=40)),
                (
                    "deadline",
                    models.CharField(
                        choices=[("hand_in", "递交截止"), ("dispatch", "报送截止")], max_length=10
                    ),
                ),
                ("until", models.DateTimeField(null=True)),
                ("reason", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="calls.call"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.organisation",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("office__isnull", True), ("lead__isnull", True), _connector="OR"),
                        name="extension_one_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lead__isnull", True), ("deadline", "hand_in"), _connector="OR"),
                        name="extension_of_unit_is_for_handing_in",
                    ),
                ],
            },
        ),
        Protect(["Extension"]),
    ]

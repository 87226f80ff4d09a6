"""Where counted copies went, and the slips for what was received."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """Adds PaperPlace, PaperReceipt and PaperReceiptCopy, protected."""

    dependencies = [
        ("calls", "0002_protect_evidence"),
        ("dispatch", "0002_protect_evidence"),
        ("documents", "0004_upload_said"),
        ("organisations", "0003_unit_profiles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="PaperReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=40, unique=True, verbose_name="回执编号")),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_receipts",
                        to="calls.call",
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
            ],
        ),
        CreateModel(
            name="PaperReceiptCopy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "paper_copy",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt_line",
                        to="dispatch.papercopy",
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="dispatch.paperreceipt",
                    ),
                ),
            ],
        ),
        CreateModel(
            name="PaperPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("received", "收到"),
                            ("shelved", "存放"),
                            ("handed", "交出"),
                            ("taken_back", "收回"),
                        ],
                        max_length=10,
                    ),
                ),
                ("shelf", models.CharField(blank=True, max_length=60, verbose_name="存放位置")),
                ("holder", models.CharField(blank=True, max_length=40)),
                ("to", models.CharField(blank=True, max_length=120, verbose_name="交给")),
                ("note", models.CharField(blank=True, max_length=200)),
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
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.office",
                    ),
                ),
                (
                    "paper_copy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="places",
                        to="dispatch.papercopy",
                    ),
                ),
                (
                    "slip",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("received", "shelved", "handed", "taken_back"))),
                        name="paper_place_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "shelved"), _negated=True),
                            models.Q(("shelf", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="paper_shelved_has_shelf",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "handed"), _negated=True),
                            models.Q(("to", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="paper_handed_to_somebody",
                    ),
                ],
            },
        ),
        Protect(["PaperPlace", "PaperReceipt", "PaperReceiptCopy"]),
    ]

"""Publicities, objections with their answers, and the results of the destination."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """Adds them; what stands on them, answers, letters and results are protected."""

    dependencies = [
        ("applications", "0010_results"),
        ("calls", "0003_extensions"),
        ("dispatch", "0004_lists"),
        ("documents", "0006_second_digest"),
        ("organisations", "0003_unit_profiles"),
        ("reviews", "0005_rulings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Objection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=60, unique=True, verbose_name="异议编号")),
                ("state", models.CharField(db_index=True, default="filed", max_length=20)),
                ("text", models.TextField()),
                ("filed_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                ("claimed_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "claimed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="reviews.decision",
                    ),
                ),
                (
                    "filed_with",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="Objector",
            fields=[
                (
                    "objection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="objector",
                        serialize=False,
                        to="dispatch.objection",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="姓名或者单位名称")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="联系电话")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="电子邮箱")),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="联系地址")),
                ("emptied_at", models.DateTimeField(null=True)),
            ],
        ),
        CreateModel(
            name="ObjectionAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("upheld", "异议成立"), ("partly", "部分成立"), ("refused", "异议不成立")],
                        max_length=10,
                        verbose_name="结论",
                    ),
                ),
                ("text", models.TextField(verbose_name="答复")),
                ("strikes", models.BooleanField(default=False)),
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
                    "letter",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "objection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="dispatch.objection",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ("upheld", "partly", "refused"))),
                        name="objection_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "refused"), _negated=True),
                            ("strikes", False),
                            _connector="OR",
                        ),
                        name="objection_refused_keeps",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="objection",
            name="answer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.objectionanswer",
            ),
        ),
        CreateModel(
            name="ObjectionFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "objection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="dispatch.objection",
                    ),
                ),
            ],
        ),
        CreateModel(
            name="ObjectionNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
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
                    "objection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="dispatch.objection",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="Publicity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=60, unique=True, verbose_name="公示编号")),
                ("state", models.CharField(default="prepared", max_length=20)),
                ("title", models.CharField(max_length=200, verbose_name="标题")),
                ("text", models.TextField(verbose_name="正文")),
                ("why", models.CharField(blank=True, max_length=500, verbose_name="理由")),
                ("prepared_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(null=True)),
                ("ends_on", models.DateField(null=True)),
                ("ends_at", models.DateTimeField(db_index=True, null=True)),
                ("extended_on", models.DateField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publicities",
                        to="calls.call",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="documents.document"
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publicities",
                        to="organisations.office",
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="dispatch.publicity",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("prepared", "running", "ended", "passed", "replaced", "withdrawn"))
                        ),
                        name="publicity_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("published_by__isnull", True),
                            models.Q(("published_by", models.F("prepared_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="publicity_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("prepared", "withdrawn")),
                            models.Q(
                                ("version__isnull", False),
                                ("published_by__isnull", False),
                                ("ends_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="publicity_published_has_end",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "prepared")),
                        fields=("call", "office"),
                        name="publicity_one_prepared",
                    ),
                ]
            },
        ),
        migrations.AddField(
            model_name="objection",
            name="publicity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="objections",
                to="dispatch.publicity",
            ),
        ),
        CreateModel(
            name="PublicityItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publicity_items",
                        to="applications.application",
                    ),
                ),
                (
                    "publicity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="dispatch.publicity",
                    ),
                ),
            ],
            options={
                "ordering": ("publicity", "position"),
                "constraints": [
                    models.UniqueConstraint(fields=("publicity", "application"), name="publicity_item_once"),
                    models.UniqueConstraint(fields=("publicity", "position"), name="publicity_position_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="objection",
            name="item",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="objections",
                to="dispatch.publicityitem",
            ),
        ),
        CreateModel(
            name="ResultLetter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issuer", models.CharField(max_length=100, verbose_name="来文机关")),
                ("number", models.CharField(max_length=80, verbose_name="文号")),
                ("title", models.CharField(max_length=200, verbose_name="标题")),
                ("dated", models.DateField(verbose_name="成文日期")),
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
                        related_name="result_letters",
                        to="calls.call",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
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
            ],
            options={
                "ordering": ("-pk",),
                "constraints": [
                    models.UniqueConstraint(fields=("call", "number"), name="result_letter_once")
                ],
            },
        ),
        CreateModel(
            name="Result",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("approved", "批准"), ("not_selected", "未选入")],
                        max_length=12,
                        verbose_name="结果",
                    ),
                ),
                ("issued_name", models.CharField(blank=True, max_length=200, verbose_name="公布的名称")),
                ("issued_unit", models.CharField(blank=True, max_length=200, verbose_name="公布的承担单位")),
                ("applied_name", models.CharField(max_length=200, verbose_name="申请的名称")),
                ("applied_unit", models.CharField(max_length=200, verbose_name="申请的承担单位")),
                ("remark", models.CharField(blank=True, max_length=200, verbose_name="备注")),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="applications.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="dispatch.resultletter",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ("approved", "not_selected"))),
                        name="result_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "approved"), _negated=True),
                            models.Q(
                                models.Q(("issued_name", ""), _negated=True),
                                models.Q(("issued_unit", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="result_approved_has_names",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("filed", "handling", "proposed", "settled", "withdrawn"))),
                name="objection_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "filed"), ("state", "withdrawn"), ("claimed_by__isnull", False), _connector="OR"
                ),
                name="objection_handled_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "settled"), _negated=True),
                    models.Q(("answer__isnull", False), ("confirmed_by__isnull", False)),
                    _connector="OR",
                ),
                name="objection_settled_has_answer",
            ),
        ),
        Protect(
            ["PublicityItem", "ObjectionFile", "ObjectionNote", "ObjectionAnswer", "ResultLetter", "Result"]
        ),
    ]

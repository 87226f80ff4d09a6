"""Experts, their conflicts, panels and who reads what."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shidian.audit.models
from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0008_seals_and_attestations"),
        ("calls", "0003_extensions"),
        ("documents", "0006_second_digest"),
        ("organisations", "0003_unit_profiles"),
        ("reviews", "0006_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Body",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("code", models.CharField(blank=True, db_index=True, max_length=9)),
                ("key", models.CharField(blank=True, db_index=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="applications.application",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
            ],
        ),
        CreateModel(
            name="Expert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unit", models.CharField(max_length=120, verbose_name="工作单位")),
                (
                    "unit_code",
                    models.CharField(blank=True, max_length=18, verbose_name="单位统一社会信用代码"),
                ),
                ("parent_unit", models.CharField(blank=True, max_length=120, verbose_name="上级单位")),
                (
                    "parent_code",
                    models.CharField(blank=True, max_length=18, verbose_name="上级单位统一社会信用代码"),
                ),
                ("title", models.CharField(blank=True, max_length=60, verbose_name="职称")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="手机")),
                ("specialities", shidian.audit.models.JSONText(default=list)),
                ("active", models.BooleanField(default=True)),
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
                        related_name="experts",
                        to="organisations.office",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="expert",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        CreateModel(
            name="Panel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=80, verbose_name="评审组名称")),
                ("areas", shidian.audit.models.JSONText(default=list)),
                ("opens_at", models.DateTimeField(verbose_name="评审开始")),
                ("closes_at", models.DateTimeField(verbose_name="评审截止")),
                ("blind", models.BooleanField(default=False, verbose_name="匿名评审")),
                ("state", models.CharField(default="preparing", max_length=20)),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="panels", to="calls.call"
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="panels",
                        to="organisations.office",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("preparing", "reviewing", "discussing", "closed"))),
                        name="panel_state_known",
                    ),
                    models.UniqueConstraint(fields=("call", "office", "name"), name="panel_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(("closes_at__gt", models.F("opens_at"))),
                        name="panel_closes_after_it_opens",
                    ),
                ],
            },
        ),
        CreateModel(
            name="AssignmentPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "means",
                    models.CharField(
                        choices=[("hand", "手工"), ("csv", "导入"), ("automatic", "自动")], max_length=10
                    ),
                ),
                ("asked", shidian.audit.models.JSONText(default=dict)),
                ("found", shidian.audit.models.JSONText(default=dict)),
                ("state", models.CharField(default="waiting", max_length=20)),
                ("fault", models.CharField(blank=True, max_length=500)),
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
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="reviews.panel"
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ("waiting", "computing", "ready", "failed", "confirmed", "discarded"),
                            )
                        ),
                        name="plan_state_known",
                    )
                ],
            },
        ),
        CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "means",
                    models.CharField(
                        choices=[("hand", "手工"), ("csv", "导入"), ("automatic", "自动")], max_length=10
                    ),
                ),
                ("at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_reason", models.CharField(blank=True, max_length=500)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
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
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.documentversion",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="reviews.expert",
                    ),
                ),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="reviews.panel",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("panel", "expert", "application"),
                        name="assignment_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="assignment_withdrawn_by_someone",
                    ),
                ],
            },
        ),
        CreateModel(
            name="ConflictDeclaration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=120, verbose_name="单位名称")),
                (
                    "unit_code",
                    models.CharField(blank=True, max_length=18, verbose_name="单位统一社会信用代码"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("employed", "任职、兼职或者曾经任职"),
                            ("family", "近亲属或者其他密切关系"),
                            ("advice", "参与过该项目的咨询、辅导或者编写"),
                            ("interest", "经济利益关系"),
                            ("other", "其他可能影响公正的情形"),
                        ],
                        max_length=12,
                        verbose_name="情形",
                    ),
                ),
                ("text", models.CharField(max_length=500, verbose_name="说明")),
                ("at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                    "withdraws",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="reviews.conflictdeclaration",
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="declarations",
                        to="reviews.expert",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("application__isnull", False), ("unit", ""), ("unit_code", "")),
                            models.Q(
                                ("application__isnull", True),
                                models.Q(("unit", ""), ("unit_code", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="declaration_about_one_thing",
                    )
                ],
            },
        ),
        Protect(["ConflictDeclaration"]),
    ]

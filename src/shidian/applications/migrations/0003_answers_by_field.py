"""Answers by field: what was kept a section at a time becomes a row a field, with all its earlier values."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shidian.audit.models
from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


def split_sections(apps, schema_editor):
    """Every change of a field between two saves of its section becomes a revision of the field."""
    sections = apps.get_model("applications", "SectionAnswers")
    answers = apps.get_model("applications", "Answer")
    revisions = apps.get_model("applications", "AnswerRevision")
    for row in sections.objects.select_related("application").order_by("pk"):
        held = {}
        for saved in row.revisions.order_by("number"):
            by = saved.saved_by_id or row.application.started_by_id
            for field, value in saved.data.items():
                answer = held.get(field)
                if answer is not None and answer.value == value:
                    continue
                if answer is None:
                    answer = answers(application=row.application, section=row.section, field=field)
                    held[field] = answer
                answer.number += 1
                answer.value, answer.saved_at, answer.saved_by_id = value, saved.saved_at, by
                answer.save()
                revisions.objects.create(
                    answer=answer,
                    number=answer.number,
                    base=answer.number - 1,
                    value=value,
                    how="typed" if saved.number else "prefilled",
                    at=saved.saved_at,
                    by_id=by,
                )


class Migration(migrations.Migration):
    """Answer and AnswerRevision take the place of SectionAnswers and SectionRevision."""

    dependencies = [
        ("applications", "0002_protect_evidence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("section", models.CharField(max_length=40)),
                ("field", models.CharField(max_length=90)),
                ("value", shidian.audit.models.JSONText(null=True)),
                ("number", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="applications.application",
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("application", "section", "field"), name="answer_once")
                ],
            },
        ),
        CreateModel(
            name="AnswerRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(null=True)),
                ("base", models.PositiveIntegerField()),
                ("value", shidian.audit.models.JSONText(null=True)),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("typed", "填写"),
                            ("prefilled", "从单位资料带入"),
                            ("copied", "从以前的申请带入"),
                            ("restored", "恢复旧稿"),
                            ("imported", "从 Word 导入"),
                            ("aside", "同时修改，没有采用"),
                            ("settled", "选用对方的"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="applications.answer",
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
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(fields=("answer", "number"), name="answer_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("how__in", ("aside", "settled")), ("number__isnull", True))
                        | (
                            models.Q(("how__in", ("aside", "settled")), _negated=True)
                            & models.Q(("number__isnull", False))
                        ),
                        name="answer_revision_numbered",
                    ),
                ],
            },
        ),
        migrations.RunPython(split_sections, migrations.RunPython.noop),
        migrations.DeleteModel(name="SectionRevision"),
        migrations.DeleteModel(name="SectionAnswers"),
        Protect(["AnswerRevision"]),
    ]

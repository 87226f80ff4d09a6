"""What a party vouches for, and agreements that count for a later version."""

import django.db.models.deletion
from django.db import migrations, models

import shidian.audit.models
from shidian.audit.protection import Protect
from shidian.core.tables import CreateModel


class Migration(migrations.Migration):
    """Scopes, terms and carried agreements; the tables that changed are protected anew."""

    dependencies = [
        ("signoffs", "0002_protect_evidence"),
    ]

    operations = [
        migrations.AddField(
            model_name="party",
            name="scope",
            field=shidian.audit.models.JSONText(null=True),
        ),
        migrations.AddField(
            model_name="party",
            name="step",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="round",
            name="terms",
            field=shidian.audit.models.JSONText(default=dict),
        ),
        migrations.AddField(
            model_name="signature",
            name="place",
            field=models.CharField(blank=True, max_length=140),
        ),
        migrations.AddField(
            model_name="signature",
            name="scope_digest",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="signature",
            name="decision",
            field=models.CharField(
                choices=[("agree", "同意"), ("disagree", "不同意"), ("return", "退回修改")], max_length=10
            ),
        ),
        CreateModel(
            name="Carry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scope_digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carries",
                        to="signoffs.party",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carries",
                        to="signoffs.signature",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("party",), name="carry_once")],
            },
        ),
        Protect(["Party", "Signature", "Carry"]),
    ]

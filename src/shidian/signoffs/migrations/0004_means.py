"""Opinions given at the screen and with certificates; the table that changed is protected anew."""

import django.db.models.deletion
import shidian.audit.models
from django.conf import settings
from django.db import migrations, models

from shidian.audit.protection import Protect


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_upload_said"),
        ("signoffs", "0003_scopes_and_carries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="certified",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="documents.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="proof",
            field=shidian.audit.models.JSONText(default=dict),
        ),
        migrations.AlterField(
            model_name="signature",
            name="means",
            field=models.CharField(
                choices=[("paper", "纸质盖章"), ("screen", "在线表态"), ("certificate", "数字证书签名")],
                default="paper",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("means", "certificate"), _negated=True),
                    ("certified__isnull", False),
                    _connector="OR",
                ),
                name="certified_signature_has_pdf",
            ),
        ),
        Protect(["Signature"]),
    ]

"""`shidian prepare`: bring the database and the static files to this version; safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django_q.models import Schedule


class Command(BaseCommand):
    """Migrates, collects the static files, and sees to the hourly anchor."""

    help = "准备数据库和静态文件"

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        Schedule.objects.get_or_create(
            name="anchor", defaults={"func": "shidian.audit.actions.anchor", "schedule_type": Schedule.HOURLY}
        )
        self.stdout.write("数据库和静态文件已就绪")

"""`shidian prepare`: bring the database and the static files to this version; safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django_q.models import Schedule

_JOBS = {
    "anchor": ("shidian.audit.actions.anchor", Schedule.HOURLY),
    "uploads": ("shidian.documents.uploads.tend", Schedule.MINUTES),
    "sweep": ("shidian.documents.uploads.sweep", Schedule.DAILY),
}


class Command(BaseCommand):
    """Migrates, collects the static files, and sees to what is done every hour, minute and day."""

    help = "准备数据库和静态文件"

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        for name, (job, every) in _JOBS.items():
            Schedule.objects.get_or_create(
                name=name, defaults={"func": job, "schedule_type": every, "minutes": 1}
            )
        self.stdout.write("数据库和静态文件已就绪")

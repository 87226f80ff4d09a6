"""`shidian prepare`: bring the database and the static files to this version; safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django_q.models import Schedule

_JOBS: dict[str, tuple[Any, ...]] = {
    "anchor": ("shidian.audit.actions.anchor", Schedule.HOURLY),
    "uploads": ("shidian.documents.uploads.tend", Schedule.MINUTES),
    "reminders": ("shidian.applications.signing.remind_all", Schedule.HOURLY),
    "seals": ("shidian.applications.sealing.follow_all", Schedule.MINUTES),
    "scans": ("shidian.documents.inbox.tend", Schedule.MINUTES),
    "publicities": ("shidian.dispatch.publishing.publicity.tend", Schedule.MINUTES),
    "objectors": ("shidian.dispatch.publishing.objections.forget", Schedule.DAILY),
    "search": ("shidian.search.indexing.tend", Schedule.MINUTES),
    "sweep": ("shidian.documents.uploads.sweep", Schedule.DAILY),
    "messages": ("shidian.notifications.sending.tend", Schedule.MINUTES),
    "digests": ("shidian.notifications.reminders.tend", Schedule.MINUTES, 10),
    "old-messages": ("shidian.notifications.sending.empty_old", Schedule.DAILY),
}


class Command(BaseCommand):
    """Migrates, collects the static files, and sees to what is done every hour, minute and day."""

    help = "准备数据库和静态文件"

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        for name, (job, every, *minutes) in _JOBS.items():
            Schedule.objects.get_or_create(
                name=name,
                defaults={"func": job, "schedule_type": every, "minutes": minutes[0] if minutes else 1},
            )
        self.stdout.write("数据库和静态文件已就绪")

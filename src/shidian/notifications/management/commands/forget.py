"""`shidian forget`: empty the texts of messages that are older than they are kept; the worker does so every day."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from shidian.notifications.sending import empty_old


class Command(BaseCommand):
    """Empties what was said; that it was sent, and whether it arrived, stays."""

    help = "清空超过保存期的消息内容，只留寄到没有的记录"

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it now."""
        count = empty_old()
        self.stdout.write(f"清空了 {count} 条超过 {settings.MESSAGE_DAYS} 天的消息")

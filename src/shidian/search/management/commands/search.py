"""`shidian search rebuild|check`: the index of applications."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shidian.search.indexing import missing, rebuild
from shidian.search.models import Entry


class Command(BaseCommand):
    """Makes the search index anew, or tells whether anything is missing in it."""

    help = "重建搜索索引，或检查有没有遗漏"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """rebuild or check."""
        parser.add_argument("verb", choices=("rebuild", "check"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one of the two; something missing ends with status 1."""
        if options["verb"] == "rebuild":
            done = 0
            for done in rebuild():
                if done % 1000 == 0:
                    self.stdout.write(f"已建 {done} 件")
            self.stdout.write(f"搜索索引已重建：{done} 件申请，{Entry.objects.count()} 条")
            return
        left = missing()
        if left:
            raise CommandError(f"有 {left} 件申请不在搜索索引里，请运行 shidian search rebuild")
        self.stdout.write(f"没有遗漏：{Entry.objects.count()} 条")

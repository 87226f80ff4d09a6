"""`shidian demonstrate`: set up the data that a demonstration runs on."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shidian.calls.packages import PackageErrors, read
from shidian.core.errors import Refused
from shidian.rehearsal.cast import shipped_package
from shidian.rehearsal.demonstration import set_up


class Command(BaseCommand):
    """Loads the call as it was and moved to today, with accounts and applications to try every step."""

    help = "装入演示数据：原批次、日期移到今天的演示批次、各种角色的账号和各种状态的申请"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Another package than the one shipped."""
        parser.add_argument("--package", type=Path, help="征集批次的数据包，缺省为随系统提供的一个")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set up; nothing changes when it was done before."""
        folder = options["package"] or shipped_package()
        if folder is None:
            raise CommandError("没有找到数据包，请用 --package 指定")
        logging.getLogger("django-q").setLevel(
            logging.WARNING
        )  # one line for each letter asked for would hide ours
        try:
            set_up(read(folder), tell=self.stdout.write)
        except PackageErrors as found:
            raise CommandError("\n".join(str(problem) for problem in found.problems)) from found
        except Refused as refusal:
            raise CommandError(refusal.reason) from refusal

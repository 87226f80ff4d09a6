"""`shidian rehearse`: play the whole procedure on a private database and write the package it ends in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from shidian.calls.packages import PackageErrors, read
from shidian.rehearsal.cast import shipped_package
from shidian.rehearsal.play import play
from shidian.rehearsal.troupe import NotAsItMustBe

UNITS = 24


class Command(BaseCommand):
    """Runs a rehearsal in a folder of its own, so that no data of this installation is touched."""

    help = "用同一套办理程序把全过程演练一遍，写出报送包并核验"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Seed, output folder, package, number of units; `--here` uses the database of the settings."""
        parser.add_argument("--seed", type=int, default=10)
        parser.add_argument("--out", type=Path, required=True, help="报送包写到这个文件夹")
        parser.add_argument("--package", type=Path, help="征集批次的数据包，缺省为随系统提供的一个")
        parser.add_argument("--units", type=int, default=UNITS)
        parser.add_argument("--json", type=Path, help="把数字写成 JSON")
        parser.add_argument("--database", default="", help="另用一个空的数据库，缺省为临时的 SQLite")
        parser.add_argument("--here", action="store_true", help="用设置里的数据库（必须是空的）")
        parser.add_argument("--throwaway", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Play here, or in a process with a folder of its own."""
        package = options["package"] or shipped_package()
        if package is None:
            raise CommandError("没有找到数据包，请用 --package 指定")
        if options["here"]:
            self._play(package, options)
        else:
            self._elsewhere(package, options)

    def _elsewhere(self, package: Path, options: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="shidian-rehearsal-") as folder:
            environment = {
                **os.environ,
                "SHIDIAN_MODE": "development",
                "SHIDIAN_DATA": folder,
                "DATABASE_URL": options["database"],
                "SHIDIAN_JOBS_INLINE": "0",
                "SHIDIAN_DEBUG": "0",
                "DJANGO_SETTINGS_MODULE": "shidian.config.settings",
            }
            command = [sys.executable, "-m", "shidian", "rehearse", "--here", f"--seed={options['seed']}"]
            command += [f"--out={options['out']}", f"--package={package}", f"--units={options['units']}"]
            if not options["database"]:
                command.append("--throwaway")
            if options["json"]:
                command.append(f"--json={options['json']}")
            self.stdout.flush()
            ended = subprocess.run(command, env=environment, check=False)
        if ended.returncode:
            raise CommandError("演练没有通过，见上面的说明", returncode=ended.returncode)

    def _play(self, folder: Path, options: dict[str, Any]) -> None:
        if settings.PRODUCTION:
            raise CommandError("正式运行的数据库里不能演练")
        try:
            package = read(folder)
        except PackageErrors as found:
            raise CommandError("\n".join(str(problem) for problem in found.problems)) from found
        if options["throwaway"]:
            with connection.cursor() as cursor:  # a power failure may take what is deleted in a minute anyway
                cursor.execute("PRAGMA synchronous=OFF")
        call_command("migrate", interactive=False, verbosity=0)
        began = perf_counter()
        try:
            outcome = play(
                package, seed=options["seed"], units=options["units"], out=options["out"], tell=self._tell
            )
        except NotAsItMustBe as fault:
            raise CommandError(f"演练发现不该有的情形：{fault}") from fault
        seconds = perf_counter() - began
        if options["json"]:
            figures = {
                "apps_per_s": round(outcome.applications / seconds, 3),
                "seconds": round(seconds, 3),
                "digest": outcome.digest,
                "package": str(outcome.path),
                **outcome.numbers,
                "acts": outcome.acts,
            }
            options["json"].write_text(
                json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )
        self._tell(f"用时 {seconds:.1f} 秒，报送包：{outcome.path}")
        self._tell(outcome.digest)

    def _tell(self, words: str) -> None:
        self.stdout.write(words)

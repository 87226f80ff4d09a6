"""`shidian serve`: the server and its worker, which begin and end together, after looking whether this may run."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import socket
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.urls import get_resolver
from granian import Granian
from granian.constants import Interfaces

from shidian.accounts.models import User

CODE_FILE = "first-administrator-code"


def first_administrator_code() -> str:
    """The code that the first visitor must type to become administrator; kept in the data folder until then."""
    kept: Path = settings.DATA / CODE_FILE
    if not kept.exists():
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secrets.randbelow(10**8):08d}")
    return kept.read_text().strip()


def _process(target: Callable[..., object], *given: object) -> BaseProcess:
    """A process that begins as a copy of this one, so that what is loaded is loaded and kept once."""

    def run() -> None:
        os.setsid()  # Ctrl-C reaches the first process alone, which then ends each of them once
        target(*given)

    started = get_context("fork").Process(target=run)
    started.start()
    return started


class Command(BaseCommand):
    """Starts granian and the background worker, and ends both on SIGTERM, SIGINT, or when one of them dies."""

    help = "启动网站和后台任务"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, and with how many processes."""
        address = urlsplit(settings.ADDRESS)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=address.port or 8000)
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--threads", type=int, default=4)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, announce, run."""
        self._require_sound()
        self._require_port(options["host"], options["port"])
        self._announce(options)
        self._load()
        children = [_process(self._serve_pages, options), _process(call_command, "qcluster")]
        ended = False

        def end(number: int, frame: FrameType | None) -> None:
            nonlocal ended
            ended = True

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        while not ended and all(child.is_alive() for child in children):
            time.sleep(0.2)
        for child in children:
            child.terminate()
        for child in children:
            child.join(timeout=20)
            if child.pid:
                # Whoever is left hangs, or lost the process that started it.
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
        if not ended:
            raise CommandError("服务意外结束，请看上面的记录")

    def _require_sound(self) -> None:
        if settings.PRODUCTION and not (settings.SECURE or settings.ALLOW_HTTP):
            raise CommandError(
                f"正式运行要用 https 地址，现在的 SHIDIAN_ADDRESS 是 {settings.ADDRESS}。"
                "请在前面放一个带证书的代理（见 docs/operator）；"
                "确实只在封闭的内网用 http 的，请设 SHIDIAN_ALLOW_HTTP=1。"
            )
        call_command(
            "check", deploy=settings.PRODUCTION, fail_level="WARNING" if settings.PRODUCTION else "ERROR"
        )
        connection = connections[DEFAULT_DB_ALIAS]
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("数据库还没有准备好，请先运行 shidian prepare")
        if settings.PRODUCTION and User.objects.filter(is_demonstration=True).exists():
            raise CommandError("这个数据库里有演示账号，不能用于正式运行")

    def _require_port(self, host: str, port: int) -> None:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                raise CommandError(
                    f"端口 {port} 已被别的程序占用，请换一个：make run PORT={port + 100}，或 shidian serve --port {port + 100}"
                ) from None

    def _load(self) -> None:
        """Load all pages, and leave nothing open that two processes must not share."""
        import_module("shidian.config.wsgi")
        get_resolver().url_patterns  # noqa: B018 (reads them)
        connections.close_all()
        gc.collect()
        gc.freeze()  # looking for garbage would copy what is shared

    def _serve_pages(self, options: dict[str, Any]) -> None:
        Granian(
            "shidian.config.wsgi:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.WSGI,
            workers=options["processes"],
            blocking_threads=options["threads"],
            backlog=2048,
            websockets=False,
            respawn_failed_workers=True,
            static_path_route=["/static"],
            static_path_mount=[settings.STATIC_ROOT],
        ).serve()

    def _announce(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"\n  {settings.SITE_NAME}：{settings.ADDRESS}\n")
        if settings.DEMONSTRATION:
            self.stdout.write(f"  这是演示系统，登录页列有各种角色的账号：{settings.ADDRESS}/sign-in/\n")
        elif not User.objects.exists():
            self.stdout.write(f"  还没有账号。请打开 {settings.ADDRESS}/first-administrator/ 设立系统管理员")
            self.stdout.write(f"  开通码：{first_administrator_code()}\n")
        self.stdout.flush()

"""A private PostgreSQL cluster on loopback for the length of a test run."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

TEMPLATE = "shidian_template"
"""The database that test databases are copied from (tests/template.py)."""


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, or None when they are not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def start() -> str:
    """Start a cluster in a temporary folder and return its address; it ends with this process."""
    folder = programs()
    if folder is None:
        raise LookupError("PostgreSQL's server programs are not installed")
    home = Path(tempfile.mkdtemp(prefix="shidian-postgres-"))
    run_as: dict[str, int] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("postgres" if _has_user("postgres") else "nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(
        [
            folder / "initdb",
            "-D",
            home / "data",
            "-U",
            "shidian",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=home,
        **run_as,  # type: ignore[call-overload]
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=100"
    control = [folder / "pg_ctl", "-D", home / "data", "-w", "-s"]
    subprocess.run(
        [*control, "-l", home / "log", "-o", options, "start"],
        check=True,
        cwd=home,
        **run_as,  # type: ignore[call-overload]
    )

    def stop() -> None:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, cwd=home, **run_as)  # type: ignore[call-overload]
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql://shidian@127.0.0.1:{port}/shidian"


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True

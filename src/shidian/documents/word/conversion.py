"""Turns .doc, .wps, .odt and .rtf into .docx by LibreOffice, if this machine has it.

A process of its own with a profile of its own, limits on time, memory and disk, without network where the system lets
us take it away, and without macros; its folder is gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

from shidian.core.said import say
from shidian.documents.word.opening import Unreadable

SECONDS = 60
_CPU_SECONDS = 60
_MEMORY_KB = 6 << 20
_BLOCKS = 400 << 11
"""What one file may become: 400 MB, in blocks of 512 bytes."""
_WAIT_FOR_TURN = 60.0
_turn = threading.BoundedSemaphore(1)

MISSING = say("这台服务器没有安装 LibreOffice，暂时只能读 .docx；请用 Word 或 WPS 另存为 .docx 再上传。")

_LIMITS = 'ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; shift 3; exec "$@"'
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"""


def program() -> str | None:
    """Where LibreOffice is, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_docx(content: bytes, extension: str, *, seconds: float = SECONDS) -> bytes:
    """`content` as .docx; `extension` says what it is.

    Unreadable: LibreOffice is not installed, others wait before this one, it took too long, or it opened nothing.
    """
    office = program()
    if office is None:
        raise Unreadable("no_converter", MISSING)
    if not _turn.acquire(timeout=_WAIT_FOR_TURN):
        raise Unreadable(
            "busy", say("正在转换的文件较多，没有轮到这个文件。请稍等一分钟再上传，或者另存为 .docx 再上传。")
        )
    try:
        with tempfile.TemporaryDirectory(prefix="shidian-word-", ignore_cleanup_errors=True) as name:
            return _convert(office, Path(name), content, extension, seconds)
    finally:
        _turn.release()


def _convert(office: str, folder: Path, content: bytes, extension: str, seconds: float) -> bytes:
    profile, out, given = folder / "profile" / "user", folder / "out", folder / f"file.{extension}"
    profile.mkdir(parents=True)
    out.mkdir()
    (profile / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    given.write_bytes(content)
    command = [
        *("/bin/sh", "-c", _LIMITS, "sh", str(_CPU_SECONDS), str(_MEMORY_KB), str(_BLOCKS)),
        *_alone(),
        office,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        *("--headless", "--invisible", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
        *("--convert-to", "docx:MS Word 2007 XML", "--outdir", str(out), str(given)),
    ]
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        # A proxy that is not there, for systems where the network cannot be taken away.
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(
            "too_complex",
            say(
                "这个文件在 {seconds:.0f} 秒内没有转换完，可能太大或已损坏。请用 Word 或 WPS 另存为 .docx 再上传。",
                seconds=seconds,
            ),
        ) from error
    finally:
        # LibreOffice starts children of its own; none of them may stay.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    made = out / "file.docx"
    if not made.is_file() or not made.stat().st_size:
        raise Unreadable(
            "damaged",
            say("这个文件打不开，可能已损坏或设有密码。请用 Word 或 WPS 打开，另存为 .docx 再上传。"),
        )
    return made.read_bytes()


@cache
def _alone() -> tuple[str, ...]:
    """The command that takes the network away, where the system allows it without being root."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    probe = subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False, timeout=10)
    return (unshare, "-rn") if probe.returncode == 0 else ()

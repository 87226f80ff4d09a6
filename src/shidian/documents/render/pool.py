"""Prints many papers at once on several processes, in order and with bounded memory."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from shidian.documents.render.compiler import (
    PaperError,
    Standard,
    compile_paper,
    load_fonts,
)

# A process takes about as long to start as five papers to print.
WORTH_A_POOL = 8
AHEAD = 4


@dataclass(frozen=True)
class Job:
    """One paper to print; the fields are the arguments of `compile_paper`."""

    template: bytes
    data: Mapping[str, Any]
    pinned: datetime
    standard: Standard = "a-3b"
    attach: Mapping[str, bytes] = field(default_factory=dict)
    extra_fonts: Path | None = None


def compile_job(job: Job) -> bytes | PaperError:
    """Prints one job; a refusal is returned, not raised, so that the others go on."""
    try:
        return compile_paper(
            job.template,
            job.data,
            pinned=job.pinned,
            standard=job.standard,
            attach=job.attach,
            extra_fonts=job.extra_fonts,
        )
    except PaperError as error:
        return error


def compile_many(jobs: Iterable[Job], *, workers: int | None = None) -> Iterator[bytes | PaperError]:
    """Yields for each job, in the order given, its PDF or the PaperError that refused it.

    `workers` is the number of processes, one per processor when not given; few jobs or one worker are printed in
    this process. Jobs are drawn as they are needed, so an endless or large iterable needs little memory.
    """
    workers = workers or os.cpu_count() or 1
    waiting = iter(jobs)
    first = list(islice(waiting, WORTH_A_POOL))
    if workers == 1 or len(first) < WORTH_A_POOL:
        yield from map(compile_job, chain(first, waiting))
        return
    # Forking a process that has threads can hang the child.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=load_fonts) as pool:
        running: deque[Future[bytes | PaperError]] = deque()
        for job in chain(first, waiting):
            running.append(pool.submit(compile_job, job))
            if len(running) >= workers * AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

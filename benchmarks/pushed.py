"""The whole system of `tileweave up`: both emulators, each function in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.emulated import HEAP, forget
from tileweave.cli.local_run import LocalRun, local_run


@contextmanager
def system() -> Iterator[LocalRun]:
    """Run it until the block ends; the environment of this process names it meanwhile."""
    before = dict(os.environ)
    os.environ.setdefault("TILEWEAVE_FIRESTORE_HEAP", HEAP)
    forget()
    try:
        with local_run(0, None) as run:
            yield run
    finally:
        os.environ.clear()
        os.environ.update(before)
        forget()

"""Something done every few seconds, as a scheduler would, until the block ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def every(seconds: float, do: Callable[[], None]) -> Iterator[None]:
    """Call `do` every so many seconds while the block runs, the first time after as many."""
    stopping = threading.Event()

    def tick() -> None:
        while not stopping.wait(seconds):
            do()

    thread = threading.Thread(target=tick, name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()

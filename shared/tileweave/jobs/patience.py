"""How long a job may take, and how long it may go on once its worker is asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

LOOK_SECONDS = 0.2
GRACE_SECONDS = 4.0


class End(Enum):
    """How waiting for a job ended."""

    ITSELF = auto()
    """The job ended."""
    STOPPED = auto()
    """Its worker is to stop, and the grace is over."""
    LATE = auto()
    """It took too long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a job may take (None: any time), and that it has left after a stop."""

    timeout: float | None = None
    grace: float = GRACE_SECONDS

    def wait(
        self,
        ended: Callable[[float], bool],
        stop: threading.Event,
        tell: Callable[[], None] = lambda: None,
    ) -> End:
        """Wait for a job; `ended` waits so long, and says if it has. A stop is told to it once."""
        began, asked = time.monotonic(), None
        while not ended(LOOK_SECONDS):
            now = time.monotonic()
            if self.timeout is not None and now - began >= self.timeout:
                return End.LATE
            if stop.is_set():
                if asked is None:
                    asked = now
                    tell()
                if now - asked >= self.grace:
                    return End.STOPPED
        return End.ITSELF

    @property
    def exceeded(self) -> str:
        """What is said of a job that took too long."""
        return f"it was ended after {self.timeout:g} s, the timeout of its worker"

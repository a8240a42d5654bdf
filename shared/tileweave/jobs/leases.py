"""The jobs that a worker holds: their leases are extended until it lets go of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence


class Leases:
    """The ids of the messages that are held."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._held)

    def hold(self, ack_ids: Iterable[str]) -> None:
        """Hold these, too."""
        with self._lock:
            self._held.update(ack_ids)

    def let_go(self, ack_id: str) -> None:
        """Hold this one no longer."""
        with self._lock:
            self._held.discard(ack_id)

    def extend(self, by: Callable[[Sequence[str]], None]) -> None:
        """Have all that are held extended."""
        with self._lock:
            held = list(self._held)
        by(held)

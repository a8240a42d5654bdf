"""What goes wrong with results on their way: lost, late, twice, in another order. On purpose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tileweave.jobs.job import Job

_SCALE = float(2**32)


@dataclass(frozen=True, slots=True)
class Troubles:
    """The part of results that is lost or comes twice, and how many seconds late they may be."""

    duplicate: float = 0.0
    delay: float = 0.0
    drop: float = 0.0
    seed: int = 0

    def deliveries(self, job: Job) -> list[float]:
        """Return after how many seconds a result is sent, each time; never: it is lost.

        It depends on seed, names and attempt, and on nothing else.
        """
        lost, twice, *late = self._drawn(job)
        if lost < self.drop:
            return []
        times = 2 if twice < self.duplicate else 1
        return sorted(self.delay * each for each in late[:times])

    def _drawn(self, job: Job) -> Iterator[float]:
        """Return four numbers from 0 up to 1."""
        named = ["troubles", self.seed, job.kind, job.id, job.attempt or 1]
        digest = hashlib.sha256(json.dumps(named).encode()).digest()
        return (
            int.from_bytes(digest[start : start + 4], "big") / _SCALE for start in range(0, 16, 4)
        )


NONE = Troubles()

"""What a snapshot says of a scene or tile besides its content: the state that it was in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tileweave.domain.model import Change
from tileweave.domain.status import Status


@dataclass(frozen=True, slots=True)
class Kept:
    """A tile that a FAILED one names, or that named it: by its names, and its scene's date."""

    source_id: str
    scene_source_id: str
    date: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a scene was in its life, and how it came there."""

    status: Status
    attempt: int
    message: str
    retry_countdown: int
    updated_at: datetime
    history: tuple[Change, ...]
    """All of it, the oldest first."""
    retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TileState(State):
    """The same of a tile; what is kept by a FAILED one is named here.

    `previous` and `reference` are those of a tile that was `cut` out of its chain: nothing waits
    for it, nor it for them.
    """

    cut: bool = False
    previous: Kept | None = None
    reference: Kept | None = None
    heir: Kept | None = None
    next: tuple[Kept, ...] = ()
    referenced_by: tuple[Kept, ...] = ()

    @property
    def followed(self) -> tuple[Kept, ...]:
        """What links over a FAILED tile lead to: one not cut out yet, to all that named it."""
        if self.status is not Status.FAILED:
            return ()
        named = tuple(each for each in (self.previous, self.reference, self.heir) if each)
        return named if self.cut else (*named, *self.next, *self.referenced_by)

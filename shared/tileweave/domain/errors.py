"""What can go wrong, without a word of HTTP.

TileweaveError
├── NotFound              an AOI, scene or tile that is not there
├── AlreadyExists         an AOI or scene that is there already
├── NotAllowed            the status of a scene or tile does not allow what was asked
├── Invalid               well-formed input with wrong content; lists every wrong field
├── TooLarge              more than one document or request can hold
├── IdCollision           two different scenes or tiles with the same derived id
├── PlaceRefused          a file that may not be read or written: not on the list, or forbidden
├── NothingThere          a file that is not there
├── Conflict              somebody else changed a document since it was read: read again
└── Unavailable           the store, the publisher or a place does not answer: try again later
    ├── Uncertain         nobody knows whether what was committed took effect
    └── NotAccepted       some messages were not accepted; says which
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tileweave.domain.messages import Message


class TileweaveError(Exception):
    """Base of all errors that Tileweave raises on purpose."""


class NotFound(TileweaveError):
    """Raised when an AOI, scene or tile does not exist."""

    def __init__(self, kind: str, name: str | int) -> None:
        super().__init__(f"There is no {kind} {name}.")
        self.kind = kind
        self.name = name


class AlreadyExists(TileweaveError):
    """Raised when an AOI or scene is created a second time; `id` is the existing scene's."""

    def __init__(self, kind: str, name: str, id: int | None = None) -> None:
        super().__init__(f"The {kind} {name} exists already.")
        self.id = id


class NotAllowed(TileweaveError):
    """Raised when a status (of the thing itself or of what it depends on) forbids the call."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong field: its path (`tiles.A44_IW1_8951.previous_tile_id`) and what is wrong."""

    path: str
    message: str


class Invalid(TileweaveError):
    """Raised when input is well-formed but wrong; carries every wrong field."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{each.path}: {each.message}" for each in problems))
        self.problems = problems


class TooLarge(TileweaveError):
    """Raised when a scene is larger than a document can be."""


class IdCollision(TileweaveError):
    """Raised when a new scene or tile has the id of a different existing one."""


class PlaceRefused(TileweaveError):
    """Raised when a file may not be read or written here; `why` says what to mend."""

    def __init__(self, href: str, why: str) -> None:
        super().__init__(f"{href}: {why}")
        self.href = href
        self.why = why


class NothingThere(TileweaveError):
    """Raised when there is no file of that address."""

    def __init__(self, href: str) -> None:
        super().__init__(f"{href}: there is no such file.")
        self.href = href


class Conflict(TileweaveError):
    """Raised when a document changed, appeared or vanished between its read and the commit."""


class Unavailable(TileweaveError):
    """Raised when the store, the publisher or a place does not answer in time."""


class Uncertain(Unavailable):
    """Raised when the answer to a commit is missing: it may have taken effect."""


class NotAccepted(Unavailable):
    """Raised when some messages were not accepted; all others were.

    Those `waiting` may be published again; those `refused`, each with the reason, never will be
    accepted: too large, say.
    """

    def __init__(
        self, said: str, waiting: Sequence[Message], refused: Sequence[tuple[Message, str]] = ()
    ) -> None:
        super().__init__(said)
        self.waiting = tuple(waiting)
        self.refused = tuple(refused)

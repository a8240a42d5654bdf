"""What calls return, where it is not GeoJSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Counts(_Answer):
    """How many scenes, or tiles, there are of each status."""

    new: int
    pending: int
    done: int
    retry: int
    failed: int
    total: int

    @property
    def open(self) -> str:
        """Those that are neither DONE nor FAILED, in words: `2 PENDING, 1 NEW`."""
        found = {"NEW": self.new, "PENDING": self.pending, "RETRY": self.retry}
        return ", ".join(f"{count} {status}" for status, count in found.items() if count)

    @property
    def settled(self) -> int:
        """How many are DONE or FAILED."""
        return self.done + self.failed


class Overview(_Answer):
    """An AOI: its status, how many scenes and tiles it has, and the dates they span."""

    name: str
    status: str
    scenes: Counts
    tiles: Counts
    root_tiles: int
    first: datetime | None = Field(None, alias="from")
    last: datetime | None = Field(None, alias="to")
    progress: float

    @property
    def settled(self) -> bool:
        """Whether nothing is NEW, PENDING or in RETRY."""
        return not (self.scenes.open or self.tiles.open)


class Retried(_Answer):
    """How many scenes and tiles are handed out again."""

    scenes: int = Field(0, alias="Scenes")
    tiles: int = Field(0, alias="Tiles")


class Wrong(_Answer):
    """Why a scene was refused: the path of a field, and what is wrong with it."""

    path: str
    message: str


class Outcome(_Answer):
    """What became of one scene of many."""

    source_id: str
    outcome: Literal["added", "known", "refused"]
    id: int | None = None
    errors: tuple[Wrong, ...] = ()


class Outcomes(_Answer):
    """What became of many scenes."""

    added: int
    known: int
    refused: int
    scenes: tuple[Outcome, ...]

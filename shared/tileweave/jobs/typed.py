"""Jobs with types, for functions that work on them."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, validate_by_name=True)


def _there(tile: object) -> object:
    """Take the empty tile for none: so jobs write that there is no previous or reference."""
    return None if isinstance(tile, dict) and not tile.get("id") else tile


class JobScene(_Model):
    """A scene: `data` is what it came with (`date`, `graph_name`, `storage_uri`, ...)."""

    id: int
    source_id: str
    aoi: str
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def datetime(self) -> datetime | None:
        """When the scene was taken; None if its data does not say."""
        try:
            return datetime.fromisoformat(str(self.data.get("date")))
        except ValueError:
            return None


class JobTile(_Model):
    """A tile of a scene: `data` has its `swath_id`, `tile_nr`, `graph_name`, ..."""

    id: int
    source_id: str
    scene: JobScene
    data: dict[str, Any] = Field(default_factory=dict)


class _Job(_Model):
    attempt: int = 1
    """How many times it was handed out."""
    stopping: threading.Event = Field(default_factory=threading.Event, exclude=True, repr=False)
    """Set when its worker is to stop, or its time is over: then raise GiveBack, or finish soon."""


class SceneJob(JobScene, _Job):
    """The download of a scene."""


_Linked = Annotated[JobTile | None, BeforeValidator(_there)]


class TileJob(JobTile, _Job):
    """The processing of a tile; its scene, `previous` and `reference` (if any) are DONE."""

    previous: _Linked = Field(None, validation_alias=AliasChoices("tile_previous", "previous"))
    reference: _Linked = Field(None, validation_alias=AliasChoices("tile_reference", "reference"))

    @property
    def aoi(self) -> str:
        """The area of interest."""
        return self.scene.aoi

    @property
    def datetime(self) -> datetime | None:
        """When its scene was taken; None if the data does not say."""
        return self.scene.datetime

"""What calls return: models, and GeoJSON as it is."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter


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
    generation: int = 0
    """How many AOIs of this name were deleted before; ids are derived from it too."""

    @property
    def settled(self) -> bool:
        """Whether nothing is NEW, PENDING or in RETRY."""
        return not (self.scenes.open or self.tiles.open)


class ListedAoi(Overview):
    """An AOI in a list: the same, but called `ID` there."""

    name: str = Field(alias="ID")


class JobScene(_Answer):
    """A scene as jobs show it."""

    id: int
    source_id: str
    aoi: str
    data: dict[str, Any]


class JobTile(_Answer):
    """A tile as jobs and the lists of root and leaf tiles show it."""

    id: int
    source_id: str
    scene: JobScene
    data: dict[str, Any]


class Added(_Answer):
    """The scene that was added."""

    id: int


class Retried(_Answer):
    """How many scenes and tiles are handed out again."""

    scenes: int = Field(alias="Scenes")
    tiles: int = Field(alias="Tiles")


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


Feature = dict[str, Any]
"""A GeoJSON Feature (RFC 7946), EPSG:4326, lon/lat."""

FeatureCollection = dict[str, Any]
"""A GeoJSON FeatureCollection (RFC 7946), EPSG:4326, lon/lat."""


class NamedTile(_Answer):
    """A tile that another one names."""

    id: int
    source_id: str
    scene_source_id: str


class TileLinks(_Answer):
    """What a tile names."""

    previous: NamedTile | None
    reference: NamedTile | None


class Relinked(NamedTile):
    """A tile that is there already, and whose links would change."""

    before: TileLinks
    after: TileLinks


class Foreseen(Outcomes):
    """What adding scenes would make: a FeatureCollection that can be added, and tiles relinked."""

    graph: FeatureCollection
    relinked: tuple[Relinked, ...]


class Link(_Answer):
    """Where something else is found."""

    rel: str
    href: str


class Page(_Answer):
    """A page of a list: a FeatureCollection with links."""

    type: Literal["FeatureCollection"]
    features: tuple[Feature, ...]
    links: tuple[Link, ...]

    @property
    def next(self) -> str | None:
        """Where the next page is found; None at the end of the list."""
        return next((each.href for each in self.links if each.rel == "next"), None)


def _of_type(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    if found.get("type") != kind:
        raise ValueError(f"is no {kind}")
    return found


class Change(_Answer):
    """A change of the status of a scene or tile: when, by whom and why."""

    when: datetime
    before: str | None = Field(alias="from")
    """None: it was added."""
    after: str = Field(alias="to")
    attempt: int
    message: str
    actor: str
    reason: str


class Lease(_Answer):
    """Until when a job may go without a sign of its worker."""

    id: int
    attempt: int
    lease_until: datetime


class JobSettings(_Answer):
    """What an AOI says of its jobs: times in seconds, and the queues that they go to, if any."""

    lease_seconds: float
    retry_delay_seconds: float
    retry_delay_factor: float
    retry_delay_cap_seconds: float
    scene_jobs_queue: str | None = None
    tile_jobs_queue: str | None = None


class RejectedMessage(_Answer):
    """A message that changed nothing, and why."""

    id: str
    kind: str
    error: str
    aoi: str
    topic: str
    message_id: str
    body: str
    received_at: datetime
    expires_at: datetime
    replayed_at: datetime | None


class RejectedPage(_Answer):
    """A page of rejected messages."""

    rejected: tuple[RejectedMessage, ...]
    links: tuple[Link, ...] = ()

    @property
    def next(self) -> str | None:
        """Where the next page is found, if there is one."""
        return next((each.href for each in self.links if each.rel == "next"), None)


class SnapshotPage(Page):
    """A page of a snapshot: whole scenes, and of which AOI, as of when."""

    snapshot: dict[str, Any]


class ExportedFile(_Answer):
    """A file that a snapshot was written to."""

    href: str
    format: str
    scenes: int
    tiles: int
    bytes: int


class RestoredSnapshot(_Answer):
    """How many scenes, with how many tiles, were restored; `known` ones were there already."""

    restored: int = 0
    known: int = 0
    tiles: int = 0

    def __add__(self, other: RestoredSnapshot) -> RestoredSnapshot:
        """Return both together."""
        return RestoredSnapshot(
            restored=self.restored + other.restored,
            known=self.known + other.known,
            tiles=self.tiles + other.tiles,
        )


SNAPSHOT = TypeAdapter(SnapshotPage)
EXPORTED = TypeAdapter(ExportedFile)
RESTORED = TypeAdapter(RestoredSnapshot)
HISTORY = TypeAdapter(list[Change])
LEASE = TypeAdapter(Lease)
SETTINGS = TypeAdapter(JobSettings)
REJECTED = TypeAdapter(RejectedMessage)
REJECTED_PAGE = TypeAdapter(RejectedPage)
AOIS = TypeAdapter(list[ListedAoi])
OVERVIEW = TypeAdapter(Overview)
ADDED = TypeAdapter(Added)
OUTCOMES = TypeAdapter(Outcomes)
FORESEEN = TypeAdapter(Foreseen)
RETRIED = TypeAdapter(Retried)
JOB_TILES = TypeAdapter(list[JobTile])
PAGE = TypeAdapter(Page)
FEATURE: TypeAdapter[Feature] = TypeAdapter(
    Annotated[dict[str, Any], AfterValidator(partial(_of_type, "Feature"))]
)
COLLECTION: TypeAdapter[FeatureCollection] = TypeAdapter(
    Annotated[dict[str, Any], AfterValidator(partial(_of_type, "FeatureCollection"))]
)

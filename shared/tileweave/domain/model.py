"""Scenes and tiles: frozen, so that a decision cannot change what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from tileweave.domain.status import Status

Json = dict[str, Any]
"""A JSON object of somebody else's, kept as it came and never written to."""


class Key(NamedTuple):
    """Names one scene or tile."""

    kind: Literal["scene", "tile"]
    id: int


@dataclass(frozen=True, slots=True)
class Link:
    """One tile as seen from another that depends on it (or took its place)."""

    tile_id: int
    source_id: str
    scene_id: int
    scene_source_id: str
    date: datetime


ACTORS = frozenset({"worker", "propagation", "janitor", "ingestion"})
"""What changes a status by itself; everybody else is an operator, by name."""


RESTORES = "restore/"
"""How the name begins of what puts scenes and tiles of a snapshot back."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what changed a status, by which message (it is applied once), and why."""

    actor: str
    message: str = ""
    message_id: str = ""
    reason: str = ""

    @property
    def is_a_person(self) -> bool:
        """Whether an operator did it, and not the system itself."""
        return self.actor not in ACTORS

    @property
    def restores(self) -> bool:
        """Whether this is what put it there, out of a snapshot, with changes from before."""
        return self.message_id.startswith(RESTORES)


@dataclass(frozen=True, slots=True)
class Change:
    """One status change, as kept in the history."""

    at: datetime
    before: Status | None
    after: Status
    attempt: int
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What scenes and tiles have in common: they are handed out, and come back with a result.

    `attempt` counts how often it was handed out, `retries` how often in a row by itself. `outbox`
    names what a commit promised and nobody has confirmed yet (tokens of `outbox.py`).
    """

    id: int
    source_id: str
    aoi: str
    generation: int = 0
    """How often an AOI of that name was deleted before this one was made."""
    date: datetime
    data: Json
    geometry: str | None = None
    """GeoJSON text of a Polygon or MultiPolygon, EPSG:4326, lon/lat."""
    wkt: str | None = None
    """The geometry as it was spelt by whoever added it, EPSG:4326, lon/lat."""
    status: Status
    message: str = ""
    retry_countdown: int = 0
    attempt: int = 0
    retries: int = 0
    updated_at: datetime
    history: tuple[Change, ...] = ()
    """The latest changes; `earlier` older ones are kept apart."""
    earlier: int = 0
    applied: tuple[str, ...] = ()
    """The last messages that changed it, by a digest each: none of them does so again."""
    outbox: frozenset[str] = frozenset()
    due_at: datetime | None = None
    """When the lease of a PENDING job ends, or when its `delayed` hand-out begins."""
    delayed: bool = False
    expiries: int = 0
    """How many leases ran out in a row, without a result."""

    @property
    def changes(self) -> int:
        """How many changes its whole history has."""
        return self.earlier + len(self.history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene(Job):
    """One satellite product to download, and the tiles that are cut out of it."""

    product_name: str = ""
    own_record: bool = False
    tags: Json
    tile_ids: tuple[int, ...] = ()

    @property
    def key(self) -> Key:
        """The scene's name among all documents."""
        return Key("scene", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Job):
    """One burst (or whole scene) to process, when its scene, previous and reference are DONE.

    `staged`: its scene is too large for one commit, and the last one is still to come.
    `next` and `referenced_by` are the other ends of the links of its dependants. A FAILED tile
    keeps its links as they were: `cut` tells that nothing names it any more, and `heir` which
    tile became the root of its chain in its place.
    """

    scene_id: int
    scene_source_id: str
    anx_time: int | None = None
    previous: Link | None = None
    reference: Link | None = None
    next: tuple[int, ...] = ()
    referenced_by: tuple[int, ...] = ()
    staged: bool = False
    cut: bool = False
    heir: Link | None = None

    @property
    def key(self) -> Key:
        """The tile's name among all documents."""
        return Key("tile", self.id)

    @property
    def link(self) -> Link:
        """The tile as its dependants name it."""
        return Link(self.id, self.source_id, self.scene_id, self.scene_source_id, self.date)

    @property
    def is_root(self) -> bool:
        """Whether it waits for no other tile."""
        return self.previous is None and self.reference is None

    @property
    def is_listed_root(self) -> bool:
        """Whether it counts as a root tile of its AOI: a root that is not FAILED."""
        return self.is_root and self.status is not Status.FAILED

    @property
    def is_listed_leaf(self) -> bool:
        """Whether it counts as a leaf tile of its AOI: previous of none, and not FAILED."""
        return not self.next and self.status is not Status.FAILED


Document = Scene | Tile

"""Scenes and tiles as GeoJSON (RFC 7946), as models, for the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from tileweave.domain.status import Status
from tileweave.web.schemas import Answer, Change, Count, Id, Object, Outcomes

Position = Annotated[list[float], Field(min_length=2, max_length=2)]
Ring = Annotated[list[Position], Field(min_length=4)]


class Polygon(Answer):
    """EPSG:4326, longitude before latitude; the outer ring runs counterclockwise."""

    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygon(Answer):
    """EPSG:4326, longitude before latitude; outer rings run counterclockwise."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


Geometry = Polygon | MultiPolygon | None


class Link(Answer):
    """Where something else is found, relative to the base URL."""

    rel: Literal["next", "scene"]
    href: str


class NextLink(Link):
    """Where the next page is found; it is there while there is a next page."""

    type: Literal["application/geo+json"]


class Named(Answer):
    """A previous or reference tile by its names."""

    Date: AwareDatetime
    SceneID: str
    SourceID: str


class Tile(Answer):
    """A tile as its scene shows it."""

    AnxTime: int
    Data: Object
    Date: AwareDatetime
    GeometryWKT: str
    ID: Id
    Ingested: bool = Field(description="Whether it is DONE.")
    Previous: Named | None
    Reference: Named | None
    SceneID: str = Field(description="The source id of its scene.")
    SourceID: str
    Status: Status
    Message: str
    RetryCountDown: Count
    Attempt: Count
    PreviousID: Id | None
    ReferenceID: Id | None
    UpdatedAt: AwareDatetime


class TileProperties(Tile):
    """A tile as a Feature of its own shows it."""

    aoi: str


class SceneProperties(Answer):
    """A scene."""

    GeometryWKT: str
    Ingested: bool = Field(description="Whether it is DONE.")
    OwnRecord: bool
    ProductName: str
    Tags: Object
    Tiles: list[Tile] | None = Field(description="null in lists of scenes.")
    aoi: str
    data: Object
    id: Id
    source_id: str
    status: Status
    message: str
    retry_countdown: Count
    attempt: Count
    updated_at: AwareDatetime


class SceneFeature(Answer):
    """A scene as a Feature; its geometry holds those of the tiles it shows."""

    type: Literal["Feature"]
    id: Id
    geometry: Geometry
    properties: SceneProperties


class TileFeature(Answer):
    """A tile as a Feature."""

    type: Literal["Feature"]
    id: Id
    geometry: Geometry
    properties: TileProperties
    links: list[Link]


class SceneWithTiles(Answer):
    """One scene with its tiles."""

    type: Literal["FeatureCollection"]
    features: list[SceneFeature]


class ScenePage(SceneWithTiles):
    """A page of scenes."""

    links: list[NextLink]


class TilePage(Answer):
    """A page of tiles, each a Feature."""

    type: Literal["FeatureCollection"]
    features: list[TileFeature]
    links: list[NextLink]


class KeptLink(Named):
    """A tile by its names, as a FAILED one keeps it."""


class KeptState(Answer):
    """What a snapshot keeps of a scene or tile that lists do not show."""

    history: list[Change]
    retries: Annotated[Count, Field(description="Automatic retries in a row.")] = 0


class KeptTile(KeptState):
    """The same of a tile, in the order of its scene's `Tiles`; the links are of FAILED ones."""

    anx_time: Annotated[None, Field(description="It has none: `AnxTime` says 0.")] = None
    cut: Annotated[bool, Field(description="Whether it is cut out of its chain.")] = False
    heir: Annotated[KeptLink | None, Field(description="What became the root in its place.")] = None
    next: list[KeptLink] = Field([])
    referenced_by: list[KeptLink] = Field([])


class KeptScene(KeptState):
    """The same of a scene."""

    tiles: list[KeptTile]


class SnapshotFeature(SceneFeature):
    """A scene as a snapshot holds it, with all its tiles."""

    snapshot: KeptScene


class SnapshotHeader(Answer):
    """Of which AOI a snapshot is, as of when; `settings` are on its first page."""

    format: Literal[1]
    aoi: str
    taken_at: AwareDatetime
    settings: Object = Field({})


class SnapshotPage(Answer):
    """A part of a snapshot."""

    type: Literal["FeatureCollection"]
    snapshot: SnapshotHeader
    features: list[SnapshotFeature]
    links: list[NextLink]


class NamedTile(Answer):
    """A tile that another one names."""

    id: Id
    source_id: str
    scene_source_id: str


class Links(Answer):
    """What a tile names."""

    previous: NamedTile | None
    reference: NamedTile | None


class Relinked(NamedTile):
    """A tile that is there already, and whose links would change."""

    before: Links
    after: Links


class Foreseen(Outcomes):
    """What a dry run would have made: the scenes that would be added, as they can be POSTed."""

    graph: SceneWithTiles
    relinked: list[Relinked]

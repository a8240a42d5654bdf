"""What adds a scene: geocube-ingester's scene request, or a Feature of the monitoring document.

Both spellings of every key are read (`SourceID` and `source_id`, `Tiles` and `tiles`, ...).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StrictBool,
    Tag,
)

MOST_RETRIES = 1_000

LARGEST_INTEGER = 2**53 - 1
"""The largest that JSON readers in every language keep exact."""

Name = Annotated[str, Field(min_length=1, max_length=500)]
Object = dict[str, JsonValue]


def _object(value: object) -> object:
    return {} if value is None else value


MaybeObject = Annotated[Object, BeforeValidator(_object, json_schema_input_type=Object | None)]
Retries = Annotated[int, Field(strict=True, ge=0, le=MOST_RETRIES)]


def either(*names: str) -> AliasChoices:
    """Return the spellings of a key."""
    return AliasChoices(*names)


class _Read(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_alias=True)


class LinkIn(_Read):
    """A previous or reference tile by its names, as a Feature spells it."""

    source_id: Name = Field(validation_alias=either("SourceID", "source_id"))
    scene_id: Name = Field(validation_alias=either("SceneID", "scene_id"))
    date: JsonValue = Field(None, validation_alias=either("Date", "date"))


class TileIn(_Read):
    """A tile of a request; what a GET adds to it (ids, statuses, attempts) is read over."""

    source_id: Name | None = Field(None, validation_alias=either("SourceID", "source_id"))
    data: MaybeObject = Field(default_factory=dict, validation_alias=either("Data", "data"))
    anx_time: Annotated[int, Field(strict=True, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)] | None = (
        Field(None, validation_alias=either("AnxTime", "anx_time"))
    )
    wkt: str = Field("", validation_alias=either("GeometryWKT", "geometry_wkt", "wkt"))
    geometry: Object | None = None
    previous: LinkIn | None = Field(None, validation_alias=either("Previous", "previous"))
    reference: LinkIn | None = Field(None, validation_alias=either("Reference", "reference"))
    previous_tile_id: str = ""
    previous_scene_id: str = ""
    reference_tile_id: str = ""
    reference_scene_id: str = ""

    id: JsonValue = Field(None, validation_alias=either("ID", "id"))
    date: JsonValue = Field(None, validation_alias=either("Date", "date"))
    ingested: JsonValue = Field(None, validation_alias=either("Ingested", "ingested"))
    scene_id: JsonValue = Field(None, validation_alias=either("SceneID", "scene_id"))
    status: JsonValue = Field(None, validation_alias=either("Status", "status"))
    message: JsonValue = Field(None, validation_alias=either("Message", "message"))
    countdown: JsonValue = Field(None, validation_alias=either("RetryCountDown", "retry_countdown"))
    attempt: JsonValue = Field(None, validation_alias=either("Attempt", "attempt"))
    previous_id: JsonValue = Field(None, validation_alias=either("PreviousID", "previous_id"))
    reference_id: JsonValue = Field(None, validation_alias=either("ReferenceID", "reference_id"))
    updated_at: JsonValue = Field(None, validation_alias=either("UpdatedAt", "updated_at"))


def _form(tiles: object) -> str:
    return "as list" if isinstance(tiles, list) else "as object"


TilesIn = Annotated[
    Annotated[dict[Name, TileIn], Tag("as object")] | Annotated[list[TileIn], Tag("as list")],
    Discriminator(_form),
]
"""Tiles by source id, as a scene request has them, or in a list, as a Feature has them."""


class SceneIn(_Read):
    """A scene of a request."""

    source_id: Name = Field(validation_alias=either("source_id", "SourceID"))
    data: Object = Field(validation_alias=either("data", "Data"))
    tags: MaybeObject = Field(default_factory=dict, validation_alias=either("Tags", "tags"))
    tiles: TilesIn | None = Field(None, validation_alias=either("tiles", "Tiles"))
    wkt: str = Field("", validation_alias=either("GeometryWKT", "geometry_wkt", "wkt"))
    product_name: str = Field("", validation_alias=either("ProductName", "product_name"))
    own_record: StrictBool = Field(
        default=False, validation_alias=either("OwnRecord", "own_record")
    )
    ingested: JsonValue = Field(None, validation_alias=either("Ingested", "ingested"))


class SceneRequest(SceneIn):
    """A scene as geocube-ingester's catalogue sends it, which may hold the `id` it has not yet."""

    id: Literal[0] | None = None
    aoi: str = Field(validation_alias=either("aoi", "AOI"))
    retries: Retries = Field(
        0, validation_alias=either("retry_count", "RetryCount", "retry_countdown")
    )
    geometry: Object | None = None

    @property
    def says_retries(self) -> bool:
        """Whether it says how many retries it wants."""
        return "retries" in self.model_fields_set


class FeatureProperties(SceneIn):
    """The properties of a Feature; what a GET adds (id, AOI, status, attempt) is read over."""

    retry_count: Retries = Field(0, validation_alias=either("retry_count", "RetryCount"))
    retry_countdown: JsonValue = None

    id: JsonValue = None
    aoi: JsonValue = Field(None, validation_alias=either("aoi", "AOI"))
    status: JsonValue = None
    message: JsonValue = None
    attempt: JsonValue = None
    updated_at: JsonValue = None

    @property
    def says_retries(self) -> bool:
        """Whether it says how many retries it wants, or has left."""
        return not self.model_fields_set.isdisjoint(("retry_count", "retry_countdown"))

    @property
    def retries(self) -> int:
        """The retries that are asked for; else those that are left, where that is a number."""
        left = self.retry_countdown
        is_count = isinstance(left, int) and left in range(MOST_RETRIES + 1)
        given = "retry_count" in self.model_fields_set or isinstance(left, bool) or not is_count
        return self.retry_count if given else int(str(left))


class FeatureIn(BaseModel):
    """A scene as a GeoJSON Feature."""

    model_config = ConfigDict(extra="allow", frozen=True)

    properties: FeatureProperties
    geometry: Object | None = None


def is_feature(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a JSON body is a GeoJSON Feature."""
    return is_a("Feature", body)


def is_a(kind: str, body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a JSON body is an object of this `type`."""
    return isinstance(body, dict) and body.get("type") == kind

"""What adds a scene: geocube-ingester's scene request, or a Feature of the monitoring document.

Both spellings of every key are read (`SourceID` and `source_id`, `Tiles` and `tiles`, ...).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StrictBool,
    Tag,
    TypeAdapter,
    ValidationError,
)

from tileweave.domain.model import Json

MOST_RETRIES = 1_000

LARGEST_INTEGER = 2**53 - 1
"""The largest that JSON readers in every language keep exact."""

Name = Annotated[str, Field(min_length=1, max_length=500)]
Object = dict[str, JsonValue]


def _object(value: object) -> object:
    return {} if value is None else value


def _rfc3339(value: object) -> object:
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", value):
        raise ValueError("it must be a date and time by RFC 3339: 2022-01-11T17:01:24.37Z")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it must be within the years 1 to 9999, in UTC") from None


Moment = TypeAdapter(Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_utc)])
MaybeObject = Annotated[Object, BeforeValidator(_object)]


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
    aoi: str = Field("", validation_alias=either("aoi", "AOI"))
    data: Object = Field(validation_alias=either("data", "Data"))
    tags: MaybeObject = Field(default_factory=dict, validation_alias=either("Tags", "tags"))
    tiles: TilesIn | None = Field(None, validation_alias=either("tiles", "Tiles"))
    retry_count: Annotated[int, Field(strict=True, ge=0, le=MOST_RETRIES)] = Field(
        0, validation_alias=either("retry_count", "RetryCount", "retry_countdown")
    )
    wkt: str = Field("", validation_alias=either("GeometryWKT", "geometry_wkt", "wkt"))
    geometry: Object | None = None
    product_name: str = Field("", validation_alias=either("ProductName", "product_name"))
    own_record: StrictBool = Field(
        default=False, validation_alias=either("OwnRecord", "own_record")
    )
    ingested: JsonValue = Field(None, validation_alias=either("Ingested", "ingested"))


class SceneRequest(SceneIn):
    """A scene as geocube-ingester's catalogue sends it, which may hold the `id` it has not yet."""

    id: Literal[0] | None = None


class FeatureProperties(SceneIn):
    """The properties of a Feature; what a GET adds (id, status, attempt) is read over."""

    id: JsonValue = None
    status: JsonValue = None
    message: JsonValue = None
    attempt: JsonValue = None
    updated_at: JsonValue = None


class FeatureIn(BaseModel):
    """A scene as a GeoJSON Feature."""

    model_config = ConfigDict(extra="allow", frozen=True)

    properties: FeatureProperties
    geometry: Object | None = None


_SAID = {
    "extra_forbidden": "is not a key that is read here",
    "missing": "is missing",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
}
"""What is said in place of pydantic's words, which speak of Python."""


def date_of(data: Json) -> datetime:
    """Return the `date` of a scene's data, in UTC. Raises ValidationError."""
    return Moment.validate_python(data.get("date"))


def wrong_fields(error: ValidationError) -> list[tuple[str, str]]:
    """Return path and message of every wrong field."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [_wrong(each["type"], each["loc"], each["msg"]) for each in found]


def is_feature(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a JSON body is a GeoJSON Feature."""
    return isinstance(body, dict) and body.get("type") == "Feature"


def _wrong(kind: str, loc: tuple[int | str, ...], message: str) -> tuple[str, str]:
    if kind.startswith("recursion"):
        return _path(
            takewhile(lambda part: part not in ("dict", "list"), loc)
        ), "is nested too deep"
    return _path(loc), _SAID.get(kind) or message.removeprefix("Value error, ")


def _path(loc: Iterable[int | str]) -> str:
    tags = ("as object", "as list")
    return ".".join(str(part) for part in loc if part not in tags) or "body"

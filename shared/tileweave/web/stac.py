"""STAC Items (https://stacspec.org) as scenes: Sentinel-1, Sentinel-2, Landsat, any other.

The scene has the Item's id and date; everything that the Item says is kept in its `metadata`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tileweave.domain.acquisitions import product_name
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json
from tileweave.web.footprint import read_footprint
from tileweave.web.scene_data import read_date
from tileweave.web.scene_request import Name, Object
from tileweave.web.sizes import check_size
from tileweave.web.stac_assets import stored_at
from tileweave.web.stac_tags import tags_of
from tileweave.web.wrong_fields import Problems, wrong_fields


def _none(value: object) -> object:
    return {} if value is None else value


class ItemIn(BaseModel):
    """A STAC Item, 0.9 to 1.1: what is read of it. All of it is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    stac_version: Annotated[str, Field(min_length=1)]
    id: Name
    geometry: Object | None = None
    properties: Object
    assets: Annotated[
        dict[str, Object], BeforeValidator(_none, json_schema_input_type=dict[str, Object] | None)
    ] = Field(default_factory=dict)
    links: list[Object] = Field(default_factory=list)
    collection: str | None = None
    bbox: list[float] | None = None


_REQUIRED: Json = {
    "stac_version": "1.1.0",
    "id": "?",
    "properties": {"datetime": "2022-01-11T17:01:24Z"},
}
"""What stands for what is missing or wrong, while the rest is looked at."""


def read_item(body: Json, retry_count: int = 0) -> NewScene:
    """Return the scene of a STAC Item. Raises Invalid, with paths within the Item.

    An Item without geometry (null) is a scene without one: its bbox is no footprint.
    """
    problems = Problems()
    item = _readable(body, problems)
    date, written = _date(item.properties, problems)
    footprint = read_footprint("", item.geometry, ("geometry", "geometry"), problems)
    data, tags = _data(item, written), tags_of(item.id, item.collection, item.properties)
    check_size([data, tags], footprint, "body", problems)
    problems.check()
    return NewScene(
        source_id=item.id,
        date=date,
        data=data,
        tags=tags,
        tiles=(),
        retry_count=retry_count,
        product_name=product_name(item.id),
        geometry=footprint.geojson,
        wkt=footprint.wkt,
    )


def _readable(body: Any, problems: Problems) -> ItemIn:  # noqa: ANN401 - JSON
    """Return an Item; members that are wrong are noted, and replaced."""
    try:
        return ItemIn.model_validate(body)
    except ValidationError as error:
        wrong = list(wrong_fields(error))
        members = {each["loc"][0] for each in error.errors(include_url=False)}
    for path, said in wrong:
        problems.add(path, said)
    problems.settle()
    right = {name: each for name, each in body.items() if name not in members}
    return ItemIn.model_validate({**_REQUIRED, **right})


def _date(properties: Json, problems: Problems) -> tuple[datetime, str]:
    """Return when it was taken, and as it is written; of a range, when that begins."""
    name = "datetime"
    if properties.get(name) is None and properties.get("start_datetime") is not None:
        name = "start_datetime"
    value = properties.get(name)
    return read_date(value, f"properties.{name}", problems), str(value)


def _data(item: ItemIn, date: str) -> Json:
    """Return the data of the scene's job: its date, where the product is, and all that is known."""
    data: Json = {"date": date, "metadata": _metadata(item)}
    if found := stored_at(item.assets):
        data["storage_uri"] = found
    return data


def _metadata(item: ItemIn) -> Json:
    """Return the properties, and beside them the members of the Item that a worker may need."""
    self_link = next((each.get("href") for each in item.links if each.get("rel") == "self"), None)
    members: Json = {
        "stac_version": item.stac_version,
        "collection": item.collection,
        "bbox": item.bbox,
        "self": self_link,
        "assets": item.assets,
    }
    return {**item.properties, **{name: each for name, each in members.items() if each is not None}}

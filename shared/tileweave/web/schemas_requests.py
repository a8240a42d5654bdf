"""What the calls take, as JSON schemas: the models that read requests, in both spellings."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel

from tileweave.domain.model import Json
from tileweave.web import scene_request
from tileweave.web.limits import MOST_TILES
from tileweave.web.scene_request import FeatureIn, SceneRequest
from tileweave.web.settings import JobSettings
from tileweave.web.snapshot_file import SnapshotFile
from tileweave.web.stac import ItemIn

REQUESTS: tuple[type[BaseModel], ...] = (
    SceneRequest,
    FeatureIn,
    ItemIn,
    JobSettings,
    SnapshotFile,
)

SCENE_DATA: Json = {
    "type": "object",
    "description": "Every key is kept, and handed on to the workers.",
    "required": ["date"],
    "properties": {
        "date": {"type": "string", "format": "date-time", "description": "RFC 3339."},
        "tiles": {
            "type": ["object", "null"],
            "description": "Which tiles the job is to cut out: made from the tiles where missing.",
        },
    },
}

ITEM_PROPERTIES: Json = {
    "type": "object",
    "description": "Every one is kept, in the `metadata` of the scene's data.",
    "properties": {
        "datetime": {"type": ["string", "null"], "format": "date-time"},
        "start_datetime": {"type": "string", "format": "date-time"},
    },
    "anyOf": [
        {"required": ["datetime"], "properties": {"datetime": {"type": "string"}}},
        {"required": ["start_datetime"]},
    ],
}

TILE_DATA: Json = {"type": "object", "description": "Every key is kept."}


EXAMPLE: Json = {
    "source_id": "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_D5BE",
    "aoi": "DenmarkDemo",
    "data": {"date": "2022-02-04T17:01:23.133Z", "graph_name": "S1Preprocessing"},
    "tiles": {"A44_IW1_8951": {"data": {"swath_id": "IW1", "tile_nr": 4}}},
    "retry_count": 1,
}


def completed(schemas: Json) -> None:
    """Add what the models of requests do not tell their schemas: spellings, `type`, `date`."""
    for name, schema in schemas.items():
        model = getattr(scene_request, name, None)
        if isinstance(model, type) and issubclass(model, BaseModel):
            _spell(schema, model)
    for name in ("SceneRequest", "FeatureProperties"):
        for spelling in ("data", "Data"):
            schemas[name]["properties"][spelling] = SCENE_DATA
        for spelling in ("tiles", "Tiles"):
            said = f"By source id, or as a list; at most {MOST_TILES}."
            schemas[name]["properties"][spelling]["description"] = said
    for name in ("FeatureIn", "ItemIn"):
        schemas[name]["properties"]["type"] = {"const": "Feature"}
        schemas[name]["required"].append("type")
    schemas["FeatureIn"]["not"] = {"required": ["stac_version"]}
    schemas["ItemIn"]["properties"]["properties"] = ITEM_PROPERTIES


def _spell(schema: Json, model: type[BaseModel]) -> None:
    """Name every spelling of each key; of one that is required, any will do."""
    for field in model.model_fields.values():
        if not isinstance(field.validation_alias, AliasChoices):
            continue
        first, *others = [str(each) for each in field.validation_alias.choices]
        for other in others:
            said = f"Another spelling of {first}: give one of them."
            schema["properties"][other] = {**schema["properties"][first], "description": said}
        if first in schema.get("required", []):
            schema["required"].remove(first)
            either = {"anyOf": [{"required": [each]} for each in (first, *others)]}
            schema.setdefault("allOf", []).append(either)

"""The bodies of requests and answers in the OpenAPI document, by media type."""

from __future__ import annotations

from typing import Any

from tileweave.domain.model import Json
from tileweave.web import schemas, schemas_geojson
from tileweave.web.answers import GEOJSON
from tileweave.web.bulk import NDJSON
from tileweave.web.scene_files import MEDIA_TYPES
from tileweave.web.schemas_requests import EXAMPLE


def ref(name: str | type) -> Json:
    """Return a reference to a schema, by its name or model."""
    named = name if isinstance(name, str) else name.__name__
    return {"$ref": f"#/components/schemas/{named}"}


def content(schema: Any, mimetype: str = "application/json") -> Json:  # noqa: ANN401 - or a model
    """Return a body of one media type, by its schema or model."""
    return {mimetype: {"schema": ref(schema) if isinstance(schema, type) else schema}}


def many(schema: Json) -> Json:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


TEXT = content({"type": "string"}, "text/plain")
AOIS = content(many(ref(schemas.ListedAoi)))
OVERVIEW = content(schemas.Overview) | TEXT
OVERVIEW_OR_AOIS = content({"anyOf": [ref(schemas.Overview), many(ref(schemas.ListedAoi))]}) | TEXT
SCENE, TILE = (
    content(each, GEOJSON) for each in (schemas_geojson.SceneFeature, schemas_geojson.TileFeature)
)
SCENES = content(schemas_geojson.ScenePage, GEOJSON)
EITHER_PAGE = {"anyOf": [ref(schemas_geojson.ScenePage), ref(schemas_geojson.TilePage)]}
TILES = content(EITHER_PAGE, GEOJSON)
ENDS = content(many(ref(schemas.TileOfJob)))
OUTCOMES = content({"anyOf": [ref(schemas.Outcomes), ref(schemas_geojson.Foreseen)]})
ADDED_OR_FORESEEN = content({"anyOf": [ref(schemas.SceneId), ref(schemas_geojson.Foreseen)]})
BINARY: Json = {}
GRAPH = (
    content({"type": "string"}, "text/vnd.graphviz")
    | content({"type": "string"}, "image/svg+xml")
    | content(BINARY, "image/png")
    | content(BINARY, "application/pdf")
)

ITEM = ref("ItemIn")
FEATURE = {"anyOf": [ref("FeatureIn"), ITEM]}
ONE = {"anyOf": [ref("SceneRequest"), ref("FeatureIn"), ITEM]}
SCENE_BODY = {"application/json": {"schema": ONE, "example": EXAMPLE}} | content(FEATURE, GEOJSON)
COLLECTION: Json = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {"type": {"const": "FeatureCollection"}, "features": many(FEATURE)},
}
FILE: Json = {
    "type": "object",
    "required": ["href"],
    "properties": {
        "href": {"type": "string", "minLength": 1, "examples": ["s3://archive/scenes.ndjson.gz"]},
        "media_type": {"enum": ["", *MEDIA_TYPES]},
    },
    "additionalProperties": False,
    "description": "A file with the scenes, in a place that is allowed here (TILEWEAVE_PLACES).",
}
LINES = {**many(ONE), "description": "One scene a line, each as JSON."}
SCENES_BODY = (
    {
        "application/json": {
            "schema": {"anyOf": [many(ONE), COLLECTION, ITEM, FILE]},
            "example": [EXAMPLE],
        }
    }
    | content({"anyOf": [COLLECTION, ITEM]}, GEOJSON)
    | content(LINES, NDJSON[0])
)

SNAPSHOT = content(schemas_geojson.SnapshotPage, GEOJSON)
FILE = ref("SnapshotFile")
TOTALS: Json = {
    "type": "object",
    "required": ["scenes", "tiles"],
    "properties": {name: {"type": "integer", "minimum": 0} for name in ("scenes", "tiles")},
}
HEADER: Json = {
    "type": "object",
    "required": ["aoi", "taken_at"],
    "properties": {
        "format": {"const": 1},
        "aoi": {"type": "string"},
        "taken_at": {"type": "string", "format": "date-time"},
        "settings": {"anyOf": [ref("JobSettings"), {"type": "null"}]},
    },
}
WHOLE: Json = {
    **COLLECTION,
    "required": [*COLLECTION["required"], "snapshot", "totals"],
    "properties": {**COLLECTION["properties"], "snapshot": HEADER, "totals": TOTALS},
}
SNAPSHOT_LINES: Json = {
    **many({"type": "object"}),
    "description": 'A header `{"snapshot"}`, a scene a line, and `{"totals"}` at the end.',
}
RESTORE_BODY = (
    content({"anyOf": [WHOLE, FILE]}) | content(WHOLE, GEOJSON) | content(SNAPSHOT_LINES, NDJSON[0])
)

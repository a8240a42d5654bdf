"""The parameters of the calls, by name: in paths and in queries."""

from __future__ import annotations

from tileweave.domain.model import Json
from tileweave.domain.status import Status
from tileweave.usecases.replay import KINDS
from tileweave.web import limits
from tileweave.web.causes import IDEMPOTENCY_KEY, MOST_REASON
from tileweave.web.defaults import MOST_CHARACTERS
from tileweave.web.paging import DEFAULT_LIMIT, LAST_PAGE, MOST
from tileweave.web.scene_request import MOST_RETRIES

STATUS: Json = {"type": "string", "enum": list(Status)}
DAY_OR_MOMENT: Json = {"type": "string", "examples": ["2022-01-11", "2022-01-11T17:01:24Z"]}


def _in_path(name: str, schema: Json, said: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": said}


def _in_query(name: str, schema: Json, said: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": said}


def _several(name: str, schema: Json, said: str) -> Json:
    return _in_query(name, {"type": "array", "items": schema}, said)


IN_PATH = {
    "aoi": _in_path(
        "aoi",
        {"type": "string", "pattern": "^[A-Za-z0-9:_-]{1,128}$"},
        "The name of an AOI: 1-128 characters out of `A-Z a-z 0-9 - : _`.",
    ),
    "pattern": _in_path(
        "aoi",
        {"type": "string", "pattern": "^[^/]+$"},
        "The name of an AOI, or a pattern of names with `*` or `?`.",
    ),
    "id": _in_path(
        "id",
        {"type": "integer", "minimum": 1, "maximum": 2**53 - 1},
        "The id of a scene or tile.",
    ),
    "status": _in_path("status", STATUS, "A status, in any case."),
    "id_": _in_path("id_", {"type": "string"}, "The id of a rejected message."),
}

REASON = _in_query(
    "reason",
    {"type": "string", "maxLength": MOST_REASON},
    "Why; it is kept in the history.",
)
KEY: Json = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": "Names the call: sent again with the same key, it is carried out once.",
}
OPERATES = (REASON, KEY)
ATTEMPT = _in_query(
    "attempt",
    {"type": "integer", "minimum": 1, "maximum": 10**9 - 1},
    "The attempt of the job: for another one than the current it is 409.",
)

TILES_OF = _in_query(
    "tiles",
    {"enum": [*limits.TILES_OF], "default": limits.TILES_OF[0]},
    "`annotations`: a Sentinel-1 scene (IW, EW; SLC) without tiles gets the bursts of its product.",
)

LIMIT = _in_query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
    "How many a page holds at most.",
)
CURSOR = _in_query(
    "cursor",
    {"type": "string"},
    "Where the page begins, as a `next` link says it; excludes `page`.",
)
PAGE = _in_query(
    "page",
    {"type": "integer", "minimum": 0, "maximum": LAST_PAGE, "default": 0},
    "The number of the page, from 0; one that is far on costs more than a cursor.",
)
PAGED = (LIMIT, CURSOR, PAGE)
SNAPSHOT = (
    _in_query(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
        "About how many tiles a page holds: it ends with a whole scene.",
    ),
    _in_query("cursor", {"type": "string"}, "Where the page begins, as a `next` link says it."),
    _several(
        "scene", {"type": "string"}, "Only the scenes of these source ids, those that there are."
    ),
)
REJECTED = (
    _in_query("aoi", {"type": "string"}, "Only messages of this AOI."),
    _in_query("kind", {"enum": ["", *KINDS]}, "Only messages rejected for this; empty: for any."),
    LIMIT,
    _in_query("cursor", {"type": "string"}, "Where the page begins, as a `next` link says it."),
)

SETTINGS = _in_query(
    "settings",
    {"type": "boolean", "default": True},
    "Whether an AOI that is made has the settings of the first one.",
)

VIEW = _in_query(
    "view",
    {"enum": ["scene", "tile"], "default": "scene"},
    "`scene`: scenes with their matching tiles; `tile`: one Feature a tile.",
)

DEFAULTS = (
    _in_query(
        "graph_name",
        {"type": "string", "maxLength": MOST_CHARACTERS},
        "The `graph_name` of scenes whose data has none.",
    ),
    _in_query(
        "tile_graph_name",
        {"type": "string", "maxLength": MOST_CHARACTERS},
        "The `graph_name` of tiles whose data has none.",
    ),
    _in_query(
        "retry_count",
        {"type": "integer", "minimum": 0, "maximum": MOST_RETRIES, "default": 0},
        "The `retry_count` of scenes that have none.",
    ),
    _in_query(
        "is_retriable",
        {"type": "boolean"},
        "The `is_retriable` of scenes and tiles whose data has none.",
    ),
)

GRAPH = (
    _in_query("format", {"enum": ["dot", "svg", "png", "pdf"], "default": "dot"}, "The form."),
    _in_query(
        "reference",
        {"type": "boolean", "default": False},
        "Whether links to reference tiles are drawn, dashed.",
    ),
    _several("tile", {"type": "string", "minLength": 1}, "Only tiles of these source ids."),
    _several("status", STATUS, "Only tiles of these statuses, in any case."),
    _in_query("from", DAY_OR_MOMENT, "Only scenes from this day or moment (UTC) on."),
    _in_query("to", DAY_OR_MOMENT, "Only scenes up to this day (included) or moment (UTC)."),
)

ADDS = (
    _in_query(
        "links",
        {"enum": ["given", "auto"], "default": "given"},
        "`auto`: tiles without links are linked to those of their footprint, by date.",
    ),
    _in_query(
        "dry_run",
        {"type": "boolean", "default": False},
        "Answers what would be made (of one scene too as of many), and makes nothing.",
    ),
)

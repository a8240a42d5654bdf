"""What the OpenAPI document says of each call, beside what its route says itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from tileweave.domain.model import Json
from tileweave.web import openapi_bodies as bodies
from tileweave.web import openapi_parameters as parameters
from tileweave.web import schemas, schemas_geojson
from tileweave.web.answers import GEOJSON
from tileweave.web.openapi_bodies import content
from tileweave.web.schemas_requests import SCENE_DATA, TILE_DATA
from tileweave.web.settings import JobSettings


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `problems` are those that not every call of its kind may answer."""

    tag: Literal["AOIs", "Scenes", "Tiles", "Messages", "Service"]
    summary: str
    answers: dict[int, Json]
    problems: tuple[int, ...] = ()
    query: tuple[Json, ...] = ()
    body: Json = field(default_factory=dict)
    path: dict[str, Json] = field(default_factory=dict)
    """Parameters of its path that differ from those of the same name elsewhere."""


_aoi, _service = partial(Call, "AOIs"), partial(Call, "Service")

CALLS = {
    "GET /": _service("Whether the service is there", {200: content(schemas.Health)}),
    "GET /health": _service("The same, for a health check", {200: content(schemas.Health)}),
    "GET /openapi.json": _service("This document", {200: content({"type": "object"})}),
    "GET /docs": _service(
        "This document, to be read", {200: content({"type": "string"}, "text/html")}
    ),
    "GET /aoi/": _aoi("List all AOIs", {200: bodies.AOIS}),
    "GET /aoi": _aoi("List all AOIs", {200: bodies.AOIS}),
    "POST /aoi/{aoi}": _aoi("Create an AOI", {200: bodies.OVERVIEW}, (409, 422)),
    "GET /aoi/{aoi}": _aoi(
        "The overview of an AOI, or a list of those whose names match a pattern",
        {200: bodies.OVERVIEW_OR_AOIS},
        path={"aoi": parameters.IN_PATH["pattern"]},
    ),
    "DELETE /aoi/{aoi}": _aoi(
        "Delete an AOI with its scenes and tiles, for good",
        {204: {}},
        (400,),
        (parameters.REASON,),
    ),
    "GET /aoi/{aoi}/settings": _aoi("What an AOI says of its jobs", {200: content(JobSettings)}),
    "PUT /aoi/{aoi}/settings": _aoi(
        "Change leases, delays of automatic retries, and queues; what is not given stays as it is",
        {200: content(JobSettings)},
        (400, 415, 422),
        body=content(JobSettings),
    ),
    "POST /aoi/{aoi}/scene": _aoi(
        "Add a scene and its tiles",
        {200: bodies.ADDED_OR_FORESEEN},
        (400, 409, 415, 422),
        (*parameters.ADDS, parameters.TILES_OF, *parameters.DEFAULTS),
        body=bodies.SCENE_BODY,
    ),
    "POST /aoi/{aoi}/scenes": _aoi(
        "Add many scenes: all of a chain, or none of it",
        {200: bodies.OUTCOMES},
        (400, 415, 422),
        (*parameters.ADDS, parameters.TILES_OF, *parameters.DEFAULTS),
        body=bodies.SCENES_BODY,
    ),
    "PUT /aoi/{aoi}/retry": _aoi(
        "Retry all its scenes and tiles in RETRY",
        {200: content(schemas.Retried), 204: {}},
        (400,),
        parameters.OPERATES,
    ),
    "PUT /aoi/{aoi}/retry/force": _aoi(
        "Retry those in PENDING as well",
        {200: content(schemas.Retried), 204: {}},
        (400,),
        parameters.OPERATES,
    ),
    "GET /aoi/{aoi}/dot": _aoi(
        "The graph of scenes and tiles", {200: bodies.GRAPH}, (400, 413, 501), parameters.GRAPH
    ),
    "GET /aoi/{aoi}/export": _aoi(
        "A page of a snapshot: whole scenes with all that they are restored from",
        {200: bodies.SNAPSHOT},
        (400,),
        parameters.SNAPSHOT,
    ),
    "POST /aoi/{aoi}/export": _aoi(
        "Write a snapshot to a place that is configured",
        {200: content(schemas.ExportedFile)},
        (400, 415, 422),
        body=content(bodies.FILE),
    ),
    "POST /aoi/{aoi}/restore": _aoi(
        "Restore a snapshot, or a part of one that names no later one; the AOI is made by it",
        {200: content(schemas.RestoredSnapshot)},
        (400, 409, 415, 422),
        (parameters.SETTINGS,),
        bodies.RESTORE_BODY,
    ),
    "GET /aoi/{aoi}/roottiles": _aoi("The tiles that wait for no other", {200: bodies.ENDS}),
    "GET /aoi/{aoi}/leaftiles": _aoi("The tiles that are the previous of none", {200: bodies.ENDS}),
}

_LISTS = (
    ("scenes", bodies.SCENES, parameters.PAGED),
    ("tiles", bodies.TILES, (*parameters.PAGED, parameters.VIEW)),
)
for _name, _answer, _query in _LISTS:
    _path, _all = f"GET /aoi/{{aoi}}/{_name}", f"List the {_name} of an AOI by scene date, then id"
    CALLS[_path] = _aoi(_all, {200: _answer}, (400,), _query)
    CALLS[f"{_path}/{{status}}"] = _aoi(f"{_all}, of one status", {200: _answer}, (400,), _query)


def _operations(kind: str, call: partial[Call], answer: Json, data: Json) -> dict[str, Call]:
    path, one = f"/{kind}/{{id}}", {200: answer}
    stays = ", but for its date" if kind == "scene" else ""
    changes = partial(call, answers=one, problems=(400, 409), query=parameters.OPERATES)
    return {
        f"GET {path}": call(f"One {kind}", one),
        f"GET {path}/history": call(
            f"All changes of a {kind}, the oldest first",
            {200: content(bodies.many(bodies.ref(schemas.Change)))},
        ),
        f"POST {path}/heartbeat": call(
            f"Have the lease of the job of a {kind} begin anew",
            {200: content(schemas.Lease)},
            (400, 409),
            (parameters.ATTEMPT,),
        ),
        f"PUT {path}/retry": changes(f"Retry a {kind} in RETRY"),
        f"PUT {path}/retry/force": changes(f"Retry a {kind} in any status"),
        f"PUT {path}/fail": changes(f"Give up a {kind} in RETRY"),
        f"PUT {path}/fail/force": changes(f"Give up a {kind} in any status"),
        f"PUT {path}/force/{{status}}": changes(f"Set the status of a {kind}"),
        f"PUT {path}/data": call(
            f"Replace the data of a {kind}{stays}",
            {204: {}},
            (400, 415, 422),
            body=content(data),
        ),
    }


CALLS |= _operations("scene", partial(Call, "Scenes"), bodies.SCENE, SCENE_DATA)
CALLS["GET /scene/{id}/tiles"] = Call(
    "Scenes", "A scene with its tiles", {200: content(schemas_geojson.SceneWithTiles, GEOJSON)}
)
_messages = partial(Call, "Messages")
CALLS |= {
    "GET /rejected": _messages(
        "List rejected messages, the latest first",
        {200: content(schemas.RejectedPage)},
        (400,),
        parameters.REJECTED,
    ),
    "GET /rejected/{id_}": _messages("One rejected message", {200: content(schemas.Rejected)}),
    "POST /rejected/{id_}/replay": _messages(
        "Take a rejected message as if it was delivered now",
        {200: content(schemas.Rejected)},
        (409,),
    ),
}
CALLS |= _operations("tile", partial(Call, "Tiles"), bodies.TILE, TILE_DATA)

"""Many scenes in one request: a FeatureCollection, a list, or one scene a line (NDJSON)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json
from tileweave.usecases import watch
from tileweave.usecases.add_scenes import Fate, Outcome, Refusals
from tileweave.usecases.add_scenes import add_scenes as add
from tileweave.usecases.ports import Services
from tileweave.web.answers import as_json, json_of
from tileweave.web.scene_input import read_scene

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")


def add_scenes(services: Services, request: Request, aoi: str) -> Response:
    """Add many scenes; answers what became of each."""
    watch.overview(services, aoi)  # an AOI that is not there is told first
    scenes, refused = _read(aoi, list(_bodies(request)))
    outcomes = add(services, aoi, scenes, refused)
    counts = Counter(each.fate for each in outcomes)
    totals = {fate.value: counts[fate] for fate in Fate}
    return as_json({**totals, "scenes": [_outcome(each) for each in outcomes]})


def _bodies(request: Request) -> Iterator[Any]:
    if request.mimetype in NDJSON:
        yield from _lines(request)
        return
    body = json_of(request)
    if isinstance(body, dict) and body.get("type") == "FeatureCollection":
        body = body.get("features")
    if not isinstance(body, list):
        said = "The request must be a FeatureCollection, a list of scenes, or one scene a line"
        raise BadRequest(f"{said} (application/x-ndjson).")
    yield from body


def _lines(request: Request) -> Iterator[Any]:
    for number, line in enumerate(request.get_data().splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise BadRequest(f"Line {number} is not JSON: {error}.") from error


def _read(aoi: str, bodies: list[Any]) -> tuple[list[NewScene], Refusals]:
    """Return the scenes that can be read, and why the others are refused, by name or place."""
    scenes: dict[str, NewScene] = {}
    refused: Refusals = {}
    for number, body in enumerate(bodies):
        try:
            scene = read_scene(aoi, body)
        except Invalid as error:
            refused[_name_of(body, number)] = error.problems
            continue
        if scene.source_id in scenes:
            twice = Problem("source_id", f"{scene.source_id} is in the request already")
            refused[f"{scene.source_id} ({number})"] = (twice,)
        scenes.setdefault(scene.source_id, scene)
    return list(scenes.values()), refused


def _name_of(body: Any, number: int) -> str:  # noqa: ANN401 - JSON
    """Return the name of a scene that cannot be read, or its place in the request."""
    properties = body.get("properties", body) if isinstance(body, dict) else {}
    if isinstance(properties, dict):
        for key in ("source_id", "SourceID"):
            if isinstance(name := properties.get(key), str) and name:
                return name
    return f"({number})"


def _outcome(outcome: Outcome) -> Json:
    body: Json = {"source_id": outcome.source_id, "outcome": outcome.fate, "id": outcome.id}
    if outcome.problems:
        body["errors"] = [{"path": each.path, "message": each.message} for each in outcome.problems]
    return body

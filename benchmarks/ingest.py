"""Bulk ingest over HTTP, and one scene, against bare commits of the same documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from google.cloud.firestore import Client

from benchmarks import seeding
from benchmarks.figures import Figure, at_least, at_most, middle
from benchmarks.serving import Function, bare, environment, served
from benchmarks.timing import by_turns, seconds_of
from tileweave.adapters.firestore import codec
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.domain.model import Document, Json

SCENES = 500
TIMES = 3
MOST_MILLISECONDS = 60
LEAST_LINKED = 0.5
"""Of the speed with given links: what is there is looked for, and links are found."""
LINKS = ("previous_tile_id", "previous_scene_id", "reference_tile_id", "reference_scene_id")
LEAST_TILES = 1_500


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield tiles a second of a bulk ingest, and milliseconds of one scene."""
    scenes = 10 if quick else SCENES
    with environment() as project, served("aoi") as function, bare("ingest") as floor:
        yield _bulk(project, scenes, 1 if quick else TIMES, function, floor)
        yield _linked(scenes, 1 if quick else TIMES, function)
        yield _one_by_one(project, 3 if quick else 30, function, floor)


def _bulk(project: str, scenes: int, times: int, function: Function, floor: Function) -> Figure:
    """Measure chains of all scenes: nothing of it is added by more than one request."""
    measured, least = [], []
    for number in range(times + 1):
        aoi = f"bulk-{number}"
        function.post(f"/aoi/{aoi}")
        body = seeding.bodies(aoi, scenes, length=scenes)
        taken = seconds_of(partial(_added, function, aoi, body, scenes))
        body = copies(project, aoi, f"floor-{number}")
        bare_taken = seconds_of(partial(floor.post, "/", body))
        if number:  # the first warms up functions and emulator
            measured.append(taken)
            least.append(bare_taken)
    tiles = scenes * seeding.BURSTS
    return Figure(
        case=f"{tiles:,} tiles in {scenes} scenes",
        value=tiles / middle(measured),
        unit="tiles/s",
        floor=tiles / middle(least),
        goal=at_least(LEAST_TILES),
        size=tiles,
    )


def _linked(scenes: int, times: int, function: Function) -> Figure:
    """Measure the same scenes with automatic links; the floor is that of given links."""
    measured, least = [], []
    for number in range(times + 1):
        given, linked = f"given-{number}", f"linked-{number}"
        for aoi in (given, linked):
            function.post(f"/aoi/{aoi}")
        body = seeding.bodies(given, scenes, length=scenes)
        given_taken = seconds_of(partial(_added, function, given, body, scenes))
        bare_body = _without_links(seeding.requests(linked, scenes, length=scenes))
        taken = seconds_of(partial(_added, function, linked, bare_body, scenes, "?links=auto"))
        if number:
            measured.append(taken)
            least.append(given_taken)
    tiles = scenes * seeding.BURSTS
    return Figure(
        case=f"{tiles:,} tiles in {scenes} scenes, links=auto",
        value=tiles / middle(measured),
        unit="tiles/s",
        floor=tiles / middle(least),
        ratio_goal=at_least(LEAST_LINKED),
    )


def _without_links(requests: list[Json]) -> bytes:
    for tile in (each for request in requests for each in request["tiles"].values()):
        for name in LINKS:
            tile.pop(name, None)
    return json.dumps(requests).encode()


def _added(function: Function, aoi: str, body: bytes, scenes: int, query: str = "") -> None:
    answer = json.loads(function.post(f"/aoi/{aoi}/scenes{query}", body))
    if answer["added"] != scenes:
        raise RuntimeError(f"{answer['added']} of {scenes} scenes were added")


def _one_by_one(project: str, times: int, function: Function, floor: Function) -> Figure:
    """Measure scenes of 20 tiles, each after the one that it names."""
    aoi, warm_up = "single", 2 if times < TIMES + 1 else 10
    function.post(f"/aoi/{aoi}")
    wanted = seeding.requests(aoi, times + warm_up, length=times + warm_up)
    requests = iter([json.dumps(each).encode() for each in wanted])
    seeding.seed(project, "single-floor", (times + warm_up) * seeding.BURSTS)
    copies = iter(_scene_by_scene(project, "single-floor"))
    both = by_turns(
        lambda: function.post(f"/aoi/{aoi}/scene", next(requests)),
        lambda: floor.post("/", next(copies)),
        times,
        warm_up,
    )
    value, least = both.milliseconds
    goal = at_most(MOST_MILLISECONDS)
    case = f"one scene of {seeding.BURSTS} tiles"
    return Figure(case=case, value=value, unit="ms", floor=least, goal=goal)


def copies(project: str, aoi: str, prefix: str) -> bytes:
    """Return all documents of an AOI, under other names, for the bare function to create."""
    client = Client(project=project)
    store = FirestoreStore(client)
    documents: list[Document] = [*store.scenes(aoi), *store.tiles(aoi)]
    body = [_copy(each, prefix) for each in documents]
    client.close()
    return json.dumps(body).encode()


def _scene_by_scene(project: str, aoi: str) -> list[bytes]:
    """Return the documents of each scene and its tiles."""
    by_scene: dict[str, list[Json]] = {}
    for each in json.loads(copies(project, aoi, "single")):
        name = each["fields"].get("scene_source_id", each["fields"]["source_id"])
        by_scene.setdefault(name, []).append(each)
    return [json.dumps(each).encode() for each in by_scene.values()]


def _copy(document: Document, prefix: str) -> Json:
    fields = json.loads(json.dumps(codec.encode(document), default=datetime.isoformat))
    path = f"{document.key.kind}s/{prefix}-{document.id}"
    return {"path": path, "fields": {**fields, "listed_in": prefix}}

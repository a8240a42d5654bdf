"""AOIs of any size: scenes of 20 bursts in chains over the dates, as requests or in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.adapters.memory import MemoryPublisher
from tileweave.domain.model import Json
from tileweave.usecases import watch
from tileweave.usecases.add_scenes import add_scenes
from tileweave.usecases.ports import Services
from tileweave.web.scene_input import read_scene

BURSTS = 20
"""Tiles of a scene."""

LENGTH = 50
"""Scenes of a chain, where nothing else is asked for: the passes of a track in ten months."""

FIRST_DATE = datetime(2022, 1, 4, 17, 1, 23, 133000, UTC)
REPEAT = timedelta(days=6)


def requests(aoi: str, scenes: int, *, bursts: int = BURSTS, length: int = LENGTH) -> list[Json]:
    """Return requests that add scenes to an AOI, in chains of `length` scenes.

    A tile's previous is the same burst in the scene before, its reference in the first scene.
    """
    return [
        _request(aoi, number // length, number % length, bursts, min(length, scenes))
        for number in range(scenes)
    ]


def seed(project: str, aoi: str, tiles: int, *, bursts: int = BURSTS) -> None:
    """Make an AOI of so many tiles by the product's own use case, without any jobs."""
    client = Client(project=project)
    services = Services(FirestoreStore(client), MemoryPublisher())
    watch.create_aoi(services, aoi)
    for part in _parts(requests(aoi, tiles // bursts, bursts=bursts), 10 * LENGTH):
        add_scenes(services, aoi, [read_scene(aoi, each) for each in part])
    client.close()


def _parts(items: Sequence[Json], size: int) -> Iterator[Sequence[Json]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def product(track: int, number: int) -> str:
    """Return the name of a scene: of a track, by its place in the chain."""
    begin = _date(track, number)
    end = begin + timedelta(seconds=27)
    orbit = 41766 + number * 175
    span = f"{begin:%Y%m%dT%H%M%S}_{end:%Y%m%dT%H%M%S}"
    return f"S1A_IW_SLC__1SDV_{span}_{orbit:06}_{track:06X}_D5BE"


def _date(track: int, number: int) -> datetime:
    return FIRST_DATE + number * REPEAT + track * timedelta(minutes=1)


def _request(aoi: str, track: int, number: int, bursts: int, length: int) -> Json:
    tiles = {_burst(track, each): _tile(track, number, each) for each in range(bursts)}
    return {
        "source_id": product(track, number),
        "aoi": aoi,
        "retry_count": 1,
        "geometry_wkt": _square(track % 30, 50, bursts / 10),
        "tags": {
            "constellation": "SENTINEL1",
            "orbitDirection": "ASCENDING",
            "polarisationMode": "VV VH",
            "relativeOrbit": str(track),
        },
        "data": {
            "date": _date(track, number).isoformat().replace("+00:00", "Z"),
            "graph_name": "S1Preprocessing",
            "graph_config": {"projection": "EPSG:32632", "snap_cpu_parallelism": "8"},
            "instances_id": {"sigma0_VV": f"instance-{length}"},
            "record_id": f"{track:04}-{number:04}",
            "is_retriable": True,
            "storage_uri": "gs://bucket/scenes",
        },
        "tiles": tiles,
    }


def _burst(track: int, burst: int) -> str:
    return f"A{track + 1}_IW{burst % 3 + 1}_{_anx_time(burst)}"


def _anx_time(burst: int) -> int:
    return 8951 + 28 * burst


def _tile(track: int, number: int, burst: int) -> dict[str, Any]:
    tile: Json = {
        "data": {
            "swath_id": f"IW{burst % 3 + 1}",
            "tile_nr": burst // 3 + 1,
            "graph_name": "S1BackscatterCoherence",
            "is_retriable": False,
        },
        "anx_time": _anx_time(burst),
        "geometry_wkt": _square(track % 30, 50 + burst * 0.17, 0.2),
    }
    if not number:
        return tile
    name = _burst(track, burst)
    links = {"previous": number - 1, "reference": 0}
    for link, scene in links.items():
        tile |= {f"{link}_tile_id": name, f"{link}_scene_id": product(track, scene)}
    return tile


def _square(west: float, south: float, height: float) -> str:
    corners = [(0, 0), (1.1, 0.07), (1.05, height + 0.07), (0.02, height), (0, 0)]
    points = ", ".join(f"{west + x:.6f} {south + y:.6f}" for x, y in corners)
    return f"MULTIPOLYGON ((({points})))"


def bodies(aoi: str, scenes: int, *, bursts: int = BURSTS, length: int = LENGTH) -> bytes:
    """Return the same as the body of one request, in JSON."""
    return json.dumps(requests(aoi, scenes, bursts=bursts, length=length)).encode()

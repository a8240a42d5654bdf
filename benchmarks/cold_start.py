"""From the start of a function's process to its first answer, against a bare function."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from google.cloud.firestore import Client

from benchmarks import seeding
from benchmarks.figures import Figure, at_most, middle
from benchmarks.serving import BARE, environment, seconds_of_cold_start
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.adapters.memory import MemoryPublisher
from tileweave.cli import functions
from tileweave.domain.identity import scene_id, tile_id
from tileweave.domain.model import Json
from tileweave.usecases.ports import Services
from tileweave.usecases.reject import Delivery
from tileweave.usecases.take_result import take_result

TIMES = 7
LIMIT = 1.15
AOI = "cold"

NEEDS = {
    "aoi": "firestore",
    "scene": "firestore",
    "tile": "firestore",
    "results": "both",
    "dependencies": "both",
    "rejected": "firestore",
    "janitor": "firestore",
    "dashboard": "nothing",
}
"""The bare function that has the clients which the first answer of a function takes."""

Ask = Mapping[str, str]


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield the seconds of each function's cold start."""
    times = 1 if quick else TIMES
    with environment() as project:
        seeding.seed(project, AOI, 2 * times * seeding.BURSTS)
        asked = _Asked.of(project, times)
        for name, needs in NEEDS.items():
            yield _figure(name, needs, asked.of_function(name), times)


def _figure(name: str, needs: str, asked: Iterator[Ask], times: int) -> Figure:
    source, bare = functions.folder() / name / "main.py", BARE / f"{needs}.py"
    measured, floor = [], []
    for _ in range(times):
        measured.append(seconds_of_cold_start(source, name, next(asked)))
        floor.append(seconds_of_cold_start(bare, "first", {"method": "GET", "path": "/"}))
    return Figure(
        case=name,
        value=middle(measured),
        unit="s",
        floor=middle(floor),
        ratio_goal=at_most(LIMIT),
        note=f"clients: {needs}",
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What each function is asked first: scenes that are PENDING, and others that are DONE."""

    pending: tuple[int, ...]
    done: tuple[int, ...]

    @classmethod
    def of(cls, project: str, times: int) -> _Asked:
        """Answer half of the scenes, without propagating it."""
        names = [each["source_id"] for each in seeding.requests(AOI, 2 * times)]
        ids = tuple(scene_id(AOI, each) for each in names)
        services = Services(FirestoreStore(Client(project=project)), MemoryPublisher())
        for number, each in enumerate(ids[:times]):
            take_result(services, Delivery(f"seed-{number}", json.dumps(_result(each)).encode()))
        return cls(ids[times:], ids[:times])

    def of_function(self, name: str) -> Iterator[Ask]:
        """Return what a function is asked, another thing each time where it changes something."""
        if name == "results":
            return (_push(_result(each)) for each in self.pending)
        if name == "dependencies":
            return (_push({"type": "scene", "id": each}) for each in self.done)
        return (self._call(name) for _ in count())

    def _call(self, name: str) -> Ask:
        request = seeding.requests(AOI, 1)[0]
        scene = request["source_id"]
        tile = tile_id(AOI, scene, next(iter(request["tiles"])))
        paths = {
            "aoi": f"/aoi/{AOI}",
            "scene": f"/scene/{scene_id(AOI, scene)}",
            "tile": f"/tile/{tile}",
            "rejected": "/rejected",
        }
        method = "POST" if name == "janitor" else "GET"
        return {"method": method, "path": paths.get(name, "/")}


def _result(scene: int) -> Json:
    return {"type": "scene", "id": scene, "status": "DONE", "message": ""}


def _push(body: Json) -> Ask:
    data = base64.b64encode(json.dumps(body).encode()).decode()
    message = {"data": data, "messageId": f"cold-{body['id']}"}
    return {"method": "POST", "path": "/", "body": json.dumps({"message": message})}

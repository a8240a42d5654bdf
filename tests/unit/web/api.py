"""All HTTP functions over one store in memory, called as a client calls them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, cast

from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.messages import Message
from tileweave.domain.model import Document, Json, Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.domain.tally import Totals
from tileweave.usecases.ports import (
    ALL,
    Aoi,
    Publisher,
    Rejected,
    Services,
    Store,
    Stored,
    Which,
    Window,
)
from tileweave.usecases.propagate import take_update
from tileweave.usecases.take_result import take_result
from tileweave.web import aoi, health, janitor, rejected, scene, tile
from tileweave.web.push import push_function
from tileweave.web.routing import http_function

DATA = Path(__file__).parents[2] / "data"
AREA = "DenmarkDemo"

Function = Callable[[Request], Response]


@cache
def _text(name: str) -> str:
    return (DATA / name).read_text()


def denmark(name: str = "tiles") -> list[Json]:
    """Return the Features of one of the document's examples, the newest scene first."""
    features: list[Json] = json.loads(_text(f"denmark_{name}.geojson"))["features"]
    return features


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON
    """Return a message recorded from geocube-ingester's workflow server."""
    return json.loads(_text(f"messages/{name}.json"))


def a_request(source_id: str = "S1A_1", **fields: object) -> Json:
    """Return a scene request that is right, but for what `fields` replaces."""
    data = {"date": "2022-01-11T17:01:24.37Z", "graph_name": "S1Preprocessing"}
    tiles = {"A44_IW1_8951": {"data": {"swath_id": "IW1", "tile_nr": 4}}}
    return {"source_id": source_id, "aoi": AREA, "data": data, "tiles": tiles, **fields}


def a_feature(source_id: str = "S1A_1", **properties: object) -> Json:
    """Return a Feature without geometry; `properties` replaces what it holds."""
    data = {"date": "2022-01-11T17:01:24.37Z"}
    return {
        "type": "Feature",
        "id": 0,
        "geometry": None,
        "properties": {"source_id": source_id, "data": data, **properties},
    }


class Answer(TestResponse):
    """An answer that is expected to hold JSON."""

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """What it holds."""
        return self.get_json()


class Api:
    """What `tileweave up` serves under one base URL, and the functions that are called at `/`."""

    def __init__(
        self,
        services: Services | None = None,
        *,
        store: Store | None = None,
        publisher: Publisher | None = None,
    ) -> None:
        self.store = MemoryStore()
        self.publisher = MemoryPublisher()
        self.services = services or Services(
            store or self.store, publisher or self.publisher, defers_publishing=True
        )
        routes = {
            "aoi": aoi.ROUTES,
            "scene": scene.ROUTES,
            "tile": tile.ROUTES,
            "rejected": (*rejected.ROUTES, *rejected.PUSHED),
        }
        functions = {
            name: http_function(each, lambda: self.services) for name, each in routes.items()
        }
        rest = http_function(health.ROUTES, lambda: self.services)
        self._client = a_client(
            lambda request: functions.get(request.path.split("/")[1], rest)(request)
        )
        messages = replace(self.services, defers_publishing=False)
        self.dead_letters = a_client(functions["rejected"])
        self.janitor = a_client(http_function(janitor.ROUTES, lambda: messages))
        self.results = a_client(push_function(take_result, lambda: messages))
        self.dependencies = a_client(push_function(take_update, lambda: messages))

    def get(self, path: str, **more: Any) -> Answer:  # noqa: ANN401 - the client's own
        """GET."""
        return self.call("GET", path, **more)

    def put(self, path: str, **more: Any) -> Answer:  # noqa: ANN401 - the client's own
        """PUT."""
        return self.call("PUT", path, **more)

    def post(self, path: str, **more: Any) -> Answer:  # noqa: ANN401 - the client's own
        """POST."""
        return self.call("POST", path, **more)

    def call(self, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - the same
        """Use any method."""
        return cast("Answer", self._client.open(path, method=method, **more))

    def with_area(self, name: str = AREA) -> Api:
        """Create an AOI."""
        assert self.post(f"/aoi/{name}").status_code == 200
        return self

    def add(self, body: object, area: str = AREA) -> Answer:
        """Add a scene."""
        text = json.dumps(body)
        return self.post(f"/aoi/{area}/scene", data=text, content_type="application/json")

    def added(self, body: object, area: str = AREA) -> int:
        """Add a scene; return its id."""
        answer = self.add(body, area)
        assert answer.status_code == 200, answer.text
        number: int = answer.json["id"]
        return number

    def with_denmark(self, area: str = AREA) -> list[int]:
        """Add Denmark, the oldest scene first; return the ids of the scenes, the newest first."""
        return [self.added(each, area) for each in reversed(denmark())][::-1]

    def tiles(self, scene_id: int) -> list[Json]:
        """Return the `Tiles` of a scene."""
        answer = self.get(f"/scene/{scene_id}/tiles")
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json["features"][0]["properties"]["Tiles"]
        return found

    @property
    def rejected(self) -> dict[str, Rejected]:
        """What was rejected, by the ids of the messages."""
        found = self.services.store.rejected()
        return {each.message_id.partition("@")[0]: each for each in found}

    def overview(self, area: str = AREA) -> Json:
        """Return the overview of an AOI."""
        found: Json = self.get(f"/aoi/{area}").json
        return found

    def push(self, function: Client, body: object, **more: object) -> TestResponse:
        """Push a JSON message to a function."""
        return function.post("/", json=an_envelope(json.dumps(body).encode(), **more))

    def finish(self) -> None:
        """Answer DONE to every job, and deliver every update, until nothing more is published."""
        while messages := self.publisher.take():
            for number, each in enumerate(messages):
                where = self.results if each.topic.endswith("-jobs") else self.dependencies
                said = {**each.body, "type": each.attributes["type"], "status": "DONE"}
                body = {name: said[name] for name in ("type", "id", "status")}
                name = f"{each.topic}-{each.body['id']}-{number}"
                assert self.push(where, body, messageId=name).status_code == 204


def a_client(function: Function) -> Client:
    """Return a client of one function."""
    return Client(Request.application(function), Answer)


def an_envelope(body: bytes, **message: object) -> Json:
    """Return what Pub/Sub pushes; `message` replaces its fields."""
    data = base64.b64encode(body).decode()
    return {
        "message": {
            "data": data,
            "messageId": "2070443601311540",
            "message_id": "2070443601311540",
            "publishTime": "2022-02-26T19:13:55.749Z",
            "attributes": {},
            **message,
        },
        "subscription": "projects/p/subscriptions/results",
    }


def problem_of(answer: TestResponse, status: int) -> Json:
    """Return the problem that an answer holds; it must be one, of this status."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body: Json = json.loads(answer.get_data())
    assert body["status"] == status
    assert {"type", "title", "detail"} <= body.keys()
    assert "Traceback" not in answer.text
    assert "<html" not in answer.text.lower()
    return body


def wrong_paths(answer: TestResponse) -> list[str]:
    """Return the paths of all wrong fields of a 422 answer."""
    return [each["path"] for each in problem_of(answer, 422)["errors"]]


class BrokenStore(MemoryStore):
    """A store that raises the same error, whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def _broken(self) -> NoReturn:
        raise self.error

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Raise the error."""
        self._broken()

    def create_aoi(self, name: str, now: object) -> Aoi:
        """Raise the error."""
        self._broken()

    def find_aoi(self, name: str) -> Aoi | None:
        """Raise the error."""
        self._broken()

    def totals(self, name: str) -> tuple[Aoi, Totals] | None:
        """Raise the error."""
        self._broken()

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        """Raise the error."""
        self._broken()

    def tiles(
        self,
        aoi: str,
        statuses: Collection[Status] = (),
        window: Window = ALL,
        which: Which = Which.EVERY,
    ) -> Iterator[Tile]:
        """Raise the error."""
        self._broken()

    def unpublished(self) -> Iterator[Document]:
        """Raise the error."""
        self._broken()

    def keep_rejected(self, rejected: Rejected) -> None:
        """Raise the error."""
        self._broken()


class BrokenPublisher:
    """A publisher that raises the same error, whatever it is given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def publish(self, messages: Sequence[Message]) -> None:
        """Raise the error."""
        raise self.error

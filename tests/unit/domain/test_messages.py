"""Messages on the wire, against those recorded from geocube-ingester's workflow server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.builders import AOI, NEIGHBOUR, NOW, a_scene, a_tile
from tileweave.domain.draft import Draft
from tileweave.domain.incoming import DependencyUpdate, Result
from tileweave.domain.messages import Message, Topic, outgoing
from tileweave.domain.model import Document, Scene, Tile
from tileweave.domain.status import Status

RECORDED = Path(__file__).parents[2] / "data" / "messages"
JOB, UPDATE = frozenset({"job"}), frozenset({"update"})


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return a recorded message."""
    return json.loads((RECORDED / f"{name}.json").read_text())


def as_recorded(body: dict[str, Any], number: int = 0) -> Scene:
    """Return the scene of a recorded message as it would be stored."""
    scene = a_scene(number, status=Status.DONE, data=body["data"])
    return replace(scene, id=body["id"], source_id=body["source_id"], aoi=body["aoi"])


def tile_as_recorded(body: dict[str, Any], scene: Scene, number: int = 0) -> Tile:
    """Return the tile of a recorded message as it would be stored, without links."""
    tile = a_tile(number, data=body["data"], status=Status.PENDING, attempt=2)
    return replace(
        tile,
        id=body["id"],
        source_id=body["source_id"],
        aoi=scene.aoi,
        scene_id=scene.id,
        scene_source_id=scene.source_id,
    )


def publish(*documents: Document, others: tuple[Document, ...] = ()) -> list[Message]:
    """Return what the outboxes of the documents hold."""
    draft = Draft({each.key: each for each in (*documents, *others)}, NOW)
    for each in documents:
        draft.publish(each)
    return outgoing(draft)


def test_a_scene_job_is_the_recorded_one_and_its_attempt() -> None:
    body = recorded("scene_job")

    [message] = publish(replace(as_recorded(body), outbox=JOB, attempt=3))

    assert message.topic is Topic.SCENE_JOBS
    assert message.body == {**body, "attempt": 3}


def test_a_tile_job_of_a_root_is_the_recorded_one_and_its_attempt() -> None:
    """Its previous and reference are the empty tile."""
    body = recorded("tile_job_root")
    scene = as_recorded(body["scene"])

    [message] = publish(replace(tile_as_recorded(body, scene), outbox=JOB), others=(scene,))

    assert message.topic is Topic.TILE_JOBS
    assert message.body == {**body, "attempt": 2}


def test_a_tile_job_with_previous_and_reference_is_the_recorded_one_and_its_attempt() -> None:
    """Each with its scene."""
    body = recorded("tile_job_with_previous")
    first, scene = as_recorded(body["tile_previous"]["scene"]), as_recorded(body["scene"], 1)
    root = tile_as_recorded(body["tile_previous"], first)
    tile = tile_as_recorded(body, scene, 1)
    linked = replace(tile, previous=root.link, reference=root.link, outbox=JOB)

    [message] = publish(linked, others=(root, first, scene))

    assert message.body == {**body, "attempt": 2}


def test_previous_and_reference_of_a_job_are_told_apart() -> None:
    """Each stands where the worker looks for it."""
    scene = a_scene(0, status=Status.DONE)
    previous, reference = a_tile(0), a_tile(0, NEIGHBOUR)
    tile = a_tile(0, "A44_IW1_9007", previous=previous.link, reference=reference.link)

    [message] = publish(replace(tile, outbox=JOB), others=(scene, previous, reference))

    assert message.body["tile_previous"]["source_id"] == previous.source_id
    assert message.body["tile_reference"]["source_id"] == reference.source_id


def test_data_keeps_every_key_that_it_came_with() -> None:
    """And lacks none that a worker reads."""
    scene = a_scene(data={"uuid": "05a3b01d", "date": "2022-01-11T17:01:24.37Z", "own": [[1]]})

    [message] = publish(replace(scene, outbox=JOB))

    assert message.body["data"] == {
        "uuid": "05a3b01d",
        "date": "2022-01-11T17:01:24.37Z",
        "own": [[1]],
        "tiles": {},
        "graph_name": "",
        "graph_config": None,
        "record_id": "",
        "instances_id": None,
        "metadata": None,
        "is_retriable": False,
        "storage_uri": "",
    }


def test_data_of_a_tile_keeps_every_key_that_it_came_with() -> None:
    """And lacks none that a worker reads."""
    tile, scene = a_tile(data={"own": 1, "swath_id": "IW1"}), a_scene()

    [message] = publish(replace(tile, outbox=JOB), others=(scene,))

    assert message.body["data"] == {
        "own": 1,
        "swath_id": "IW1",
        "tile_nr": 0,
        "graph_name": "",
        "is_retriable": False,
    }


@pytest.mark.parametrize("token", [JOB, UPDATE])
def test_all_messages_carry_the_same_attributes(token: frozenset[str]) -> None:
    """Kind, AOI, id and attempt, as strings."""
    scene, tile = a_scene(attempt=2, status=Status.DONE), a_tile(attempt=7)

    messages = publish(replace(scene, outbox=token), replace(tile, outbox=token))

    assert [each.attributes for each in messages] == [
        {"type": "scene", "aoi": AOI, "id": str(scene.id), "attempt": "2"},
        {"type": "tile", "aoi": AOI, "id": str(tile.id), "attempt": "7"},
    ]


@pytest.mark.parametrize("document", [a_scene(), a_tile()])
def test_a_dependency_update_names_what_changed(document: Document) -> None:
    """And nothing of what it became: whoever takes it looks."""
    [message] = publish(replace(document, outbox=UPDATE))

    assert message.topic is Topic.DEPENDENCY_UPDATES
    assert message.body == {"type": document.key.kind, "id": document.id}
    assert DependencyUpdate.model_validate(message.body).id == document.id


def test_an_empty_outbox_publishes_nothing() -> None:
    assert publish(a_scene(), a_tile()) == []


def test_the_recorded_result_is_read() -> None:
    result = Result.model_validate(recorded("result"))

    assert result == Result(type="tile", id=3, status=Status.DONE, message="", attempt=None)


@pytest.mark.parametrize("status", ["DONE", "done", "Done", "dOnE"])
@pytest.mark.parametrize("kind", ["scene", "tile"])
def test_a_status_is_read_in_any_case(status: str, kind: str) -> None:
    body = f'{{"type": "{kind}", "id": 3, "status": "{status}"}}'

    assert Result.model_validate_json(body).status is Status.DONE


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"id": 2**53 - 1}, "id", 2**53 - 1),
        ({"id": 1}, "id", 1),
        ({"attempt": 1}, "attempt", 1),
        ({"attempt": None}, "attempt", None),
        ({"attempt": 0}, "attempt", None),
        ({"message": None}, "message", ""),
        ({"message": None, "attempt": 0}, "attempt", None),
        ({"status": "retry"}, "status", Status.RETRY),
        ({"status": "Failed"}, "status", Status.FAILED),
        ({"message": "no space left"}, "message", "no space left"),
        ({"worker": "pod-7"}, "message", ""),
    ],
)
def test_what_a_result_may_say_is_read(
    changes: dict[str, object], field: str, value: object
) -> None:
    """Keys that nobody knows are passed over."""
    body = {"type": "tile", "id": 3, "status": "DONE", **changes}

    assert getattr(Result.model_validate_json(json.dumps(body)), field) == value


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "aoi"},
        {"type": "Tile"},
        {"type": None},
        {"type": ["tile"]},
        {"id": 0},
        {"id": -1},
        {"id": 2**53},
        {"id": "3"},
        {"id": 3.0},
        {"id": 3.5},
        {"id": True},
        {"id": None},
        {"id": [3]},
        {"status": "NEW"},
        {"status": "PENDING"},
        {"status": "OK"},
        {"status": ""},
        {"status": 1},
        {"status": None},
        {"status": ["DONE"]},
        {"status": {"DONE": 1}},
        {"message": 7},
        {"message": False},
        {"message": {}},
        {"attempt": False},
        {"attempt": 0.0},
        {"attempt": "0"},
        {"attempt": -1},
        {"attempt": "1"},
        {"attempt": 1.0},
        {"attempt": True},
    ],
)
def test_a_result_with_a_wrong_field_is_refused(changes: dict[str, object]) -> None:
    """One error, and it names the field."""
    body = {"type": "tile", "id": 3, "status": "DONE", **changes}

    with pytest.raises(ValidationError) as error:
        Result.model_validate_json(json.dumps(body))

    assert {each["loc"][0] for each in error.value.errors()} == set(changes)


@pytest.mark.parametrize("key", ["type", "id", "status"])
def test_a_result_without_a_needed_field_is_refused(key: str) -> None:
    body = {"type": "tile", "id": 3, "status": "DONE"}
    del body[key]

    with pytest.raises(ValidationError, match=key):
        Result.model_validate_json(json.dumps(body))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"3", b'"DONE"', b"\xff\xfe", b"{'type': 'tile'}", b"NaN"]
)
@pytest.mark.parametrize("model", [Result, DependencyUpdate])
def test_what_is_no_json_object_is_refused(
    model: type[Result | DependencyUpdate], body: bytes
) -> None:
    with pytest.raises(ValidationError):
        model.model_validate_json(body)


@pytest.mark.parametrize("changes", [{"type": "aoi"}, {"id": 0}, {"id": "3"}, {"id": 2**53}])
def test_an_update_with_a_wrong_field_is_refused(changes: dict[str, object]) -> None:
    body = {"type": "tile", "id": 3, **changes}

    with pytest.raises(ValidationError):
        DependencyUpdate.model_validate_json(json.dumps(body))

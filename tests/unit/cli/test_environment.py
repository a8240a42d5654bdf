"""The variables that a command finds, as docs/workers.md lists them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit.cli.doubles import a_scene_job, a_tile_job
from tileweave.cli.environment import variables
from tileweave.jobs.job import Job, read_job

MESSAGES = Path(__file__).parents[2] / "data" / "messages"
DOCUMENTED = Path(__file__).parents[3] / "docs" / "workers.md"


def recorded(name: str) -> dict[str, str]:
    """Return the variables of a job of the contract."""
    return dict(variables(read_job((MESSAGES / name).read_bytes())))


def test_a_tile_that_depends_on_others() -> None:
    found = recorded("tile_job_with_previous.json")
    body = json.loads((MESSAGES / "tile_job_with_previous.json").read_bytes())
    assert found == {
        "TILEWEAVE_JOB_ID": str(body["id"]),
        "TILEWEAVE_KIND": "tile",
        "TILEWEAVE_SOURCE_ID": "A44_IW1_8951_0",
        "TILEWEAVE_AOI": "sample",
        "TILEWEAVE_ATTEMPT": "1",
        "TILEWEAVE_SCENE": body["scene"]["source_id"],
        "TILEWEAVE_DATE": body["scene"]["data"]["date"],
        "TILEWEAVE_STORAGE_URI": body["scene"]["data"]["storage_uri"],
        "TILEWEAVE_GRAPH_NAME": body["data"]["graph_name"],
        "TILEWEAVE_SWATH": body["data"]["swath_id"],
        "TILEWEAVE_TILE_NR": str(body["data"]["tile_nr"]),
        "TILEWEAVE_PREVIOUS": body["tile_previous"]["source_id"],
        "TILEWEAVE_PREVIOUS_SCENE": body["tile_previous"]["scene"]["source_id"],
        "TILEWEAVE_REFERENCE": body["tile_reference"]["source_id"],
        "TILEWEAVE_REFERENCE_SCENE": body["tile_reference"]["scene"]["source_id"],
    }


def test_what_a_job_has_nothing_for_is_empty_and_there() -> None:
    """A script may refer to all of them."""
    root, scene = recorded("tile_job_root.json"), recorded("scene_job.json")
    assert root.keys() == scene.keys() == variables(a_scene_job()).keys()
    assert (root["TILEWEAVE_PREVIOUS"], root["TILEWEAVE_REFERENCE_SCENE"]) == ("", "")
    assert (scene["TILEWEAVE_KIND"], scene["TILEWEAVE_SWATH"]) == ("scene", "")
    assert scene["TILEWEAVE_SCENE"] == scene["TILEWEAVE_SOURCE_ID"]
    assert scene["TILEWEAVE_GRAPH_NAME"]


def with_data(job: Job, **data: object) -> Job:
    """Return a job with this data."""
    text = json.dumps(json.loads(job.text) | {"data": data}).encode()
    return job.model_copy(update={"text": text})


@pytest.mark.parametrize(
    ("value", "text"), [("a\0b", "ab"), (7, "7"), ("x" * 100_001, ""), (None, ""), ("", "")]
)
def test_a_value_that_a_variable_cannot_hold(value: object, text: str) -> None:
    """The job on standard input has all of it."""
    found = variables(with_data(a_tile_job(), swath_id=value))
    assert found["TILEWEAVE_SWATH"] == text


def test_all_of_them_are_documented() -> None:
    written = set(re.findall(r"`(TILEWEAVE_[A-Z_]+)`", DOCUMENTED.read_text()))
    assert variables(a_tile_job()).keys() <= written

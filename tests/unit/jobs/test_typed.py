"""Jobs with types, as the contract writes them and as a test makes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tileweave.jobs.typed import JobScene, SceneJob, TileJob

MESSAGES = Path(__file__).parents[2] / "data" / "messages"


def recorded(name: str) -> dict[str, object]:
    """Return a message of the contract."""
    found: dict[str, object] = json.loads((MESSAGES / name).read_bytes())
    return found


def test_a_tile_has_its_scene_and_what_it_depends_on() -> None:
    job = TileJob.model_validate(recorded("tile_job_with_previous.json"))
    assert (job.aoi, job.source_id) == ("sample", "A44_IW1_8951_0")
    assert job.datetime == job.scene.datetime
    assert job.datetime is not None
    assert job.previous is not None
    assert job.previous.scene.source_id != job.scene.source_id
    assert not job.stopping.is_set()


def test_a_root_depends_on_nothing() -> None:
    """Geocube writes the empty tile then."""
    job = TileJob.model_validate(recorded("tile_job_root.json"))
    assert (job.previous, job.reference) == (None, None)


def test_a_scene_has_its_date_and_data() -> None:
    job = SceneJob.model_validate(recorded("scene_job.json") | {"attempt": 3})
    assert (job.aoi, job.attempt) == ("sample", 3)
    assert job.datetime is not None
    assert job.datetime.tzinfo is not None
    assert job.data["graph_name"]


@pytest.mark.parametrize("data", [{}, {"date": None}, {"date": "soon"}])
def test_a_date_that_is_none_is_none(data: dict[str, object]) -> None:
    assert JobScene(id=1, source_id="S1A", aoi="A", data=data).datetime is None


def test_a_test_makes_one_in_a_line() -> None:
    """By the names of its fields; and it cannot be changed."""
    scene = JobScene(id=1, source_id="S1A", aoi="A", data={"date": "2022-01-11T17:01:24.37Z"})
    before = TileJob(id=1, source_id="A44", scene=scene)
    job = TileJob(id=2, source_id="A44", scene=scene, previous=before)
    assert job.datetime == datetime(2022, 1, 11, 17, 1, 24, 370_000, UTC)
    assert job.previous is not None
    assert job.previous.id == 1
    with pytest.raises(ValidationError):
        job.id = 3  # type: ignore[misc]

"""Jobs are read, and results written, as SPEC section 3 says."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.doubles import a_scene_job, a_tile_job
from tileweave.domain.messages import Topic
from tileweave.jobs.job import Outcome, read_job, result_of

MESSAGES = Path(__file__).parents[2] / "data" / "messages"


def test_a_scene_job_of_the_contract_is_read() -> None:
    job = read_job((MESSAGES / "scene_job.json").read_bytes())
    assert (job.kind, job.aoi) == ("scene", "sample")
    assert job.scene_source_id == job.source_id


def test_a_tile_job_of_the_contract_is_read() -> None:
    job = read_job((MESSAGES / "tile_job_with_previous.json").read_bytes())
    assert (job.kind, job.source_id, job.aoi) == ("tile", "A44_IW1_8951_0", "sample")
    assert job.scene_source_id.startswith("S1A_IW_SLC__1SDV_20190107")


def test_a_job_keeps_its_text_for_the_command_that_works_on_it() -> None:
    text = (MESSAGES / "tile_job_root.json").read_bytes()
    assert json.loads(read_job(text).text) == json.loads(text)


@pytest.mark.parametrize("text", [b"", b"not JSON", b"[]", b"{}", b'{"id": 1}', b"\xff"])
def test_what_is_no_job_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_job(text)


def test_a_result_names_its_job_and_attempt_in_body_and_attributes() -> None:
    message = result_of(a_tile_job(attempt=3), Outcome("RETRY", "no orbit file"))
    assert message.topic is Topic.RESULTS
    assert message.body == {
        "type": "tile",
        "id": 7,
        "status": "RETRY",
        "message": "no orbit file",
        "attempt": 3,
    }
    assert message.attributes == {
        "type": "tile",
        "aoi": "DenmarkDemo",
        "id": "7",
        "attempt": "3",
    }


def test_a_job_without_attempt_has_a_result_without() -> None:
    message = result_of(a_scene_job(attempt=None), Outcome("DONE"))
    assert "attempt" not in message.body
    assert "attempt" not in message.attributes


def test_a_job_is_told_by_its_names() -> None:
    assert str(a_tile_job("A44", scene="S1A", attempt=2)) == "tile A44 of S1A, attempt 2"
    assert str(a_scene_job("S1A", attempt=None)) == "scene S1A, attempt 1"

"""Every event in every status, against the table of the contract (section 2), written out here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW, a_scene, a_tile
from tileweave.domain.decisions import (
    LEASE_OVER,
    LONGEST_MESSAGE,
    Ignored,
    fail_with_scene,
    handle_due,
    operate,
    take_result,
)
from tileweave.domain.draft import Draft
from tileweave.domain.errors import NotAllowed
from tileweave.domain.incoming import Result
from tileweave.domain.model import Cause, Change, Document, Tile
from tileweave.domain.readiness import hand_out_ready
from tileweave.domain.status import FORCED, Event, Status

TABLE = """
event                      |NEW          |PENDING      |DONE         |RETRY        |FAILED
dependencies done          |PENDING+job  |-            |-            |-            |-
result DONE                |-            |DONE+update  |-            |DONE+update  |-
result RETRY, countdown > 0|-            |PENDING+job  |-            |-            |-
result RETRY, countdown 0  |-            |RETRY        |-            |-            |-
result FAILED              |-            |FAILED+update|-            |FAILED+update|-
scene FAILED               |FAILED+update|FAILED+update|FAILED+update|FAILED+update|-
lease ran out              |-            |PENDING+job  |-            |-            |-
operator retry             |-            |-            |-            |PENDING+job  |-
operator fail              |-            |-            |-            |FAILED+update|-
forced retry               |PENDING+job  |PENDING+job  |PENDING+job  |PENDING+job  |PENDING+job
forced fail                |FAILED+update|FAILED+update|FAILED+update|FAILED+update|FAILED+update
forced NEW                 |NEW          |NEW          |NEW          |NEW          |NEW
forced PENDING             |PENDING+job  |PENDING+job  |PENDING+job  |PENDING+job  |PENDING+job
forced DONE                |DONE+update  |DONE+update  |DONE+update  |DONE+update  |DONE+update
forced RETRY               |RETRY        |RETRY        |RETRY        |RETRY        |RETRY
forced FAILED              |FAILED+update|FAILED+update|FAILED+update|FAILED+update|FAILED+update
"""

OF_TILES_ONLY = (Event.DEPENDENCIES_DONE, Event.SCENE_FAILED)
RESULTS = {
    Event.RESULT_DONE: ("DONE", 2),
    Event.RESULT_RETRY: ("RETRY", 2),
    Event.RESULT_RETRY_SPENT: ("RETRY", 0),
    Event.RESULT_FAILED: ("FAILED", 2),
}
OPERATOR = Cause(actor="operator")


def cells() -> list[tuple[Event, Status, str]]:
    """Return the table cell by cell: an event, a status, and what it leads to."""
    header, *rows = [line.split("|") for line in TABLE.strip().splitlines()]
    statuses = [Status(name.strip()) for name in header[1:]]
    return [
        (Event(row[0].strip()), status, cell.strip())
        for row in rows
        for status, cell in zip(statuses, row[1:], strict=True)
    ]


CASES = [
    pytest.param(kind, *cell, id=f"{kind} {cell[1]}: {cell[0]}")
    for kind in ("scene", "tile")
    for cell in cells()
    if kind == "tile" or cell[0] not in OF_TILES_ONLY
]
CHANGES = [case for case in CASES if case.values[3] != "-"]
NO_CHANGES = [case for case in CASES if case.values[3] == "-"]


def test_the_table_here_has_every_event_in_every_status() -> None:
    """So an event that is added to the code is missed here."""
    assert {(event, status) for event, status, _ in cells()} == {
        (event, status) for event in Event for status in Status
    }


@pytest.mark.parametrize(("kind", "event", "status", "cell"), CHANGES)
def test_an_event_leads_where_the_contract_says(
    kind: str, event: Event, status: Status, cell: str
) -> None:
    """The status follows the table, and the outbox holds what is to be published, nothing else."""
    to, _, kind_of_token = cell.partition("+")

    after, _ = happen(event, a_job(kind, event, status))

    numbers = {"job": after.attempt, "update": after.changes - 1}
    assert after.status is Status(to)
    assert after.outbox == (
        {f"{kind_of_token}:{numbers[kind_of_token]}"} if kind_of_token else set()
    )


@pytest.mark.parametrize(("kind", "event", "status", "cell"), CHANGES)
def test_the_attempt_counts_the_jobs_handed_out(
    kind: str, event: Event, status: Status, cell: str
) -> None:
    """One more when a job is handed out, else the same."""
    after, _ = happen(event, a_job(kind, event, status))

    assert after.attempt == (4 if cell.endswith("+job") else 3)


@pytest.mark.parametrize(("kind", "event", "status", "cell"), CHANGES)
def test_only_an_automatic_retry_uses_up_the_countdown(
    kind: str, event: Event, status: Status, cell: str
) -> None:
    """An operator's retry takes nothing from it."""
    before = a_job(kind, event, status)

    after, _ = happen(event, before)

    assert after.retry_countdown == before.retry_countdown - (event is Event.RESULT_RETRY)


@pytest.mark.parametrize(("kind", "event", "status", "cell"), CHANGES)
def test_every_change_is_kept(kind: str, event: Event, status: Status, cell: str) -> None:
    """When, from, to, attempt, and who or what did it: one more entry at the end."""
    before = a_job(kind, event, status)

    after, cause = happen(event, before)

    change = Change(NOW, status, after.status, after.attempt, cause)
    assert after.history == (*before.history, change)
    assert after.updated_at == NOW


@pytest.mark.parametrize(("kind", "event", "status", "cell"), CHANGES)
def test_the_last_word_on_a_job_is_kept(kind: str, event: Event, status: Status, cell: str) -> None:
    """A worker's message replaces the last one; what an operator does leaves it to be read."""
    after, cause = happen(event, a_job(kind, event, status))

    speaks = event in RESULTS or event is Event.SCENE_FAILED
    assert after.message == (cause.message if speaks else "said before")


@pytest.mark.parametrize(("kind", "event", "status", "cell"), NO_CHANGES)
def test_anything_else_changes_nothing(kind: str, event: Event, status: Status, cell: str) -> None:
    """A result is ignored, an operator refused with the status; nothing is edited or published."""
    job = replace(a_job(kind, event, status), due_at=NOW)
    draft = a_draft(job, event)

    if event in RESULTS:
        ignored = take_result(draft, a_result(job, event), "message-1")
        assert isinstance(ignored, Ignored)
        assert (ignored.kind, ignored.aoi) == ("ignored", job.aoi)
        assert status in ignored.reason
    elif event in (Event.RETRY, Event.FAIL):
        with pytest.raises(NotAllowed, match=f"{job.id} is {status}"):
            operate(draft, job.key, event, OPERATOR)
    elif event is Event.LEASE_EXPIRED:
        assert handle_due(draft, [job.key]) == []
    else:
        propagate(draft, job, event)

    assert draft.edits == ()
    assert draft.to_publish == ()


@pytest.mark.parametrize(("status", "event"), list(FORCED.items()))
def test_a_status_set_by_force_is_the_one_asked_for(status: Status, event: Event) -> None:
    """Each status has its forced event."""
    after, _ = happen(event, a_tile(status=Status.PENDING, attempt=3))

    assert after.status is status


@pytest.mark.parametrize("kind", ["scene", "tile"])
@pytest.mark.parametrize("attempt", [1, 2, 4])
def test_a_result_of_another_attempt_is_stale(kind: str, attempt: int) -> None:
    """Whatever it says: the job was handed out again since, or was never handed out so often."""
    job = a_job(kind, Event.RESULT_DONE, Status.PENDING)
    draft = a_draft(job)
    result = Result(type=job.key.kind, id=job.id, status=Status.DONE, attempt=attempt)

    ignored = take_result(draft, result)

    assert ignored is not None
    assert ignored.kind == "stale"
    assert f"attempt {attempt} is over" in ignored.reason
    assert draft.edits == ()


@pytest.mark.parametrize("kind", ["scene", "tile"])
@pytest.mark.parametrize("attempt", [None, 3])
def test_a_result_of_the_current_attempt_or_of_none_counts(kind: str, attempt: int | None) -> None:
    """Workers that know of no attempts are believed."""
    job = a_job(kind, Event.RESULT_DONE, Status.PENDING)
    draft = a_draft(job)
    result = Result(type=job.key.kind, id=job.id, status=Status.DONE, attempt=attempt)

    ignored = take_result(draft, result)

    assert ignored is None
    assert draft.document(job.key).status is Status.DONE


@pytest.mark.parametrize("status", ["RETRY", "FAILED"])
def test_an_endless_message_is_cut_in_the_middle(status: str) -> None:
    """What a worker printed first and last tells most: a history of it must fit a document."""
    job = a_job("tile", Event.RESULT_FAILED, Status.PENDING)
    draft = a_draft(job)
    message = f"first {'.' * 2 * LONGEST_MESSAGE} last"

    take_result(draft, a_result(job, Event.RESULT_FAILED, message))

    kept = draft.document(job.key).message
    assert kept.startswith("first ..")
    assert kept.endswith(".. last")
    assert f"{len(message) - LONGEST_MESSAGE} bytes left out" in kept
    assert len(kept) < LONGEST_MESSAGE + 100


def test_a_long_message_that_fits_is_kept_whole() -> None:
    """Up to the limit, not a character is lost."""
    job = a_job("tile", Event.RESULT_FAILED, Status.PENDING)
    draft = a_draft(job)
    message = "x" * LONGEST_MESSAGE

    take_result(draft, a_result(job, Event.RESULT_FAILED, message))

    assert draft.document(job.key).message == message


def a_job(kind: str, event: Event, status: Status) -> Document:
    """Return a scene or tile that was handed out three times."""
    _, countdown = RESULTS.get(event, ("", 2))
    if kind == "scene":
        return a_scene(status=status, attempt=3, retry_countdown=countdown)
    return a_tile(status=status, attempt=3, retry_countdown=countdown)


def a_result(job: Document, event: Event, message: str = "it said") -> Result:
    """Return what a worker says of the job."""
    status, _ = RESULTS[event]
    body = {"type": job.key.kind, "id": job.id, "status": status, "message": message}
    return Result.model_validate(body)


def a_draft(job: Document, event: Event = Event.RESULT_DONE) -> Draft:
    """Return a draft of the job; a tile's scene is DONE, unless the event is that it FAILED."""
    scene = a_scene(status=Status.FAILED if event is Event.SCENE_FAILED else Status.DONE)
    return Draft({scene.key: scene, job.key: job}, NOW)


def happen(event: Event, job: Document) -> tuple[Document, Cause]:
    """Let the event happen; return the job as it is then, and the cause that is on record."""
    if event is Event.LEASE_EXPIRED:
        job = replace(job, due_at=NOW)
    draft = a_draft(job, event)
    if event in RESULTS:
        assert take_result(draft, a_result(job, event), "message-1") is None
        cause = Cause(actor="worker", message="it said", message_id="message-1")
    elif event is Event.LEASE_EXPIRED:
        handle_due(draft, [job.key])
        cause = LEASE_OVER
    elif event in OF_TILES_ONLY:
        cause = propagate(draft, job, event)
    else:
        operate(draft, job.key, event, OPERATOR)
        cause = OPERATOR
    return draft.document(job.key), cause


def propagate(draft: Draft, job: Document, event: Event) -> Cause:
    """Let what a tile depends on be DONE, or its scene FAILED."""
    assert isinstance(job, Tile)
    if event is Event.DEPENDENCIES_DONE:
        hand_out_ready(draft, [job.id])
        return Cause(actor="propagation")
    scene = draft.scene(job.scene_id)
    fail_with_scene(draft, scene, [job.id])
    return Cause(actor="propagation", message=f"its scene {scene.source_id} FAILED")

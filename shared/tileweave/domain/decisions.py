"""What becomes of a result, of an operator's call, and of a success or failure to propagate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tileweave.domain.draft import Draft
from tileweave.domain.errors import Invalid, NotAllowed, Problem
from tileweave.domain.job_data import replacement
from tileweave.domain.lifecycle import advanced, begun, moved, was_applied
from tileweave.domain.model import Cause, Document, Json, Key, Scene, Tile
from tileweave.domain.outbox import Kind, token
from tileweave.domain.policy import DEFAULT
from tileweave.domain.readiness import PROPAGATION, context_of, dependencies_of, waits_for
from tileweave.domain.reinstate import put_back
from tileweave.domain.relink import close_cut, cut_out, failed_dependants
from tileweave.domain.status import RESULTS, Event, Status, Transition

if TYPE_CHECKING:
    from tileweave.domain.incoming import Result

LONGEST_MESSAGE = 4_000
"""Bytes that are kept of a worker's message: a history of them must fit into a document."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Why a result changed nothing: `kind` is `stale` or `ignored`."""

    kind: str
    reason: str
    aoi: str


def take_result(draft: Draft, result: Result, message_id: str = "") -> Ignored | None:
    """Apply a worker's result; return None, or why it was ignored. Raises NotFound.

    A message that was applied before only has its messages published again. A heartbeat that comes
    late, after the result or the attempt, is nothing to be told.
    """
    job = draft.document(Key(result.type, result.id))
    if result.is_heartbeat:
        if job.status is Status.PENDING and result.attempt in (None, job.attempt):
            extend_lease(draft, job.key, result.attempt)
        return None
    if was_applied(job, message_id):
        draft.publish(job)
        return None
    if result.attempt not in (None, job.attempt):
        said = f"attempt {result.attempt} is over: {result.type} {job.id} is at {job.attempt}"
        return Ignored("stale", said, job.aoi)
    event = RESULTS[Status(result.status), job.retry_countdown > 0]
    cause = Cause(actor="worker", message=_kept(result.message), message_id=message_id)
    after = _after_result(draft, job, event, cause)
    if after is None:
        said = f"{result.type} {job.id} is {job.status}: a result {result.status} changes nothing"
        return Ignored("ignored", said, job.aoi)
    draft.put(after)
    return None


def operate(draft: Draft, key: Key, event: Event, cause: Cause) -> Document:
    """Retry, fail or force a scene or tile. Raises NotFound, NotAllowed (says the status).

    A call that was carried out before, by the `message_id` of its cause, changes nothing.
    """
    before = draft.document(key)
    if was_applied(before, cause.message_id):
        draft.publish(before)
        return before
    if isinstance(before, Tile) and event is Event.RETRY and before.status is Status.RETRY:
        draft.need(context_of([before]))
        if waits := waits_for(draft, before):
            raise NotAllowed(f"tile {before.id} cannot be retried: {', '.join(waits)}.")
    after = advanced(before, event, cause, draft.now, draft.policy(before.aoi))
    if after is None:
        raise NotAllowed(f"{key.kind} {key.id} is {before.status}: {event} needs RETRY.")
    draft.put(after)
    if isinstance(before, Tile) and before.status is Status.FAILED is not after.status:
        return put_back(draft, draft.tile(key.id), before)
    return draft.document(key)


def replace_data(draft: Draft, key: Key, data: Json, date: datetime | None) -> None:
    """Replace the data of a scene or tile; `date` is the one in a scene's new data.

    Raises NotFound, and Invalid if the date of a scene would change, or its data is too large.
    """
    document = draft.document(key)
    if isinstance(document, Scene) and date != document.date:
        said = f"the date of a scene stays: {document.date.isoformat()}"
        raise Invalid((Problem("date", said),))
    told = replacement(draft, document, data)
    draft.put(replace(document, data=told, updated_at=draft.now))


def publish_again(draft: Draft, tile_ids: Sequence[int]) -> None:
    """Publish what these tiles' outboxes still hold: their publisher may have died."""
    for tile in draft.find_tiles(tile_ids):
        draft.publish(tile)


def relink(draft: Draft, failed_id: int, dependants: Sequence[int]) -> None:
    """Cut a FAILED tile out of the links of these dependants.

    Which of them became ready is another decision, on what is there after this one's commit: a
    dependency that becomes DONE in between has looked at the old links.
    """
    failed = draft.tile(failed_id)
    if failed.status is Status.FAILED and not failed.cut:
        cut_out(draft, failed, dependants)


def uncut_dependants(draft: Draft, failed_id: int) -> list[int]:
    """Return the FAILED dependants of a FAILED tile that are to be cut out before it."""
    failed = draft.tile(failed_id)
    if failed.status is not Status.FAILED or failed.cut:
        return []
    return [tile.id for tile in failed_dependants(draft, failed)]


def finish_relink(draft: Draft, failed_id: int) -> None:
    """Mark a FAILED tile as cut out, once none of its dependants names it any more."""
    failed = draft.tile(failed_id)
    if failed.status is Status.FAILED and not failed.cut:
        close_cut(draft, failed)


def fail_with_scene(draft: Draft, scene: Scene, tile_ids: Iterable[int]) -> list[Tile]:
    """Fail these tiles of a FAILED scene; each is relinked by its own update."""
    cause = Cause(PROPAGATION.actor, f"its scene {scene.source_id} FAILED")
    current = draft.scene(scene.id)
    if current.status is not Status.FAILED:
        return []
    draft.guard(current)
    failed = []
    for tile in draft.find_tiles(tile_ids):
        after = advanced(tile, Event.SCENE_FAILED, cause, draft.now)
        if after is not None:
            draft.put(after)
            failed.append(after)
    return failed


def handle_due(draft: Draft, keys: Iterable[Key]) -> list[Document]:
    """Hand out what was delayed until now, and anew the jobs whose leases ran out.

    Returns what was handed out. A tile whose dependencies were forced back meanwhile waits for
    them as NEW.
    """
    found = [each for key in keys if (each := draft.find(key)) is not None]
    due = [each for each in found if is_due(each, draft.now)]
    draft.need(context_of(each for each in due if isinstance(each, Tile)))
    handled = []
    for job in due:
        policy = draft.policy(job.aoi)
        if job.delayed and not (isinstance(job, Tile) and waits_for(draft, job)):
            after: Document | None = begun(job, draft.now, policy)
        else:
            cause = DELAY_OVER if job.delayed else LEASE_OVER
            after = _after_result(draft, job, Event.LEASE_EXPIRED, cause)
        if after is not None:
            draft.put(after)
            handled.append(after)
    return handled


def promise_again(draft: Draft, keys: Iterable[Key]) -> None:
    """Have the dependants told once more of FAILED tiles that are not cut out."""
    found = (draft.find(key) for key in keys)
    for tile in (each for each in found if isinstance(each, Tile)):
        if tile.status is Status.FAILED and not tile.cut:
            lost = token(Kind.UPDATE, tile.changes - 1)
            draft.put(replace(tile, outbox=tile.outbox | {lost}))


def extend_lease(draft: Draft, key: Key, attempt: int | None) -> Document:
    """Have the lease of a job begin anew: its worker is alive.

    Raises NotFound, NotAllowed: it is not PENDING, or at another attempt.
    """
    job = draft.document(key)
    if job.status is not Status.PENDING:
        raise NotAllowed(f"{key.kind} {key.id} is {job.status}: only a PENDING job has a lease.")
    if attempt not in (None, job.attempt):
        said = f"attempt {attempt} is over: {key.kind} {key.id} is at {job.attempt}"
        raise NotAllowed(f"{said}. Its result would be ignored.")
    if not job.delayed:
        lease = draft.now + draft.policy(job.aoi).lease
        draft.put(replace(job, due_at=max(lease, job.due_at or lease)))
    return draft.document(key)


def is_due(job: Document, now: datetime) -> bool:
    """Whether the lease of a PENDING job has run out, or its delay is over."""
    return job.status is Status.PENDING and job.due_at is not None and job.due_at <= now


LEASE_OVER = Cause("janitor", reason="its lease ran out")
DELAY_OVER = Cause("janitor", reason="its delay is over, but what it waits for is not DONE")

_HANDS_OUT = frozenset({Event.RESULT_RETRY, Event.LEASE_EXPIRED})


def _kept(message: str) -> str:
    """Return as much of a worker's message as is kept: its start and its end."""
    text = message.encode(errors="replace")
    if len(text) <= LONGEST_MESSAGE:
        return text.decode()
    half = LONGEST_MESSAGE // 2
    start, end = (part.decode(errors="ignore") for part in (text[:half], text[-half:]))
    return f"{start} [... {len(text) - 2 * half} bytes left out ...] {end}"


def _after_result(draft: Draft, job: Document, event: Event, cause: Cause) -> Document | None:
    """Apply the table; a tile whose dependencies were forced back waits for them as NEW."""
    policy = draft.policy(job.aoi) if event in _HANDS_OUT else DEFAULT
    if isinstance(job, Scene):
        return advanced(job, event, cause, draft.now, policy)
    if event in _HANDS_OUT and job.status is Status.PENDING:
        draft.need(context_of([job]))
        if waits_for(draft, job):
            # What becomes DONE before the commit has looked for NEW dependants, and found none.
            for dependency in dependencies_of(draft, job):
                draft.guard(dependency)
            return moved(job, Transition(Status.NEW), event, cause, draft.now)
    return advanced(job, event, cause, draft.now, policy)

"""Apply the table of transitions to a scene or tile, with attempt, countdown and history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from tileweave.domain.model import Cause, Change, Document
from tileweave.domain.status import Effect, Event, Transition, transition

JobT = TypeVar("JobT", bound=Document)


def advanced(job: JobT, event: Event, cause: Cause, now: datetime) -> JobT | None:
    """Return the scene or tile after `event`; None if the table has no such transition."""
    then = transition(event, job.status)
    return None if then is None else moved(job, then, event, cause, now)


def moved(job: JobT, then: Transition, event: Event, cause: Cause, now: datetime) -> JobT:
    """Return the scene or tile after a transition, and what it promises to publish."""
    attempt = job.attempt + (then.effect is Effect.HAND_OUT)
    change = Change(now, job.status, then.to, attempt, cause)
    return replace(
        job,
        status=then.to,
        attempt=attempt,
        message=cause.message if event in _SPEAKS else job.message,
        retry_countdown=job.retry_countdown - (event is Event.RESULT_RETRY),
        updated_at=now,
        history=(*job.history, change),
        outbox=frozenset({then.effect.value}) if then.effect else frozenset(),
    )


def was_applied(job: Document, message_id: str) -> bool:
    """Whether a message changed this scene or tile before: at least once means more than once."""
    return bool(message_id) and any(each.cause.message_id == message_id for each in job.history)


_SPEAKS = frozenset(
    {
        Event.RESULT_DONE,
        Event.RESULT_RETRY,
        Event.RESULT_RETRY_SPENT,
        Event.RESULT_FAILED,
        Event.SCENE_FAILED,
    }
)
"""Events whose message replaces the last one; an operator's retry leaves it to be read."""

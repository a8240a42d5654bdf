"""Apply the table of transitions to a scene or tile, with attempt, countdown and history."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from tileweave.domain import outbox
from tileweave.domain.model import Cause, Change, Document
from tileweave.domain.policy import DEFAULT, Policy
from tileweave.domain.status import Effect, Event, Transition, transition

KNOWN = 100
"""Messages that a scene or tile knows as applied, however long its history."""

JobT = TypeVar("JobT", bound=Document)


def advanced(
    job: JobT, event: Event, cause: Cause, now: datetime, policy: Policy = DEFAULT
) -> JobT | None:
    """Return the scene or tile after `event`; None if the table has no such transition."""
    then = transition(event, job.status)
    return None if then is None else moved(job, then, event, cause, now, policy)


def moved(  # noqa: PLR0913, PLR0917 - what happens, to whom, why, when, and by whose rules
    job: JobT,
    then: Transition,
    event: Event,
    cause: Cause,
    now: datetime,
    policy: Policy = DEFAULT,
) -> JobT:
    """Return the scene or tile after a transition, and what it promises to publish."""
    handed_out = then.effect is Effect.HAND_OUT
    attempt = job.attempt + handed_out
    change = Change(now, job.status, then.to, attempt, cause)
    by_itself = event is Event.RESULT_RETRY
    delay = policy.delay(job.retries) if by_itself and handed_out else timedelta(0)
    expiries = job.expiries + 1 if event is Event.LEASE_EXPIRED else 0
    return replace(
        job,
        status=then.to,
        attempt=attempt,
        message=cause.message if event in _SPEAKS else job.message,
        retry_countdown=job.retry_countdown - by_itself,
        retries=job.retries + 1 if by_itself else 0,
        updated_at=now,
        history=(*job.history, change),
        applied=remembered(job.applied, cause.message_id),
        outbox=_promised(then.effect, attempt, job.changes, delayed=bool(delay)),
        due_at=now + (delay or policy.lease_after(expiries)) if handed_out else None,
        delayed=bool(delay),
        expiries=expiries,
    )


def begun(job: JobT, now: datetime, policy: Policy) -> JobT:
    """Return a PENDING scene or tile whose delayed job is handed out now, at the same attempt."""
    return replace(
        job,
        updated_at=now,
        outbox=job.outbox | {outbox.token(outbox.Kind.JOB, job.attempt)},
        due_at=now + policy.lease,
        delayed=False,
    )


def was_applied(job: Document, message_id: str) -> bool:
    """Whether a message changed this scene or tile before: at least once means more than once."""
    return bool(message_id) and _digest(message_id) in job.applied


def remembered(applied: tuple[str, ...], message_id: str) -> tuple[str, ...]:
    """Return the messages that a scene or tile knows, with this one."""
    return (*applied, _digest(message_id))[-KNOWN:] if message_id else applied


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:16]


def _promised(effect: Effect, attempt: int, change: int, *, delayed: bool) -> frozenset[str]:
    if effect is Effect.HAND_OUT and not delayed:
        return frozenset({outbox.token(outbox.Kind.JOB, attempt)})
    if effect is Effect.PROPAGATE:
        return frozenset({outbox.token(outbox.Kind.UPDATE, change)})
    return frozenset()


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

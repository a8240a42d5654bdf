"""The statuses of scenes and tiles, and the one table of how they change (SPEC section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a scene or a tile is in its life."""

    NEW = "NEW"
    PENDING = "PENDING"
    DONE = "DONE"
    RETRY = "RETRY"
    FAILED = "FAILED"


class Event(StrEnum):
    """What may happen to a scene or a tile."""

    DEPENDENCIES_DONE = "dependencies done"
    RESULT_DONE = "result DONE"
    RESULT_RETRY = "result RETRY, countdown > 0"
    RESULT_RETRY_SPENT = "result RETRY, countdown 0"
    RESULT_FAILED = "result FAILED"
    SCENE_FAILED = "scene FAILED"
    LEASE_EXPIRED = "lease ran out"
    RETRY = "operator retry"
    FAIL = "operator fail"
    FORCE_RETRY = "forced retry"
    FORCE_FAIL = "forced fail"
    FORCE_NEW = "forced NEW"
    FORCE_PENDING = "forced PENDING"
    FORCE_DONE = "forced DONE"
    FORCE_STATUS_RETRY = "forced RETRY"
    FORCE_FAILED = "forced FAILED"


class Effect(StrEnum):
    """What must be published because of a transition."""

    NOTHING = "nothing"
    HAND_OUT = "hand out"
    """The attempt goes up by one and the job is published."""
    PROPAGATE = "propagate"
    """The dependants learn of it: ready ones are handed out, or links are mended."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a status goes, and what that sets off."""

    to: Status
    effect: Effect = Effect.NOTHING


_HANDED_OUT = Transition(Status.PENDING, Effect.HAND_OUT)
_SUCCEEDED = Transition(Status.DONE, Effect.PROPAGATE)
_GIVEN_UP = Transition(Status.FAILED, Effect.PROPAGATE)
_WAITS_FOR_A_PERSON = Transition(Status.RETRY)

_ANY = tuple(Status)
_RUNNING = (Status.PENDING,)
_STARTED = (Status.PENDING, Status.RETRY)
_IN_GRAPH = tuple(status for status in Status if status is not Status.FAILED)

_ROWS: tuple[tuple[Event, tuple[Status, ...], Transition], ...] = (
    (Event.DEPENDENCIES_DONE, (Status.NEW,), _HANDED_OUT),
    (Event.RESULT_DONE, _STARTED, _SUCCEEDED),
    (Event.RESULT_RETRY, _RUNNING, _HANDED_OUT),
    (Event.RESULT_RETRY_SPENT, _RUNNING, _WAITS_FOR_A_PERSON),
    (Event.RESULT_FAILED, _STARTED, _GIVEN_UP),
    (Event.SCENE_FAILED, _IN_GRAPH, _GIVEN_UP),
    (Event.LEASE_EXPIRED, _RUNNING, _HANDED_OUT),
    (Event.RETRY, (Status.RETRY,), _HANDED_OUT),
    (Event.FAIL, (Status.RETRY,), _GIVEN_UP),
    (Event.FORCE_RETRY, _ANY, _HANDED_OUT),
    (Event.FORCE_FAIL, _ANY, _GIVEN_UP),
    (Event.FORCE_NEW, _ANY, Transition(Status.NEW)),
    (Event.FORCE_PENDING, _ANY, _HANDED_OUT),
    (Event.FORCE_DONE, _ANY, _SUCCEEDED),
    (Event.FORCE_STATUS_RETRY, _ANY, _WAITS_FOR_A_PERSON),
    (Event.FORCE_FAILED, _ANY, _GIVEN_UP),
)

TRANSITIONS = {(event, status): then for event, statuses, then in _ROWS for status in statuses}
"""Every allowed (event, status); what is not in it changes nothing."""

FORCED = {
    Status.NEW: Event.FORCE_NEW,
    Status.PENDING: Event.FORCE_PENDING,
    Status.DONE: Event.FORCE_DONE,
    Status.RETRY: Event.FORCE_STATUS_RETRY,
    Status.FAILED: Event.FORCE_FAILED,
}
"""The event of an operator who sets a status by force."""

RESULTS = {
    (Status.DONE, True): Event.RESULT_DONE,
    (Status.DONE, False): Event.RESULT_DONE,
    (Status.RETRY, True): Event.RESULT_RETRY,
    (Status.RETRY, False): Event.RESULT_RETRY_SPENT,
    (Status.FAILED, True): Event.RESULT_FAILED,
    (Status.FAILED, False): Event.RESULT_FAILED,
}
"""The event of a worker's result: its status, and whether automatic retries are left."""


def transition(event: Event, status: Status) -> Transition | None:
    """Return what `event` does to a scene or tile in `status`; None if it changes nothing."""
    return TRANSITIONS.get((event, status))

"""What must be true once a schedule or a race is over, and at the end of all that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from tests.builders import AOI, World
from tests.property import invariants
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Document, Key
from tileweave.domain.status import Event, Status
from tileweave.usecases.janitor import visit
from tileweave.usecases.operate import retry_aoi
from tileweave.usecases.sweep import PATIENCE

MOST_ROUNDS = 1_000

Job = tuple[Key, int]
"""A job that was published: of what, and of which attempt."""


def wrong_at_the_end(
    world: World, *, forced: bool = False, helped: bool = False, newest_first: bool = False
) -> list[str]:
    """Deliver and answer all that is on its way, let the janitor come; return what is wrong.

    `forced`: an operator used force, so that the table and the order of starts may be broken.
    `helped`: the janitor may have something to mend, and a job may be published more than once.
    """
    wrong = [] if forced else _against_the_rules(world)
    _finish(world, newest_first=newest_first)
    found = _janitor(world)
    _finish(world, newest_first=newest_first)
    if not helped:
        wrong += [*found, *_published_twice(world)]
    if not forced:
        wrong += _against_the_rules(world)
    return [*wrong, *_unsound(world), *_open(world), *_unpublished(world), *_janitor(world)]


def wrong_at_any_time(world: World, *, forced: bool = False) -> list[str]:
    """Return what is wrong though messages are still on their way."""
    rules = [] if forced else _against_the_rules(world)
    return [*rules, *_always_unsound(world)]


def applied_twice(world: World) -> list[str]:
    """Return the messages that changed something more than once."""
    ids = Counter(
        (document.key, change.cause.message_id)
        for document in world.documents()
        for change in document.history
        if change.cause.message_id
    )
    return [f"{id_} was applied {n} times to {key}" for (key, id_), n in ids.items() if n > 1]


def lost_results(world: World, ids: Iterator[str] | list[str]) -> list[str]:
    """Return those of these results that neither changed anything nor are kept as rejected."""
    applied = {each.cause.message_id for document in world.documents() for each in document.history}
    return [f"{each} is lost" for each in ids if each not in applied | world.rejected.keys()]


def _finish(world: World, *, newest_first: bool) -> None:
    """Deliver and answer whatever is published, until nothing moves; operators retry all."""
    for _ in range(MOST_ROUNDS):
        if updates := world.updates:
            world.deliver(updates[-1 if newest_first else 0])
        elif not _answered(world) and not _retried(world):
            return
    raise AssertionError("it never comes to an end")


def _answered(world: World) -> bool:
    """Answer DONE for all jobs that are handed out; return whether there were any."""
    published = _jobs(world)
    current = [each for each in world.pending() if (each.key, each.attempt) in published]
    for each in current:
        world.answer(each, attempt=each.attempt)
    return bool(current)


def _retried(world: World) -> bool:
    """Retry what waits for a person, made so by one or not; return whether there was anything."""
    retried = retry_aoi(world.services, AOI)
    made_new = [
        each
        for each in world.store.tiles(AOI, (Status.NEW,))
        if each.history[-1].cause.is_a_person and not invariants.unmet(world.store, each)
    ]
    for each in made_new:
        world.operate(each, Event.FORCE_RETRY)
    return retried.scenes + retried.tiles + len(made_new) > 0


def _janitor(world: World) -> list[str]:
    """Let the janitor come, later; return what it found."""
    world.now += PATIENCE + timedelta(seconds=1)
    return [f"the janitor found {each.said}" for each in visit(world.services, audit=True).findings]


def _against_the_rules(world: World) -> list[str]:
    return [
        *invariants.started_early(world.store),
        *invariants.illegal_changes(world.store),
    ]


def _unsound(world: World) -> list[str]:
    return [*invariants.links_to_failed(world.store), *_always_unsound(world)]


def _always_unsound(world: World) -> list[str]:
    return [
        *invariants.ends_that_disagree(world.store),
        *invariants.cycles(world.store),
        *invariants.wrong_totals(world.store),
        *invariants.broken_histories(world.store),
        *applied_twice(world),
    ]


def _open(world: World) -> list[str]:
    ends = (Status.DONE, Status.FAILED)
    return [
        f"{_named(each)} is still open" for each in world.documents() if each.status not in ends
    ]


def _unpublished(world: World) -> list[str]:
    """Return what is left to publish or was never published, and what is not cut out."""
    left = [f"{_named(each)} holds {set(each.outbox)}" for each in world.store.unpublished()]
    uncut = [f"{_named(each)} is not cut out" for each in world.store.uncut()]
    attempts = {(each.key, n + 1) for each in world.documents() for n in range(each.attempt)}
    never = [f"job {n} of {key} was never published" for key, n in attempts - _jobs(world).keys()]
    return [*left, *uncut, *never]


def _published_twice(world: World) -> list[str]:
    jobs = _jobs(world).items()
    return [
        f"job {n} of {key} was published {times} times" for (key, n), times in jobs if times > 1
    ]


def _jobs(world: World) -> Counter[Job]:
    """Return how often which job was published."""
    return Counter((_key(each), each.body["attempt"]) for each in world.published_jobs)


def _key(job: Message) -> Key:
    kind: Literal["scene", "tile"] = "scene" if job.topic is Topic.SCENE_JOBS else "tile"
    return Key(kind, job.body["id"])


def _named(document: Document) -> str:
    return f"{document.key.kind} {document.id} ({document.status})"

"""Whatever crashes, wherever: every use case, every call that it makes, every way to go wrong.

A run without faults says which calls a use case makes, and what is there at the end. Then each of
these calls fails, or kills the process, before or after its effect; whoever began it does so again,
and the janitor comes. What is there then must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import AOI, World
from tests.faults.cases import CASES, OTHER, Case
from tests.faults.figures import record
from tests.faults.injection import Faults, How, Killed, faulty_publisher, faulty_store
from tests.property import invariants
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import Conflict, Unavailable
from tileweave.domain.fences import is_fence
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Document, Link, Tile
from tileweave.usecases import add_scene, add_scenes, chores, operate, restore
from tileweave.usecases.janitor import visit
from tileweave.usecases.ports import Store
from tileweave.usecases.sweep import PATIENCE

MOST_ROUNDS = 6
"""How often the janitor comes at most, until it finds nothing any more."""

LEAST_POSITIONS = 300
"""Fewer than there are: so that none get lost unnoticed."""


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have large things begin at two, and nobody pause."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    monkeypatch.setattr(add_scene, "MOST_TILES_A_COMMIT", 2)
    for module in (add_scenes, restore):
        monkeypatch.setattr(module, "MOST_BYTES_A_COMMIT", 2 * add_scenes.LEAST_WEIGHT + 5_000)
    for module, name in ((operate, "PIECE"), (chores, "PIECE"), (chores, "DELETED_AT_ONCE")):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(chores, "DELETED_A_MESSAGE", 4)


@dataclass
class Run:
    """A case in a world in which calls may go wrong."""

    case: Case
    events: bool
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        """Begin where the case begins, with nothing on its way but what the case is about."""
        self.world = self.case.begin()
        self.real = self.world.services
        self.world.take_jobs()
        self.begun = end_of(self)

    def act(self) -> None:
        """Do it, and do it again until nothing goes wrong."""
        store = faulty_store(self.world.store, self.faults)
        publisher = faulty_publisher(self.world.publisher, self.faults)
        faulty = replace(self.real, store=store, publisher=publisher, events=self.events)
        for again in (False, True, True):
            self.world.services = faulty
            try:
                self.case.act(self.world, again)
            except (Killed, Unavailable, Conflict):
                continue
            finally:
                self.world.services = replace(self.real, events=self.events)
            return
        raise AssertionError("it fails although nothing is wrong any more")

    def act_once(self) -> None:
        """Do it, and leave it at that."""
        store = faulty_store(self.world.store, self.faults)
        publisher = faulty_publisher(self.world.publisher, self.faults)
        self.world.services = replace(
            self.real, store=store, publisher=publisher, defers_publishing=True
        )
        with suppress(Killed, Unavailable):
            self.case.act(self.world, False)  # noqa: FBT003 - an Act
        self.world.services = self.real

    def recover(self) -> None:
        """Deliver what is on its way and have the janitor come, until there is nothing to do."""
        for _ in range(MOST_ROUNDS):
            self.world.settle()
            self.world.now += PATIENCE + timedelta(seconds=5)
            if not visit(self.world.services, audit=True).findings:
                break
        else:
            raise AssertionError("the janitor finds something every time")


def end_of(run: Run) -> dict[str, Any]:
    """Return all that there is, but for moments."""
    world = run.world
    assert world.updates is not None  # collects, so that all jobs are there
    aoi = world.store.find_aoi(AOI)
    assert isinstance(world.store, MemoryStore)
    documents = [each.document for each in world.store._documents.values()]  # noqa: SLF001
    return {
        "documents": {each.key: _lasting(each) for each in documents if not _is_fence(each)},
        "totals": {aoi: _counts(world.store, aoi) for aoi in (AOI, OTHER)},
        "policy": aoi and aoi.policy,
        "jobs": {_job(each) for each in run.world.jobs if each.topic is not Topic.EVENTS},
        "events": {_event(each) for each in run.world.jobs if each.topic is Topic.EVENTS},
        "rejected": {each.message_id: each.kind for each in world.store.rejected()},
        "replayed": {each.message_id for each in world.store.rejected() if each.replayed_at},
    }


def _is_fence(document: Document) -> bool:
    """Whether it only counts how often automatic links were made."""
    return isinstance(document, Tile) and is_fence(document)


def _lasting(document: Document) -> dict[str, Any]:
    fields = {name: getattr(document, name) for name in _FIELDS[type(document) is Tile]}
    history = [
        (each.before, each.after, each.attempt, replace(each.cause, message_id=""))
        for each in document.history
    ]
    return {
        **{name: _plain(value) for name, value in fields.items()},
        "history": history,
        "waits": document.due_at is not None,
    }


_COMMON = (
    *("id", "status", "message", "attempt", "retries", "retry_countdown", "data"),
    *("outbox", "delayed", "generation"),
)
_FIELDS = {
    False: (*_COMMON, "tile_ids"),
    True: (*_COMMON, "previous", "reference", "next", "referenced_by", "staged", "cut", "heir"),
}


def _plain(value: object) -> object:
    if isinstance(value, Link):
        return value.tile_id
    return frozenset(value) if isinstance(value, tuple) else value


def _counts(store: Store, aoi: str) -> Mapping[str, int] | None:
    found = store.totals(aoi)
    return None if found is None else {name: n for name, n in found[1].counts.items() if n}


def _job(message: Message) -> tuple[object, ...]:
    return message.topic, message.body["id"], message.body.get("attempt")


def _event(message: Message) -> tuple[object, ...]:
    body = message.body
    return body["type"], body["id"], body["from"], body["to"], body["attempt"], body["actor"]


def without_faults(case: Case, *, events: bool) -> tuple[int, dict[str, Any]]:
    """Return how many calls the case makes, and what is there at the end."""
    run = Run(case, events)
    run.faults.arm(0, How.ERROR_BEFORE)
    run.act()
    positions = len(run.faults.calls)
    run.recover()
    return positions, end_of(run)


@pytest.mark.parametrize("events", [False, True], ids=["without events", "with events"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_wherever_it_breaks_off_the_end_is_the_same(case: Case, *, events: bool) -> None:
    """Each call fails or kills, before and after its effect."""
    positions, expected = without_faults(case, events=events)
    assert positions > 0
    for position in range(1, positions + 1):
        for how in How:
            run = Run(case, events)
            run.faults.arm(position, how)
            run.act()
            calls = list(run.faults.calls)
            run.recover()
            assert end_of(run) == expected, f"call {position} ({calls[position - 1]}): {how}"
            assert wrong_with(run.world) == []
    record("crash positions", positions=positions, runs=positions * len(How))


@pytest.mark.parametrize("case", [case for case in CASES if case.once], ids=lambda case: case.name)
def test_a_call_that_nobody_repeats_is_carried_out_or_not_at_all(case: Case) -> None:
    """By a client that gives up: with the janitor's help it is one or the other."""
    positions, expected = without_faults(case, events=False)
    for position in range(1, positions + 1):
        for how in How:
            run = Run(case, events=False)
            run.faults.arm(position, how)
            run.act_once()
            run.recover()
            assert end_of(run) in (expected, run.begun), f"call {position}: {how}"
            assert wrong_with(run.world) == []
    record("crash positions, not repeated", positions=positions, runs=positions * len(How))


def test_there_are_as_many_positions_as_ever() -> None:
    """Summed over all use cases."""
    assert sum(without_faults(case, events=False)[0] for case in CASES) >= LEAST_POSITIONS


def wrong_with(world: World) -> list[str]:
    """Return what is wrong with the graph, in words."""
    store = world.store
    if store.find_aoi(AOI) is None:
        return []
    checks: list[Callable[[Any], list[str]]] = [
        invariants.ends_that_disagree,
        invariants.cycles,
        invariants.links_to_failed,
        invariants.wrong_totals,
        invariants.broken_histories,
    ]
    return [each for check in checks for each in check(store)]

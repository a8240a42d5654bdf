"""Snapshots of any graph in any state, taken while others are at work, are restored soundly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import filterfalse
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.builders import AOI, World
from tests.property import invariants
from tests.property.test_ingestion import OTHERS, ForcedIngestion, Ingestion, Others
from tests.snapshots import differing, essence, features_of, restored
from tileweave.domain.model import Json, Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases import restore
from tileweave.usecases.add_scenes import LEAST_WEIGHT
from tileweave.usecases.janitor import visit
from tileweave.usecases.operate import retry_aoi
from tileweave.usecases.sweep import PATIENCE

ENDS = (Status.DONE, Status.FAILED)


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    """Let a commit hold a scene of a tile or two, and a part some scenes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restore, "MOST_BYTES_A_COMMIT", 2 * LEAST_WEIGHT + 2_500)
        patch.setattr(restore, "TILES_AT_ONCE", 4)
        yield


class Restoring(Ingestion):
    """An AOI of which snapshots are taken at any moment."""

    @rule(others=OTHERS, size=st.integers(1, 6))
    def a_snapshot_is_restored(self, others: Others, size: int) -> None:
        """Read in small pages, between which messages arrive."""
        found: list[Json] = []
        self.at_work(
            lambda: found.extend(features_of(self.services, page=size)), self.deliveries(others)
        )
        self.check_restored(found)

    @rule()
    def a_snapshot_at_rest_is_restored(self) -> None:
        """Taken while nothing happens it is the same, but for what a restore adds."""
        found = features_of(self.services)
        target = World()
        restored(target.services, found, AOI, taken_at=self.now)
        target.settle()  # a scene that is larger than a commit hands out its tiles by its update
        again = features_of(target.services)
        if not self.is_propagating():
            wrong = differing(essence(again), essence(found))
            assert list(filterfalse(self.may_differ, wrong)) == [], wrong
        self.check_restored(found)

    def may_differ(self, said: str) -> bool:
        """Whether a difference may be: not as long as nobody uses force."""
        del said
        return False

    def check_restored(self, features: list[Json]) -> World:
        """Restore a snapshot, look at it, restore it again, and run it to its end."""
        target = World()
        target.now = self.now
        added = restored(target.services, features, AOI, taken_at=self.now)
        assert added.scenes == len(features)
        assert wrong_with(target) == []
        assert started_early(target) == []
        again = restored(target.services, features, AOI, taken_at=self.now)
        assert (again.scenes, again.tiles, again.known) == (0, 0, len(features))
        _finish(target)
        assert [*wrong_with(target), *invariants.links_to_failed(target.store)] == []
        assert [each for each in target.documents() if each.status not in ENDS] == []
        assert list(target.store.unpublished()) == []
        return target


class RestoringForced(ForcedIngestion, Restoring):
    """The same where operators force anything on anything."""

    def may_differ(self, said: str) -> bool:
        """What was handed out by force waits, if it has to; what was made NEW may not, then."""
        return said.endswith(("NEW is not PENDING", "PENDING is not NEW"))


def wrong_with(world: World) -> list[str]:
    return [
        *invariants.ends_that_disagree(world.store),
        *invariants.cycles(world.store),
        *invariants.wrong_totals(world.store),
        *invariants.broken_histories(world.store),
    ]


def started_early(world: World) -> list[str]:
    """Return the tiles that were handed out though what they depend on is not DONE."""
    pending = [each for each in world.pending() if isinstance(each, Tile)]
    return [wrong for tile in pending for wrong in invariants.unmet(world.store, tile)]


def _finish(world: World) -> None:
    """Answer all jobs, retry what waits for a person, have the janitor come, to the end."""
    for _ in range(100):
        world.finish()
        world.now += PATIENCE + timedelta(seconds=1)
        found = visit(world.services, audit=True).findings
        assert not found, found
        retried = retry_aoi(world.services, AOI)
        new = [
            each
            for each in (*world.store.scenes(AOI, (Status.NEW,)), *_made_new(world))
            if isinstance(each, Tile) or each.status is Status.NEW
        ]
        for each in new:
            world.operate(each, Event.FORCE_RETRY)
        if not (retried.scenes + retried.tiles + len(new)):
            return
    raise AssertionError("it never comes to an end")


def _made_new(world: World) -> list[Any]:
    tiles = world.store.tiles(AOI, (Status.NEW,))
    return [each for each in tiles if not invariants.unmet(world.store, each)]


TestRestoring = pytest.mark.timeout(400)(Restoring.TestCase)
TestRestoringForced = pytest.mark.timeout(400)(RestoringForced.TestCase)
TestRestoring.settings = settings(max_examples=8)
TestRestoringForced.settings = settings(max_examples=8)

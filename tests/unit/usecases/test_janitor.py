"""What the clock finds and mends: each kind of it is found, mended, and found no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, a_new_tile, product, sent_to
from tests.property import invariants
from tests.unit.usecases.troubled import TroubledPublisher, nobody_answers
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.draft import Edit
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Cause, Document, Key, Scene, Tile
from tileweave.domain.policy import Policy
from tileweave.domain.status import Event, Status
from tileweave.domain.tally import Increments
from tileweave.usecases import janitor
from tileweave.usecases.janitor import Kind, visit
from tileweave.usecases.leases import set_policy
from tileweave.usecases.operate import operate
from tileweave.usecases.ports import ALL, Recount, Stored, Which, Window, Write
from tileweave.usecases.sweep import PATIENCE
from tileweave.usecases.watch import create_aoi

T = TypeVar("T")

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def overwrite(world: World, document: Document) -> None:
    """Replace a document past all rules and totals."""
    stored = world.store.read([document.key])[document.key]
    assert stored is not None
    world.store.commit([Write(Edit(stored.document, document), stored.version)], [])


# --- worlds in which something is wrong ---


def unpublished_job() -> World:
    """A job was committed; who should have published it died."""
    publisher = TroubledPublisher()
    world = World(publisher=publisher)
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_new_scene(0))
    world.now += PATIENCE + SECOND
    return world


def unpublished_update() -> World:
    """The same of an update."""
    publisher = TroubledPublisher()
    world = World(*a_chain(1), publisher=publisher)
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.answer(world.scene(0))
    world.take_jobs()
    world.now += PATIENCE + SECOND
    return world


def lost_worker() -> World:
    """A job was handed out a day ago."""
    world = World(a_new_scene(0))
    world.take_jobs()
    world.now += DAY
    return world


def delayed() -> World:
    """A delay is over."""
    world = World(a_new_scene(0, retry_count=1))
    set_policy(world.services, AOI, Policy(first_delay=SECOND))
    world.answer(world.scene(0), "RETRY")
    world.take_jobs()
    world.now += SECOND
    return world


def uncut() -> World:
    """A tile FAILED, and its update was lost: live tiles still name it."""
    world = World(*a_chain(3))
    world.finish_scenes()
    world.operate(world.tile(0), Event.FORCE_FAIL)
    overwrite(world, replace(world.tile(0), outbox=frozenset()))
    world.lose_updates()
    world.take_jobs()
    return world


def stuck() -> World:
    """All that a tile waits for is DONE, and the update of it was lost."""
    world = World(*a_chain(2))
    world.answer(world.scene(0))
    world.answer(world.scene(1))
    for each in world.store.scenes(AOI):
        overwrite(world, replace(each, outbox=frozenset()))
    world.lose_updates()
    world.take_jobs()
    return world


def wrong_totals() -> World:
    """The totals are not what there is."""
    world = World(*a_chain(2))
    world.take_jobs()
    wrong = {"scenes_DONE": 5, "tiles_NEW": -1, "roots": 7, "scene_tiles_RETRY": 2}
    world.store.commit([], [Increments(AOI, wrong)])
    return world


def half_deleted() -> World:
    """An AOI was deleted, and what it held is still there."""
    world = World(a_new_scene(0))
    world.take_jobs()
    world.store.bury_aoi(AOI)
    return world


AT_ONCE: list[tuple[Callable[[], World], Kind]] = [
    (unpublished_job, Kind.UNPUBLISHED),
    (unpublished_update, Kind.UNPUBLISHED),
    (lost_worker, Kind.DUE),
    (delayed, Kind.DUE),
    (uncut, Kind.UNCUT),
    (half_deleted, Kind.DELETION),
]
BY_AUDIT: list[tuple[Callable[[], World], Kind]] = [
    (stuck, Kind.STUCK),
    (wrong_totals, Kind.TOTALS),
]
EVERY = [*AT_ONCE, *BY_AUDIT]


def state(world: World) -> tuple[object, ...]:
    """Return all that a visit could change."""
    totals = world.store.totals(AOI)
    return world.documents(), totals, list(world.store.leftovers()), list(world.store.rejected())


@pytest.mark.parametrize(("wrong", "kind"), EVERY)
def test_what_is_wrong_is_found_mended_and_found_no_more(
    wrong: Callable[[], World], kind: Kind
) -> None:
    """Nothing else is found with it."""
    world = wrong()

    found = visit(world.services, audit=True)
    world.settle()
    again = visit(world.services, audit=True)

    assert {each.kind for each in found.findings} == {kind}
    assert found.count(kind) == len(found.findings)
    assert again.findings == []
    assert not found.more


@pytest.mark.parametrize(("wrong", "kind"), EVERY)
def test_a_dry_run_finds_the_same_and_changes_nothing(
    wrong: Callable[[], World], kind: Kind
) -> None:
    """It publishes nothing, however often; what it lists is what is mended then."""
    world = wrong()
    before = state(world)

    found = [visit(world.services, audit=True, dry_run=True) for _ in range(2)]

    assert state(world) == before
    assert [world.take_jobs(), world.updates] == [[], []]
    mended = visit(world.services, audit=True)
    assert [each.findings for each in found] == [mended.findings] * 2
    assert mended.findings


@pytest.mark.parametrize(("wrong", "kind"), AT_ONCE)
def test_what_is_marked_is_found_by_any_visit(wrong: Callable[[], World], kind: Kind) -> None:
    """It needs no audit."""
    assert visit(wrong().services).count(kind) == 1


@pytest.mark.parametrize(("wrong", "kind"), BY_AUDIT)
def test_what_is_nowhere_marked_is_found_by_an_audit_only(
    wrong: Callable[[], World], kind: Kind
) -> None:
    """To look for it costs what is stored."""
    world = wrong()
    before = state(world)

    assert visit(world.services).findings == []
    assert state(world) == before


def test_a_finding_says_what_it_is_about() -> None:
    """In words, and by type and id."""
    world = lost_worker()

    [found] = visit(world.services).findings

    assert (found.aoi, found.key) == (AOI, world.scene(0).key)
    assert found.said == f"scene {product(0)}: its lease ran out: handed out"


def test_a_finding_on_a_tile_names_its_scene() -> None:
    """Tiles of one footprint are called the same."""
    world = uncut()

    [found] = visit(world.services).findings

    tile = world.tile(0)
    assert found.said == (
        f"tile {tile.source_id} of {product(0)}: it is FAILED: cut out of its chain"
    )


def test_a_failed_tile_is_cut_out_and_the_rest_goes_on() -> None:
    """Its update is promised and published anew: the next one is the root, and handed out."""
    world = uncut()

    visit(world.services)
    world.settle()

    assert world.links() == {1: (None, None), 2: (1, 1)}
    assert world.tile(0).cut
    assert sent_to(world.take_jobs()) == [("tile", world.tile(1).id)]


def test_a_failed_tile_whose_update_is_on_its_way_is_left_to_it() -> None:
    """It is not lost; while it is fresh nothing is found."""
    world = World(*a_chain(3))
    world.finish_scenes()
    world.operate(world.tile(0), Event.FORCE_FAIL)

    assert visit(world.services, audit=True).findings == []
    assert not world.tile(0).cut


# --- tiles that were not handed out ---


def test_a_ready_tile_is_handed_out_by_the_janitor() -> None:
    """The history says by whom, and why; tiles that wait go on waiting."""
    world = stuck()

    visit(world.services, audit=True)

    cause = world.tile(0).history[-1].cause
    assert (cause.actor, cause.reason) == (
        "janitor",
        "it was ready, and nobody had handed it out",
    )
    assert sent_to(world.take_jobs()) == [("tile", world.tile(0).id)]
    assert world.tile(1).status is Status.NEW


def test_a_tile_whose_update_is_on_its_way_is_left_to_it() -> None:
    """Its scene has just become DONE: nothing is lost, and nothing is found."""
    world = World(*a_chain(1))
    world.answer(world.scene(0))

    assert visit(world.services, audit=True).findings == []

    world.settle()
    assert world.tile(0).history[-1].cause.actor == "propagation"


def test_a_stuck_tile_is_found_though_something_else_moves() -> None:
    """A worker that is gone would hide it for as long as a lease."""
    world = stuck()
    world.add(a_new_scene(7))
    world.take_jobs()

    assert visit(world.services, audit=True).count(Kind.STUCK) == 1


@pytest.mark.parametrize("by", ["operator", "anna"])
def test_a_tile_that_a_person_forced_to_new_is_left_alone(by: str) -> None:
    """Somebody wants it to wait."""
    world = World(*a_chain(1))
    world.finish_scenes()
    operate(world.services, world.tile(0).key, Event.FORCE_NEW, Cause(by))

    assert visit(world.services, audit=True).findings == []
    assert world.tile(0).status is Status.NEW


@pytest.mark.parametrize("by", ["ingestion", "anna"])
def test_a_tile_that_a_person_added_is_handed_out(by: str) -> None:
    """To add it is not to hold it back."""
    world = World()
    world.add(replace(a_new_scene(0, [a_new_tile()]), by=Cause(by)))
    world.answer(world.scene(0))
    overwrite(world, replace(world.scene(0), outbox=frozenset()))

    assert visit(world.services, audit=True).count(Kind.STUCK) == 1


def test_more_stuck_tiles_than_a_piece_are_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them."""
    monkeypatch.setattr(janitor, "PIECE", 2)
    world = World(a_new_scene(0, [a_new_tile(f"A44_IW1_{number}") for number in range(5)]))
    world.answer(world.scene(0))
    overwrite(world, replace(world.scene(0), outbox=frozenset()))

    assert visit(world.services, audit=True).count(Kind.STUCK) == 5
    assert len(list(world.store.tiles(AOI, (Status.PENDING,)))) == 5


# --- totals ---


def test_totals_are_mended_to_what_counting_gives() -> None:
    """The finding says by how much each was off."""
    world = wrong_totals()

    [found] = visit(world.services, audit=True).findings

    assert found.said == (
        f"totals of {AOI}: corrected, roots by -7, scene_tiles_RETRY by -2, "
        "scenes_DONE by -5, tiles_NEW by +1"
    )
    assert invariants.wrong_totals(world.store) == []


def test_dates_that_are_missing_are_mended() -> None:
    """A scene that was written past the totals widens them."""
    world = World(a_new_scene(3))
    late = replace(world.scene(3), id=7, date=world.scene(3).date + DAY)
    world.store.commit([Write(Edit(None, late), None)], [])

    [found] = visit(world.services, audit=True).findings

    assert "scenes_PENDING by +1" in found.said
    assert invariants.wrong_totals(world.store) == []


class Moving(MemoryStore):
    """A store in which something is committed whenever it is counted."""

    moving = True

    def recount(self, aoi: str) -> Recount | None:
        """Return nothing that could be compared."""
        return None if self.moving else super().recount(aoi)


def test_totals_that_move_are_counted_the_next_time() -> None:
    """The report says that there is more."""
    store = Moving()
    world = World(a_new_scene(0), store=store)

    assert visit(world.services, audit=True).more
    store.moving = False
    assert not visit(world.services, audit=True).more


# --- how much a visit does ---


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_visit_says_when_there_is_more(monkeypatch: pytest.MonkeyPatch, *, dry_run: bool) -> None:
    """Then the next one goes on."""
    monkeypatch.setattr(janitor, "MOST", 3)
    world = World(*(a_new_scene(number) for number in range(5)))
    world.now += DAY

    report = visit(world.services, dry_run=dry_run)

    assert (report.count(Kind.DUE), report.more) == (3, True)
    report = visit(world.services, dry_run=dry_run)
    assert (report.count(Kind.DUE), report.more) == ((3, True) if dry_run else (2, False))


def test_as_much_as_a_visit_does_is_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last of it."""
    monkeypatch.setattr(janitor, "MOST", 3)
    world = World(*(a_new_scene(number) for number in range(3)))
    world.now += DAY

    assert not visit(world.services).more


class CountingStore(MemoryStore):
    """Counts the scenes and tiles that are read of it, by whatever."""

    reads = 0

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Count them."""
        self.reads += len(keys)
        return super().read(keys)

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        """Count them."""
        return self._noted(super().scenes(aoi, statuses, window))

    def tiles(
        self,
        aoi: str,
        statuses: Collection[Status] = (),
        window: Window = ALL,
        which: Which = Which.EVERY,
    ) -> Iterator[Tile]:
        """Count them."""
        return self._noted(super().tiles(aoi, statuses, window, which))

    def attempts(self, aoi: str, statuses: Collection[Status]) -> Iterator[tuple[Key, int]]:
        """Count them."""
        return self._noted(super().attempts(aoi, statuses))

    def unpublished(self) -> Iterator[Document]:
        """Count them."""
        return self._noted(super().unpublished())

    def due(self, now: datetime) -> Iterator[Document]:
        """Count them."""
        return self._noted(super().due(now))

    def uncut(self) -> Iterator[Tile]:
        """Count them."""
        return self._noted(super().uncut())

    def _noted(self, found: Iterator[T]) -> Iterator[T]:
        for each in found:
            self.reads += 1
            yield each


def test_a_visit_of_what_is_in_order_reads_nothing_of_it() -> None:
    """However much there is, half of it under way."""
    store = CountingStore()
    world = World(*a_chain(60), store=store)
    world.finish_scenes()
    for number in range(30):
        world.answer(world.tile(number))
        world.settle()
    world.operate(world.tile(3), Event.FORCE_FAIL)
    world.settle()
    store.reads = 0

    assert visit(world.services).findings == []
    assert store.reads == 0


# --- what cannot be mended ---


def test_a_job_that_cannot_be_handed_out_keeps_no_other_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its dependency's scene is gone: that is logged, and everything else is handed out."""
    world = World(*a_chain(2))
    world.finish_scenes()
    world.answer(world.tile(0))
    world.settle()
    previous = replace(world.tile(0).link, scene_id=4711)
    overwrite(world, replace(world.tile(1), previous=previous))
    world.add(a_new_scene(7))
    world.take_jobs()
    world.now += DAY

    report = visit(world.services)

    assert report.count(Kind.DUE) == 2
    assert sent_to(world.take_jobs()) == [("scene", world.scene(7).id)]
    assert f"tile {world.tile(1).id} cannot be mended" in caplog.text
    assert world.tile(1).attempt == 1


def test_what_is_left_of_a_deleted_aoi_keeps_no_other_back() -> None:
    """It is deleted, whatever was wrong with it; what is after it is mended."""
    world = uncut()
    world.store.bury_aoi(AOI)
    create_aoi(world.services, "Other")
    world.store.commit([], [Increments("Other", {"roots": 3})])

    report = visit(world.services, audit=True)

    assert report.count(Kind.TOTALS) == 1
    world.settle()
    assert visit(world.services, audit=True).findings == []


class Burying(MemoryStore):
    """A store in which an AOI is deleted while it is counted."""

    def recount(self, aoi: str) -> Recount | None:
        """Return what was there."""
        found = super().recount(aoi)
        self.bury_aoi(aoi)
        return found


def test_totals_of_an_aoi_that_is_deleted_meanwhile_need_no_mending() -> None:
    """They are gone."""
    store = Burying()
    world = World(store=store)
    create_aoi(world.services, "Other")
    for each in (AOI, "Other"):
        store.commit([], [Increments(each, {"roots": 3})])

    assert visit(world.services, audit=True).count(Kind.TOTALS) == 2
    assert store.totals(AOI) is None

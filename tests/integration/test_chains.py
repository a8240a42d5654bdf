"""A chain in several commits over Firestore, while what it names fails, and after a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from google.cloud.firestore import Client

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    NOW,
    a_chain,
    a_new_scene,
    a_new_tile,
    number_of,
    product,
    ref,
)
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.adapters.memory import MemoryPublisher
from tileweave.domain.errors import Unavailable
from tileweave.domain.identity import tile_id
from tileweave.domain.model import Key
from tileweave.domain.status import Event
from tileweave.domain.tally import Increments
from tileweave.usecases import add_scene, add_scenes
from tileweave.usecases.add_scenes import Fate
from tileweave.usecases.operate import operate
from tileweave.usecases.ports import NO_GUARDS, Services, Version, Write
from tileweave.usecases.propagate import propagate

pytestmark = pytest.mark.emulators

CHAIN = [
    a_new_scene(6, [a_new_tile(NEIGHBOUR)]),
    a_new_scene(
        7,
        [
            a_new_tile(NEIGHBOUR, previous=ref(6, NEIGHBOUR)),
            a_new_tile(previous=ref(2), reference=ref(0)),
            *map(a_new_tile, ("B", "C", "D")),
        ],
    ),
    a_new_scene(8, [a_new_tile(previous=ref(7), reference=ref(0))]),
]


class SharedStore(FirestoreStore):
    """Firestore, where others do what `before_commits` holds before each of the next commits."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.before_commits: list[Callable[[], object] | None] = []

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        if self.before_commits and (happens := self.before_commits.pop(0)):
            rest, self.before_commits = self.before_commits, []
            try:
                happens()
            finally:
                self.before_commits = rest
        return super().commit(writes, increments, guards)


@pytest.fixture
def store(firestore_client: Client, monkeypatch: pytest.MonkeyPatch) -> SharedStore:
    """An AOI with a chain of three, and small commits from then on."""
    store = SharedStore(firestore_client)
    store.create_aoi(AOI, NOW)
    for each in a_chain(3):
        add_scene.add_scene(services_of(store), AOI, each)
    monkeypatch.setattr(add_scenes, "MOST_BYTES_A_COMMIT", 2 * add_scenes.LEAST_WEIGHT + 2_500)
    monkeypatch.setattr(add_scene, "MOST_TILES_A_COMMIT", 2)
    return store


def services_of(store: FirestoreStore) -> Services:
    """Return the store with a publisher that nobody takes from."""
    return Services(store, MemoryPublisher())


def fail(store: FirestoreStore, number: int) -> None:
    """Let an operator fail a tile, and propagate it."""
    key = Key("tile", tile_id(AOI, product(number), BURST))
    operate(services_of(store), key, Event.FORCE_FAIL)
    propagate(services_of(store), key)


def fates(store: FirestoreStore) -> list[Fate]:
    """Add the chain; return what became of its scenes."""
    return [each.fate for each in add_scenes.add_scenes(services_of(store), AOI, CHAIN)]


def links(store: FirestoreStore) -> dict[int, tuple[int | None, int | None]]:
    """Return previous and reference of each tile of the burst, as numbers of scenes."""
    return {
        number_of(each.link): (number_of(each.previous), number_of(each.reference))
        for each in store.tiles(AOI)
        if each.source_id == BURST
    }


def die() -> None:
    """End the request."""
    raise Unavailable("nobody answers")


@pytest.mark.parametrize("commit", [2, 3, 4, 5])
def test_all_of_a_chain_is_added_whatever_fails_meanwhile(store: SharedStore, commit: int) -> None:
    """Before any commit but the first."""
    store.before_commits = [None] * (commit - 1) + [lambda: fail(store, 2)]

    assert fates(store) == [Fate.ADDED] * 3

    assert links(store) == {0: (None, None), 1: (0, 0), 2: (1, 0), 7: (1, 0), 8: (7, 0)}


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_repeat_completes_a_chain_whatever_failed_since(store: SharedStore, commits: int) -> None:
    """Though the tiles that were staged over the failed one are linked as they were.

    A commit without answer is tried once more: it dies then, too.
    """
    store.before_commits = [None, lambda: fail(store, 2), *[None] * commits, die, die]
    with pytest.raises(Unavailable):
        fates(store)

    assert set(fates(store)) == {Fate.KNOWN, Fate.ADDED}

    assert links(store) == {0: (None, None), 1: (0, 0), 2: (1, 0), 7: (1, 0), 8: (7, 0)}

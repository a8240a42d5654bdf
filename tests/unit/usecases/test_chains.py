"""A chain is added as a whole, whatever becomes of what it names meanwhile; units of scenes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    product,
    ref,
)
from tests.property import invariants
from tests.unit.usecases.troubled import TroubledStore, nobody_answers
from tileweave.domain.errors import NotFound, Unavailable
from tileweave.domain.identity import scene_id, tile_id
from tileweave.domain.ingestion import NewScene, NewTile
from tileweave.domain.model import Key, Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases import add_scene, check_chain
from tileweave.usecases import add_scenes as module
from tileweave.usecases.add_scenes import Fate, Outcome, add_scenes
from tileweave.usecases.operate import delete_aoi

ROOT = (None, None)
LAST = 9
"""The number of the scene that a chain of four ends with."""


def a_world(*scenes: NewScene) -> World:
    """Return an AOI whose scenes are downloaded."""
    world = World(*scenes, store=TroubledStore())
    world.finish_scenes()
    return world


def store_of(world: World) -> TroubledStore:
    """Return the store of a world."""
    assert isinstance(world.store, TroubledStore)
    return world.store


def a_chain_with(*last: NewTile) -> list[NewScene]:
    """Return scenes 6 to 9, a chain of neighbours, the last of which has more tiles."""
    chain = [
        a_new_scene(each, [a_new_tile(NEIGHBOUR, previous=ref(each - 1, NEIGHBOUR))])
        for each in range(7, LAST)
    ]
    end = [a_new_tile(NEIGHBOUR, previous=ref(LAST - 1, NEIGHBOUR)), *last]
    return [a_new_scene(6, [a_new_tile(NEIGHBOUR)]), *chain, a_new_scene(LAST, end)]


def naming(number: int, reference: int | None = None, burst: str = BURST) -> NewTile:
    """Return a tile that has the tile of this number as previous, and that or another as ref."""
    return a_new_tile(
        burst, previous=ref(number), reference=ref(number if reference is None else reference)
    )


def failing(world: World, *numbers: int, settled: bool = True) -> Callable[[], None]:
    """Return what an operator does who fails tiles."""

    def fail() -> None:
        for number in numbers:
            world.operate(world.tile(number), Event.FORCE_FAIL)
            if settled:
                world.settle()

    return fail


def added(world: World, scenes: Sequence[NewScene]) -> list[Outcome]:
    """Add scenes; return what became of each."""
    return add_scenes(world.services, AOI, scenes)


def fates(outcomes: Sequence[Outcome]) -> set[Fate]:
    """Return what became of scenes."""
    return {each.fate for each in outcomes}


def assert_sound(world: World) -> None:
    """Once all is propagated, the graph is right."""
    world.settle()
    assert invariants.ends_that_disagree(world.store) == []
    assert invariants.links_to_failed(world.store) == []
    assert invariants.cycles(world.store) == []
    assert invariants.wrong_totals(world.store) == []
    assert invariants.started_early(world.store) == []
    assert invariants.broken_histories(world.store) == []


def assert_ends(world: World) -> None:
    """The graph is right, and runs to its end."""
    assert_sound(world)
    world.finish()
    assert_sound(world)
    ended = (Status.DONE, Status.FAILED)
    assert [each for each in world.documents() if each.status not in ended] == []


@pytest.fixture(autouse=True)
def a_scene_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a commit take no more than one scene of a tile or two, and of a larger one two tiles."""
    monkeypatch.setattr(module, "MOST_BYTES_A_COMMIT", 2 * module.LEAST_WEIGHT + 2_500)
    monkeypatch.setattr(add_scene, "MOST_TILES_A_COMMIT", 2)


# --- what a chain names FAILED meanwhile ---


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("commit", [2, 3, 4])
def test_a_tile_that_failed_after_the_first_commit_refuses_nothing(
    commit: int, *, settled: bool
) -> None:
    """All of the chain is added; what named the tile gets what it left."""
    world = a_world(*a_chain(3))
    fail = failing(world, 2, settled=settled)
    store_of(world).before_commits = [None] * (commit - 1) + [fail]

    assert fates(added(world, a_chain_with(naming(2)))) == {Fate.ADDED}

    world.settle()
    assert world.links() == {0: ROOT, 1: (0, 0), LAST: (1, 0)}
    assert_ends(world)


def test_a_tile_that_failed_before_the_first_commit_refuses_all() -> None:
    """The chain is checked again before anything of it is added."""
    world = a_world(*a_chain(3))
    store_of(world).before_commits = [failing(world, 2)]
    first, *others = a_chain_with()

    outcomes = added(world, [replace(first, tiles=(*first.tiles, naming(2))), *others])

    assert fates(outcomes) == {Fate.REFUSED}
    assert "is FAILED" in outcomes[0].problems[0].message
    assert len(list(world.store.scenes(AOI))) == 3


def test_a_tile_that_only_a_later_commit_names_may_fail_before_the_first() -> None:
    """The chain was checked, and its first commit is in time: then the rest follows."""
    world = a_world(*a_chain(3))
    store_of(world).before_commits = [failing(world, 2)]

    assert fates(added(world, a_chain_with(naming(2)))) == {Fate.ADDED}

    assert world.links() == {0: ROOT, 1: (0, 0), LAST: (1, 0)}
    assert_ends(world)


BEFORE = {
    "a root by itself": (a_chain(1), (0,)),
    "a root with dependants": (a_chain(3), (0,)),
    "one in the middle": (a_chain(3), (1,)),
    "the last": (a_chain(3), (2,)),
    "two in a row": (a_chain(4), (2, 3)),
    "two in a row, the later first": (a_chain(4), (3, 2)),
    "a root and the next": (a_chain(4), (0, 1)),
    "all of a chain": (a_chain(3), (2, 1, 0)),
    "all, from the root on": (a_chain(3), (0, 1, 2)),
}


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("named", [0, 1, 2])
@pytest.mark.parametrize("case", BEFORE)
def test_a_tile_gets_what_it_would_have_had_it_been_there_before(
    case: str, named: int, *, settled: bool
) -> None:
    """Links and heirs; and it is put back where a failed one is forced back."""
    scenes, failures = BEFORE[case]
    chain = a_chain_with(naming(min(named, len(scenes) - 1), reference=0))
    before, meanwhile = a_world(*scenes), a_world(*scenes)
    added(before, chain)
    failing(before, *failures, settled=settled)()
    store_of(meanwhile).before_commits = [None, failing(meanwhile, *failures, settled=settled)]

    assert fates(added(meanwhile, chain)) == {Fate.ADDED}

    for world in (before, meanwhile):
        world.settle()
    assert meanwhile.links() == before.links()
    for world in (before, meanwhile):
        world.operate(world.tile(failures[-1]), Event.FORCE_NEW)
        world.settle()
    if len(failures) == 1:
        assert meanwhile.links() == before.links()
    assert_sound(meanwhile)


@pytest.mark.parametrize("settled", [True, False])
def test_an_heir_that_was_elected_before_stays_the_heir(*, settled: bool) -> None:
    """It may run already: an earlier tile that comes later gets it as reference."""
    world = a_world(a_new_scene(0, [a_new_tile()]), a_new_scene(12, [naming(0)]))
    store_of(world).before_commits = [None, failing(world, 0, settled=settled)]

    assert fates(added(world, a_chain_with(naming(0)))) == {Fate.ADDED}

    world.settle()
    elected = {LAST: (None, 12), 12: ROOT} if settled else {LAST: ROOT, 12: (None, LAST)}
    assert world.links() == elected
    assert_ends(world)


def test_of_two_that_name_a_failed_root_the_earlier_is_the_new_root() -> None:
    """The other gets it as reference; none is linked to itself, or stands on a list twice."""
    world = a_world(a_new_scene(0, [a_new_tile()]))
    chain = a_chain_with(naming(0))
    chain[2] = replace(chain[2], tiles=(*chain[2].tiles, naming(0)))
    store_of(world).before_commits = [None, failing(world, 0)]

    assert fates(added(world, chain[::-1])) == {Fate.ADDED}

    assert world.links() == {8: ROOT, LAST: (None, 8)}
    assert world.tile(8).referenced_by == (world.tile(LAST).id,)
    assert_ends(world)


def test_a_failed_tile_that_is_followed_over_guards_the_commit() -> None:
    """It comes back between the check and the commit: the new tile names it."""
    world = a_world(*a_chain(3))

    def put_back() -> None:
        world.operate(world.tile(2), Event.FORCE_NEW)

    store_of(world).before_commits = [None, None, None, failing(world, 2), put_back]

    assert fates(added(world, a_chain_with(naming(2)))) == {Fate.ADDED}

    world.settle()
    assert world.links()[LAST] == (2, 2)
    assert_sound(world)


def test_a_tile_of_the_chain_that_failed_is_followed_over() -> None:
    """It was added by an earlier commit of the same call."""
    world = a_world()
    chain = a_chain(4)
    store_of(world).before_commits = [None, None, None, failing(world, 0, 1)]

    assert fates(added(world, chain)) == {Fate.ADDED}

    assert world.links() == {2: ROOT, 3: (2, 2)}
    assert_ends(world)


def test_an_aoi_that_is_deleted_between_two_commits_is_not_found() -> None:
    """The tiles that the rest names are unknown since the AOI is gone, and nothing is refused."""
    world = a_world(*a_chain(3))
    store_of(world).before_commits = [None, None, lambda: delete_aoi(world.services, AOI)]

    with pytest.raises(NotFound, match=f"no AOI {AOI}"):
        added(world, a_chain_with(naming(2)))


# --- a request that broke off ---


def a_broken_request(world: World, chain: Sequence[NewScene], commit: int) -> None:
    """Let a request die at this commit, and a tile that it names fail after that."""
    store_of(world).commit_troubles = [*[None] * (commit - 1), nobody_answers()]
    with pytest.raises(Unavailable):
        added(world, chain)
    failing(world, 2)()


@pytest.mark.parametrize("commit", [2, 3, 4])
def test_a_repeat_completes_a_chain_whatever_failed_since(commit: int) -> None:
    """As if the request had not broken off."""
    world = a_world(*a_chain(3))
    chain = a_chain_with(naming(2))
    a_broken_request(world, chain, commit)
    assert len(list(world.store.scenes(AOI))) == 3 + commit - 1

    outcomes = added(world, chain[::-1])

    assert [each.fate for each in outcomes] == [
        *[Fate.ADDED] * (5 - commit),
        *[Fate.KNOWN] * (commit - 1),
    ]
    assert world.links() == {0: ROOT, 1: (0, 0), LAST: (1, 0)}
    assert_ends(world)


def test_a_repeat_completes_a_chain_whose_promise_is_right_by_itself() -> None:
    """The scene that was promised names nothing that FAILED, nor what does."""
    third = "A44_IW2_8951"
    chain = [
        a_new_scene(6, [a_new_tile()]),
        a_new_scene(7, [a_new_tile(NEIGHBOUR), a_new_tile(third)]),
        a_new_scene(8, [naming(6), a_new_tile(NEIGHBOUR, previous=ref(7, NEIGHBOUR))]),
        a_new_scene(9, [a_new_tile(third, previous=ref(7, third))]),
    ]
    world = a_world()
    store_of(world).commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        added(world, chain)
    failing(world, 6)()

    outcomes = added(world, chain)

    assert [each.fate for each in outcomes] == [Fate.KNOWN, *[Fate.ADDED] * 3]
    assert_ends(world)


def test_a_repeat_completes_branches_whatever_failed_since() -> None:
    """The scene that was promised does not depend on what names the FAILED tile."""
    world = a_world(*a_chain(3))
    first = a_new_scene(6, [a_new_tile(NEIGHBOUR)])
    names_it = a_new_scene(7, [a_new_tile(NEIGHBOUR, previous=ref(6, NEIGHBOUR)), naming(2)])
    promised = a_new_scene(8, [a_new_tile(NEIGHBOUR, previous=ref(6, NEIGHBOUR))])
    chain = [first, names_it, promised]
    a_broken_request(world, chain, 2)
    assert len(list(world.store.scenes(AOI))) == 4

    outcomes = added(world, chain)

    assert [each.fate for each in outcomes] == [Fate.KNOWN, Fate.ADDED, Fate.ADDED]
    assert_ends(world)


def test_a_repeat_of_what_added_nothing_is_refused() -> None:
    """A chain in which nothing is known is checked like a new one."""
    world = a_world(*a_chain(3))
    chain = a_chain_with(naming(2))
    a_broken_request(world, chain, 1)

    outcomes = added(world, chain)

    assert fates(outcomes) == {Fate.REFUSED}
    assert "is FAILED" in outcomes[-1].problems[0].message


def test_a_repeat_that_names_an_unknown_tile_is_refused() -> None:
    """That it never was there is no matter of time."""
    world = a_world(*a_chain(3))
    chain = a_chain_with(naming(2))
    a_broken_request(world, chain, 2)
    last = replace(chain[-1], tiles=(chain[-1].tiles[0], naming(2, reference=11)))

    outcomes = added(world, [*chain[:-1], last])

    assert [each.fate for each in outcomes] == [Fate.KNOWN, *[Fate.REFUSED] * 3]
    assert [each.path for each in outcomes[-1].problems] == [f"tiles.{BURST}.reference"]


def test_what_was_added_as_a_whole_is_no_part_of_a_longer_chain() -> None:
    """New scenes that name a FAILED tile are refused, though others of their chain are known."""
    world = a_world(*a_chain(3))
    chain = a_chain_with(naming(2))
    added(world, chain[:-1])
    failing(world, 2)()

    assert [each.fate for each in added(world, chain)] == [*[Fate.KNOWN] * 3, Fate.REFUSED]


def test_what_is_promised_is_not_seen() -> None:
    """The staged tile that tells of a broken request is in no list, no total and no link."""
    world = a_world(*a_chain(3))
    chain = a_chain_with(naming(2))
    a_broken_request(world, chain, 2)
    promised = [tile_id(AOI, product(LAST), each) for each in (BURST, NEIGHBOUR)]

    found = [each for id_ in promised if (each := world.find(Key("tile", id_)))]

    assert [isinstance(each, Tile) and (each.staged, each.is_root) for each in found] == [
        (True, True)
    ]
    assert len(world.documents()) == 6 + 2
    assert_ends(world)


# --- scenes larger than a commit ---


def a_large_scene(number: int, *tiles: NewTile) -> NewScene:
    """Return a scene of four commits that begins with these tiles."""
    return a_new_scene(number, [*tiles, *(a_new_tile(f"B{each}") for each in range(7))])


@pytest.mark.parametrize("commit", range(2, 8))
@pytest.mark.parametrize("settled", [True, False])
def test_a_large_scene_follows_its_chain(commit: int, *, settled: bool) -> None:
    """Whenever a tile fails that one of its pieces names."""
    world = a_world(*a_chain(3))
    chain = a_chain_with()[:2]
    tiles = [a_new_tile(NEIGHBOUR, previous=ref(7, NEIGHBOUR)), naming(2)]
    chain.append(a_large_scene(8, *tiles))
    fail = failing(world, 2, settled=settled)
    store_of(world).before_commits = [None] * (commit - 1) + [fail]

    assert fates(added(world, chain)) == {Fate.ADDED}

    world.settle()
    if world.tile(2).status is Status.FAILED:
        assert world.links()[8] == (1, 0)
    assert_ends(world)


def test_a_large_scene_whose_staged_tiles_were_followed_is_followed_again() -> None:
    """It is staged with links over a FAILED tile; the request breaks off, and is repeated."""
    world = a_world(a_new_scene(0, [a_new_tile()]))
    chain = [a_new_scene(6, [a_new_tile(NEIGHBOUR)])]
    tiles = [naming(0), a_new_tile(NEIGHBOUR, previous=ref(6, NEIGHBOUR)), naming(0, burst="B")]
    chain.append(a_large_scene(7, *tiles))
    store_of(world).before_commits = [None, failing(world, 0)]
    store_of(world).commit_troubles = [*[None] * 5, nobody_answers()]
    with pytest.raises(Unavailable):
        added(world, chain)
    assert len(list(world.store.scenes(AOI))) == 2

    assert [each.fate for each in added(world, chain)] == [Fate.KNOWN, Fate.ADDED]

    first, other = (world.tile(7, each) for each in (BURST, "B"))
    root, second = (first, other) if first.is_root else (other, first)
    assert root.is_root
    assert (second.previous, second.reference) == (None, root.link)
    assert_ends(world)


@pytest.mark.parametrize("commit", [1, 2, 3, 4])
def test_a_large_scene_that_begins_a_chain_is_refused_unless_it_is_seen(commit: int) -> None:
    """Nothing is seen of it, and nobody waits for one of its tiles."""
    world = a_world(a_new_scene(0, [a_new_tile()]), a_new_scene(12, [naming(0)]))
    large = a_new_scene(6, [naming(0), *(naming(0, burst=f"B{each}") for each in range(7))])
    chain = [large, a_new_scene(7, [a_new_tile(previous=ref(6))])]
    store_of(world).before_commits = [None] * (commit - 1) + [failing(world, 0)]

    assert fates(added(world, chain)) == {Fate.REFUSED}

    assert len(world.documents()) == 4
    assert world.links() == {12: ROOT}
    assert_ends(world)


# --- units ---


def mutual(*more: NewTile) -> list[NewScene]:
    """Return two scenes whose tiles name each other's, without a circle."""
    return [
        a_new_scene(1, [a_new_tile(), a_new_tile(NEIGHBOUR, reference=ref(2, NEIGHBOUR))]),
        a_new_scene(2, [a_new_tile(previous=ref(1)), a_new_tile(NEIGHBOUR), *more]),
    ]


def many(number: int) -> list[NewTile]:
    """Return so many tiles by themselves."""
    return [a_new_tile(f"B{each}") for each in range(number)]


@pytest.mark.parametrize("length", [0, 7])
def test_scenes_that_name_each_other_are_seen_at_once(length: int) -> None:
    """In one commit, or with the last of several."""
    world = a_world()
    unit = mutual(*many(length))
    store_of(world).commits = 0
    scenes: list[int] = []
    look = [lambda: scenes.append(len(world.documents()))] * 6
    store_of(world).before_commits = list(look)

    assert fates(added(world, unit[::-1])) == {Fate.ADDED}

    assert scenes == [0] * store_of(world).commits
    assert len(world.documents()) == 2 + 4 + length
    assert world.links() == {1: ROOT, 2: (1, None)}
    assert world.links(NEIGHBOUR) == {1: (None, 2), 2: ROOT}
    assert fates(added(world, unit)) == {Fate.KNOWN}
    assert_ends(world)


@pytest.mark.parametrize("commit", range(1, 7))
def test_a_unit_that_broke_off_is_not_there_and_is_completed(commit: int) -> None:
    """Scenes before and after it are of the same chain."""
    world = a_world()
    after = a_new_scene(3, [a_new_tile(previous=ref(2))])
    unit = mutual(a_new_tile("C", previous=ref(0, "C")), *many(4))
    chain = [a_new_scene(0, [a_new_tile("C")]), *unit, after]
    store_of(world).commit_troubles = [*[None] * (commit - 1), nobody_answers()]
    with pytest.raises(Unavailable):
        added(world, chain)
    seen = {each.source_id for each in world.store.scenes(AOI)}
    assert len(seen & {product(1), product(2)}) in (0, 2)

    added(world, chain)

    assert len(list(world.store.scenes(AOI))) == 4
    assert world.links() == {1: ROOT, 2: (1, None), 3: (2, None)}
    assert_ends(world)


def test_a_circle_of_tiles_is_named() -> None:
    """The scenes it goes through say so, those of their chain that these are to blame."""
    world = a_world()
    unit = mutual()
    unit[1] = replace(unit[1], tiles=(naming(1), a_new_tile(NEIGHBOUR, previous=ref(1, NEIGHBOUR))))
    chain = [*unit, a_new_scene(3, [a_new_tile(previous=ref(2))])]

    outcomes = added(world, chain)

    assert fates(outcomes) == {Fate.REFUSED}
    for each in outcomes[:2]:
        [problem] = each.problems
        first, second = (f"{NEIGHBOUR} of {product(number)}" for number in (1, 2))
        assert problem.message in {
            f"the tiles name each other in a circle: {one} -> {other} -> {one}"
            for one, other in ((first, second), (second, first))
        }
    assert "which is refused" in outcomes[2].problems[0].message
    assert world.documents() == []


def test_a_long_circle_is_named_in_part() -> None:
    """Enough to find it by."""
    length = check_chain.MOST_NAMED + 2
    circle = [a_new_scene(each, [naming((each + 1) % length)]) for each in range(length)]

    outcomes = added(a_world(), circle)

    assert fates(outcomes) == {Fate.REFUSED}
    message = outcomes[0].problems[0].message
    assert f"... ({length} tiles)" in message
    assert message.count(BURST) == check_chain.MOST_NAMED + 1


def test_a_circle_with_known_scenes_is_none() -> None:
    """They are not added, so what the request says of their links is not looked at."""
    world = a_world(*a_chain(2))
    circle = [a_new_scene(0, [naming(1)]), a_new_scene(1, [naming(0)])]

    assert fates(added(world, circle)) == {Fate.KNOWN}


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_wrong_with_one_of_a_unit_is_wrong_with_all(place: int) -> None:
    """And with what names them."""
    world = a_world()
    unit = mutual()
    wrong = a_new_tile("C", previous=ref(11))
    unit[place] = replace(unit[place], tiles=(*unit[place].tiles, wrong))

    outcomes = added(world, [*unit, a_new_scene(3, [a_new_tile(previous=ref(2))])])

    assert fates(outcomes) == {Fate.REFUSED}
    assert [each.path for each in outcomes[place].problems] == ["tiles.C.previous"]
    assert product(place + 1) in outcomes[1 - place].problems[0].message
    assert world.documents() == []


def test_scenes_that_cannot_be_seen_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit that has them seen holds all of them."""
    world = a_world()
    unit = mutual()
    monkeypatch.setattr(check_chain, "MOST_BYTES_A_COMMIT", 600)

    outcomes = added(world, [*unit, a_new_scene(5)])

    assert [each.fate for each in outcomes] == [Fate.REFUSED, Fate.REFUSED, Fate.ADDED]
    assert "too large to be added at once" in outcomes[0].problems[0].message
    assert outcomes[2].id == scene_id(AOI, product(5))

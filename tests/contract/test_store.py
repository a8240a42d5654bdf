"""What every store promises: the same tests over Firestore and over the one in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import AOI, BURST, NEIGHBOUR, NOW, a_scene, a_tile, date_of
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.draft import Edit
from tileweave.domain.errors import AlreadyExists, Conflict, NotFound, Unavailable
from tileweave.domain.model import Cause, Change, Document, Key, Tile
from tileweave.domain.policy import Policy
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments, difference, increments
from tileweave.usecases.ports import ALL, Place, Rejected, Store, Which, Window, Write, place_of

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.emulators


@pytest.fixture(params=["memory", "firestore"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return FirestoreStore(request.getfixturevalue("firestore_client"))


@pytest.fixture
def aoi(store: Store) -> str:
    return store.create_aoi(AOI, NOW).name


def put(store: Store, *documents: Document) -> None:
    """Create documents, and count them."""
    edits = [Edit(None, each) for each in documents]
    store.commit([Write(edit, None) for edit in edits], increments(edits))


def change(store: Store, document: Document, **fields: object) -> Document:
    """Change a document as it is now; return it as it is then."""
    stored = store.read([document.key])[document.key]
    assert stored is not None
    after: Document = replace(stored.document, **fields)  # type: ignore[arg-type]
    edit = Edit(stored.document, after)
    store.commit([Write(edit, stored.version)], increments([edit]))
    return after


def read(store: Store, key: Key) -> Document | None:
    """Return a document as it is now."""
    stored = store.read([key])[key]
    return stored.document if stored else None


RICH_TILE = replace(
    a_tile(1, status=Status.RETRY, attempt=3, retry_countdown=2),
    data={"swath_id": "IW1", "nested": [[1, 2.5], [None, True]], "é": 'ü\n"', "big": 2**70},
    geometry='{"type":"Polygon","coordinates":[[[9.0,54.6],[10.4,54.7],[10.4,54.9],[9.0,54.6]]]}',
    wkt="POLYGON((9 54.6, 10.4 54.7, 10.4 54.9, 9 54.6))",
    anx_time=8951,
    previous=a_tile(0).link,
    reference=a_tile(0).link,
    next=(7, 2**53 - 1),
    referenced_by=(9,),
    cut=True,
    heir=a_tile(2).link,
    history=(
        Change(NOW, None, Status.NEW, 0, Cause("ingestion")),
        Change(NOW, Status.NEW, Status.PENDING, 1, Cause("worker", "no disk\n", "42", "asked")),
    ),
    outbox=frozenset({"job:3", "event:1"}),
    retries=2,
    earlier=0,
    due_at=NOW + timedelta(hours=24),
    delayed=True,
)

RICH_SCENE = replace(
    a_scene(1, tile_ids=(3, 4)),
    date=datetime(2022, 1, 23, 17, 1, 23, 721_001, tzinfo=UTC),
    product_name="S1A_IW_SLC__1SDV_",
    own_record=True,
    tags={"area": "Denmark", "orbit": "41766"},
)


@pytest.mark.parametrize("document", [RICH_TILE, RICH_SCENE], ids=["tile", "scene"])
def test_a_document_comes_back_as_it_went_in(store: Store, aoi: str, document: Document) -> None:
    """Nothing is lost or changed, whatever the JSON of others holds."""
    put(store, document)
    assert read(store, document.key) == document


def test_reading_says_of_every_key_whether_it_is_there(store: Store, aoi: str) -> None:
    """What does not exist is None; scenes and tiles of the same id are not mixed up."""
    put(store, a_scene())
    found = store.read([a_scene().key, Key("tile", a_scene().id), Key("tile", 1)])
    assert [bool(each) for each in found.values()] == [True, False, False]


def test_more_documents_than_fit_one_request_are_read(store: Store, aoi: str) -> None:
    """A read has no largest size."""
    found = store.read([a_scene().key, *(Key("tile", n) for n in range(1, 2_500))])
    assert len(found) == 2_500


def test_an_update_changes_what_it_says(store: Store, aoi: str) -> None:
    """The next read sees it."""
    put(store, a_tile())
    change(store, a_tile(), status=Status.DONE, next=(1, 2), message="done")
    tile = read(store, a_tile().key)
    assert isinstance(tile, Tile)
    assert (tile.status, tile.next, tile.message) == (Status.DONE, (1, 2), "done")


def test_an_update_of_what_changed_since_is_a_conflict(store: Store, aoi: str) -> None:
    """Nobody's change is lost, and nothing of the refused commit is there."""
    put(store, a_tile(0), a_tile(1))
    seen = store.read([a_tile(0).key, a_tile(1).key])
    change(store, a_tile(1), message="quicker")
    writes = []
    for key in (a_tile(0).key, a_tile(1).key):
        stored = seen[key]
        assert stored is not None
        edit = Edit(stored.document, replace(stored.document, status=Status.DONE))
        writes.append(Write(edit, stored.version))
    with pytest.raises(Conflict):
        store.commit(writes, increments([write.edit for write in writes]))
    statuses = [each.status for each in store.tiles(AOI)]
    assert statuses == [Status.NEW, Status.NEW]
    assert counted(store) == {"tiles_NEW": 2, "roots": 2}


def test_creating_what_exists_is_a_conflict(store: Store, aoi: str) -> None:
    """Nothing is overwritten."""
    put(store, a_tile())
    with pytest.raises(Conflict):
        put(store, replace(a_tile(), message="mine"))
    found = read(store, a_tile().key)
    assert found is not None
    assert found.message == "said before"


def test_a_commit_into_an_aoi_that_is_not_there_is_refused(store: Store) -> None:
    """No scene or tile is left behind when its AOI goes away."""
    with pytest.raises(NotFound):
        put(store, a_scene(), a_tile())
    assert read(store, a_tile().key) is None


def test_the_versions_of_a_commit_are_those_that_a_read_gives(store: Store, aoi: str) -> None:
    """So a document can be confirmed without being read again."""
    edit = Edit(None, a_tile())
    versions = store.commit([Write(edit, None)], increments([edit]))
    stored = store.read([a_tile().key])[a_tile().key]
    assert stored is not None
    assert versions == {a_tile().key: stored.version}


def test_a_commit_is_refused_if_what_guards_it_changed(store: Store, aoi: str) -> None:
    """A decision may rest on a document that it does not change."""
    put(store, a_tile(0), a_tile(1))
    guard, stored = (store.read([each.key])[each.key] for each in (a_tile(0), a_tile(1)))
    assert guard is not None
    assert stored is not None
    guards = {a_tile(0).key: guard.version}
    first = Edit(stored.document, replace(stored.document, message="guarded"))
    versions = store.commit([Write(first, stored.version)], [], guards)
    unchanged = store.read([a_tile(0).key])[a_tile(0).key]
    assert unchanged == guard
    change(store, a_tile(0), message="changed")
    second = Edit(first.after, replace(stored.document, message="refused"))
    with pytest.raises(Conflict):
        store.commit([Write(second, versions[a_tile(1).key])], [], guards)


def test_a_staged_tile_is_in_no_list_and_no_total(store: Store, aoi: str) -> None:
    """Until it is no longer staged."""
    put(store, replace(a_tile(), staged=True))
    assert list(store.tiles(AOI)) == []
    assert counted(store) == {}
    change(store, a_tile(), staged=False)
    assert [each.id for each in store.tiles(AOI)] == [a_tile().id]
    assert counted(store) == {"tiles_NEW": 1, "roots": 1}


def test_confirming_takes_tokens_out_of_outboxes(store: Store, aoi: str) -> None:
    """Those that are named, and no other, whatever happened to the document since."""
    waiting = frozenset({"job:1", "event:0"})
    same, moved = replace(a_tile(0), outbox=waiting), replace(a_tile(1), outbox=waiting)
    put(store, same, moved)
    change(store, moved, status=Status.DONE, outbox=frozenset({"event:0", "update:1"}))
    store.confirm({each.key: waiting for each in (same, moved, a_tile(2))})
    outboxes = {each.id: each.outbox for each in store.tiles(AOI)}
    assert outboxes == {same.id: frozenset(), moved.id: frozenset({"update:1"})}


def test_confirming_nothing_is_nothing(store: Store) -> None:
    """An empty set of documents is no error."""
    store.confirm({})


def test_what_is_unpublished_is_found(store: Store, aoi: str) -> None:
    """Scenes and tiles with something in their outbox, and no others."""
    job = replace(a_scene(), outbox=frozenset({"job:1"}))
    update = replace(a_tile(0), outbox=frozenset({"update:3"}))
    put(store, job, update, a_tile(1), a_scene(1))
    assert {each.key for each in store.unpublished()} == {job.key, update.key}


def test_what_is_due_is_found_the_earliest_first(store: Store, aoi: str) -> None:
    """Scenes, then tiles; what is due later or never is not."""
    due = [replace(a_tile(n), due_at=NOW - n * MINUTE) for n in range(4)]
    scene = replace(a_scene(), due_at=NOW - MINUTE)
    later = replace(a_tile(7), due_at=NOW + MINUTE)
    put(store, scene, later, a_tile(8), *due)
    found = [each.key for each in store.due(NOW)]
    assert [key for key in found if key.kind == "tile"] == [each.key for each in reversed(due)]
    assert [key for key in found if key.kind == "scene"] == [scene.key]


def test_what_failed_and_is_not_cut_out_is_found(store: Store, aoi: str) -> None:
    """Tiles only."""
    failed = a_tile(0, status=Status.FAILED)
    put(store, failed, replace(a_tile(1, status=Status.FAILED), cut=True), a_tile(2))
    assert [each.key for each in store.uncut()] == [failed.key]


def test_a_history_is_read_as_a_whole(store: Store, aoi: str) -> None:
    """Also what is too long for its document; of what there is not, there is none."""
    put(store, a_tile())
    every = []
    for number in range(1, 121):
        now = Change(NOW + number * MINUTE, Status.PENDING, Status.PENDING, number, Cause("worker"))
        every.append(now)
        stored = store.read([a_tile().key])[a_tile().key]
        assert stored is not None
        change(store, a_tile(), history=(*stored.document.history, now), attempt=number)
    stored = store.read([a_tile().key])[a_tile().key]
    assert stored is not None
    assert stored.document.changes == 120
    assert store.history(a_tile().key) == every
    assert store.history(a_tile(1).key) is None


def test_a_policy_is_changed(store: Store, aoi: str) -> None:
    """For the AOI that it is set for; of no AOI there is none."""
    policy = Policy(5 * MINUTE, MINUTE, 3.0, 7 * MINUTE, "https://scenes", "arn:tiles")
    assert store.set_policy(AOI, lambda before: replace(before, lease=policy.lease)) is not None
    found = store.find_aoi(AOI)
    assert found is not None
    assert found.policy == Policy(policy.lease)
    assert store.set_policy(AOI, lambda _: policy) is not None
    found = store.find_aoi(AOI)
    assert found is not None
    assert found.policy == policy
    assert store.set_policy("Nowhere", lambda _: policy) is None
    assert store.create_aoi("Other", NOW).policy == Policy()
    other = store.find_aoi("Other")
    assert other is not None
    assert other.policy == Policy()


def test_a_new_aoi_has_no_policy_of_a_deleted_one(store: Store, aoi: str) -> None:
    """Nor anything else of it."""
    store.set_policy(AOI, lambda _: Policy(MINUTE))
    generation = store.bury_aoi(AOI)
    assert generation is not None
    store.delete_some(AOI, generation, 10)
    store.create_aoi(AOI, NOW)
    found = store.find_aoi(AOI)
    assert found is not None
    assert found.policy == Policy()


def test_all_is_counted_to_compare_with_the_totals(store: Store, aoi: str) -> None:
    """They are the same, but for what was written past them."""
    scene = a_scene(0, status=Status.DONE, tile_ids=(a_tile(0).id, a_tile(1).id))
    put(store, scene, a_scene(1), a_tile(0), a_tile(1, status=Status.FAILED))
    recount = store.recount(AOI)
    assert recount is not None
    assert difference(recount.kept, recount.counted, AOI, 0) is None
    lost = Edit(None, a_tile(3))
    store.commit([Write(lost, None)], [])
    recount = store.recount(AOI)
    assert recount is not None
    off = difference(recount.kept, recount.counted, AOI, 0)
    assert off is not None
    assert off.counts == {"roots": 1, "tiles_NEW": 1}
    store.correct(off, recount.version)
    recount = store.recount(AOI)
    assert recount is not None
    assert difference(recount.kept, recount.counted, AOI, 0) is None
    assert store.recount("Nowhere") is None


def test_totals_are_corrected_once(store: Store, aoi: str) -> None:
    """Of two who counted the same, the second is refused."""
    store.commit([Write(Edit(None, a_tile(3)), None)], [])
    recounts = [store.recount(AOI), store.recount(AOI)]
    [one, other] = [each for each in recounts if each is not None]
    off = difference(one.kept, one.counted, AOI, 0)
    assert off is not None

    store.correct(off, one.version)
    with pytest.raises(Conflict):
        store.correct(off, other.version)

    found = store.totals(AOI)
    assert found is not None
    assert found[1].of("tiles", Status.NEW) == 1


def a_rejected(number: int, **fields: Any) -> Rejected:  # noqa: ANN401 - of its kind each
    """Return a rejected message, received so many minutes after the first."""
    kept = Rejected(
        "stale", "attempt 1 is over", b"{\xff", f"m-{number}", NOW + number * MINUTE, AOI
    )
    return replace(kept, **fields)


def test_rejected_messages_are_listed_by_the_latest(store: Store) -> None:
    """Of one AOI, or of one kind, or of both; and after one that was seen."""
    kept = [
        a_rejected(1),
        a_rejected(2, aoi="Other"),
        a_rejected(3, kind="unknown", topic="dependency-updates"),
        a_rejected(4, kind="unknown", aoi="Other", replayed_at=NOW),
    ]
    for each in kept:
        store.keep_rejected(each)
    assert list(store.rejected()) == kept[::-1]
    assert list(store.rejected(AOI)) == [kept[2], kept[0]]
    assert list(store.rejected(kind="unknown")) == [kept[3], kept[2]]
    assert list(store.rejected("Other", "stale")) == [kept[1]]
    place = kept[2].received_at, kept[2].id
    assert list(store.rejected(after=place)) == [kept[1], kept[0]]


def test_a_rejected_message_is_kept_once(store: Store) -> None:
    """As it is now; messages of two topics are two."""
    store.keep_rejected(a_rejected(1))
    store.keep_rejected(a_rejected(1, error="something else"))
    store.keep_rejected(a_rejected(1, topic="dependency-updates"))
    found = store.find_rejected(a_rejected(1).id)
    assert found == a_rejected(1, error="something else")
    assert len(list(store.rejected())) == 2
    assert store.find_rejected("none") is None


def test_an_aoi_is_created_once(store: Store, aoi: str) -> None:
    """The second time it is refused, and its totals stay."""
    put(store, a_scene())
    with pytest.raises(AlreadyExists):
        store.create_aoi(AOI, NOW)
    assert counted(store) == {"scenes_PENDING": 1}


@pytest.mark.parametrize("name", ["__reserved__", "a:b_C-1", "x" * 128])
def test_any_legal_name_is_a_name_of_an_aoi(store: Store, name: str) -> None:
    """Also those that a database keeps for itself."""
    store.create_aoi(name, NOW)
    found = store.find_aoi(name)
    assert found is not None
    assert (found.name, found.created_at, found.generation) == (name, NOW, 0)


def test_an_unknown_aoi_is_none(store: Store) -> None:
    """It is neither found nor has totals."""
    assert store.find_aoi("Nowhere") is None
    assert store.totals("Nowhere") is None


def test_totals_add_up_over_many_commits(store: Store, aoi: str) -> None:
    """Each commit is counted once, wherever it is counted."""
    for number in range(25):
        put(store, a_tile(number))
    change(store, a_tile(3), status=Status.FAILED)
    assert counted(store) == {"tiles_NEW": 24, "tiles_FAILED": 1, "roots": 24}


def test_totals_span_the_dates_of_all_scenes(store: Store, aoi: str) -> None:
    """In whatever order they were added."""
    for number in (3, 1, 7, 2):
        put(store, a_scene(number))
    found = store.totals(AOI)
    assert found is not None
    assert (found[1].first, found[1].last) == (date_of(1), date_of(7))


def test_totals_span_the_last_moment_there_is(store: Store, aoi: str) -> None:
    """It is not rounded up, into a year that there is not."""
    last = datetime.max.replace(tzinfo=UTC)
    put(store, replace(a_scene(1), date=last), replace(a_tile(1), date=last))
    found = store.totals(aoi)
    assert found
    assert found[1].last
    assert last - found[1].last < timedelta(milliseconds=1)
    assert [each.name for each, _ in store.aois()] == [aoi]


def test_increments_alone_are_committed(store: Store, aoi: str) -> None:
    """Totals can be mended without touching a document."""
    store.commit([], [Increments(AOI, {"tiles_NEW": 3})])
    assert counted(store) == {"tiles_NEW": 3}


def test_scenes_and_tiles_come_by_date_and_by_id(store: Store, aoi: str) -> None:
    """Those of one AOI only, and of the statuses that are asked for."""
    tiles = [a_tile(2), a_tile(0), a_tile(0, NEIGHBOUR), a_tile(1, status=Status.RETRY)]
    put(store, a_scene(1), a_scene(0), *tiles)
    store.create_aoi("Other", NOW)
    put(store, replace(a_tile(5), id=5, aoi="Other"))
    expected = sorted(tiles, key=lambda tile: (tile.date, tile.id))
    assert list(store.tiles(AOI)) == expected
    assert [scene.date for scene in store.scenes(AOI)] == [date_of(0), date_of(1)]
    assert [tile.id for tile in store.tiles(AOI, [Status.RETRY])] == [a_tile(1).id]
    both = [Status.RETRY, Status.NEW]
    assert list(store.tiles(AOI, both)) == expected


def counted(store: Store) -> dict[str, int]:
    """Return the totals that are not 0."""
    found = store.totals(AOI)
    assert found is not None
    return {name: count for name, count in found[1].counts.items() if count}


@pytest.mark.parametrize("kind", ["scenes", "tiles"])
def test_a_window_of_a_list_begins_after_a_place(store: Store, aoi: str, kind: str) -> None:
    """Pages put together are the list, wherever they are cut; skipping counts from the place."""
    tiles = [a_tile(number, burst) for number in range(4) for burst in (BURST, NEIGHBOUR)]
    put(store, *tiles, *(a_scene(number) for number in range(4)))

    def ids(window: Window = ALL) -> tuple[list[int], Place | None]:
        listed: list[Document] = (
            [*store.scenes(AOI, (), window)]
            if kind == "scenes"
            else [*store.tiles(AOI, (), window)]
        )
        return [each.id for each in listed], place_of(listed[-1]) if listed else None

    whole, _ = ids()
    pages: list[int] = []
    page, place = ids(Window(limit=3))
    while page:
        pages += page
        page, place = ids(Window(after=place, limit=3))
    assert pages == whole
    assert ids(Window(skip=2, limit=1))[0] == whole[2:3]


def test_a_place_may_be_that_of_something_gone(store: Store, aoi: str) -> None:
    """A cursor stays good when what it stands on is no longer in the list."""
    put(store, a_tile(0), a_tile(2))
    after = Place(date_of(1), 1, 1)
    assert [each.id for each in store.tiles(AOI, (), Window(after=after))] == [a_tile(2).id]


def test_roots_and_leaves_are_found(store: Store, aoi: str) -> None:
    """Roots wait for none, leaves are the previous of none; neither is FAILED."""
    root = replace(a_tile(0), next=(a_tile(1).id,))
    leaf = replace(a_tile(1), previous=root.link, reference=root.link)
    put(store, root, leaf, replace(a_tile(5), status=Status.FAILED))
    assert [each.id for each in store.tiles(AOI, which=Which.ROOTS)] == [root.id]
    assert [each.id for each in store.tiles(AOI, which=Which.LEAVES)] == [leaf.id]
    change(store, leaf, previous=None, reference=None, status=Status.DONE)
    assert [each.id for each in store.tiles(AOI, which=Which.ROOTS)] == [root.id, leaf.id]


def test_aois_are_listed_by_name_with_their_totals(store: Store) -> None:
    """All of them, or those whose name begins so."""
    for name in ("b", "a2", "a1"):
        store.create_aoi(name, NOW)
    put(store, replace(a_scene(), aoi="a2"))
    listed = [(aoi.name, totals.of("scenes", Status.PENDING)) for aoi, totals in store.aois()]
    assert listed == [("a1", 0), ("a2", 1), ("b", 0)]
    assert [aoi.name for aoi, _ in store.aois("a")] == ["a1", "a2"]


def test_a_buried_aoi_is_gone_at_once(store: Store, aoi: str) -> None:
    """It is not found, and nothing more is committed for what is left of it."""
    put(store, a_scene(), a_tile())
    assert store.bury_aoi(AOI) == 0
    assert store.find_aoi(AOI) is None
    assert store.totals(AOI) is None
    assert list(store.aois()) == []
    assert store.bury_aoi(AOI) is None
    with pytest.raises(NotFound):
        change(store, a_tile(), status=Status.DONE)


def test_what_is_left_of_a_buried_aoi_is_deleted_in_pieces(store: Store, aoi: str) -> None:
    """Only then there can be another AOI of that name; it is of the next generation."""
    put(store, *(a_tile(number) for number in range(5)), a_scene())
    store.bury_aoi(AOI)
    with pytest.raises(Unavailable):
        store.create_aoi(AOI, NOW)
    assert list(store.leftovers()) == [(AOI, 0)]
    assert [store.delete_some(AOI, 0, 4) for _ in range(3)] == [4, 2, 0]
    assert list(store.leftovers()) == []
    assert store.create_aoi(AOI, NOW).generation == 1
    put(store, replace(a_tile(9), generation=1))
    assert [each.id for each in store.tiles(AOI)] == [a_tile(9).id]
    assert counted(store) == {"tiles_NEW": 1, "roots": 1}


def test_what_may_be_retried_is_found_with_its_attempt(store: Store, aoi: str) -> None:
    """Scenes first, then tiles, without reading all that they hold."""
    scene, tile = a_scene(0, status=Status.RETRY), a_tile(0, status=Status.RETRY, attempt=3)
    put(store, tile, scene, a_tile(1), a_scene(1))
    assert list(store.attempts(AOI, [Status.RETRY])) == [(scene.key, 1), (tile.key, 3)]

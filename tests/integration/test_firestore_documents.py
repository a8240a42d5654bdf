"""What only Firestore documents can show: pages of history, rejected messages, limits."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from google.cloud.firestore import DELETE_FIELD, Client

from tests.builders import AOI, NOW, a_scene, a_tile
from tileweave.adapters.firestore.aois import SHARDS
from tileweave.adapters.firestore.codec import MOST_HISTORY, RECENT_HISTORY
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.adapters.firestore.wire import Wire
from tileweave.domain.draft import Edit
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Cause, Change, Key
from tileweave.domain.status import Status
from tileweave.domain.tally import increments
from tileweave.usecases.ports import Rejected, Write

pytestmark = pytest.mark.emulators


@pytest.fixture
def store(firestore_client: Client) -> FirestoreStore:
    found = FirestoreStore(firestore_client)
    found.create_aoi(AOI, NOW)
    return found


def changes(count: int) -> tuple[Change, ...]:
    """Return a history of so many changes, a second apart."""
    moments = [NOW + timedelta(seconds=second) for second in range(count)]
    return tuple(
        Change(at, Status.PENDING, Status.PENDING, number, Cause("worker", "x" * 100))
        for number, at in enumerate(moments)
    )


def test_an_old_history_moves_to_a_page_beside_its_document(
    store: FirestoreStore, firestore_client: Client
) -> None:
    """The document keeps the latest changes, the page the rest, and none is lost."""
    edit = Edit(None, a_tile())
    version = store.commit([Write(edit, None)], increments([edit]))[a_tile().key]
    grown = replace(a_tile(), history=changes(MOST_HISTORY + 1))
    store.commit([Write(Edit(a_tile(), grown), version)], [])
    stored = store.read([grown.key])[grown.key]
    assert stored is not None
    pages = [
        each.to_dict()
        for each in firestore_client.document(f"tiles/{grown.id}").collection("history").stream()
    ]
    assert stored.document.history == grown.history[-RECENT_HISTORY:]
    assert [len(page["history"]) for page in pages if page] == [MOST_HISTORY + 1 - RECENT_HISTORY]


def test_a_rejected_message_expires_after_thirty_days(
    store: FirestoreStore, firestore_client: Client
) -> None:
    """The same message is kept once, with the date on which Firestore deletes it."""
    for _ in range(2):
        store.keep_rejected(Rejected("malformed", "not JSON", b"{", "m-1", NOW))
    kept = [each.to_dict() for each in firestore_client.collection("rejected").stream()]
    assert [(each["kind"], each["expires_at"]) for each in kept if each] == [
        ("malformed", NOW + timedelta(days=30))
    ]


def test_totals_are_spread_over_shards(store: FirestoreStore, firestore_client: Client) -> None:
    """So that no document is written by every commit."""
    for number in range(40):
        edit = Edit(None, a_scene(number))
        store.commit([Write(edit, None)], increments([edit]))
    shards = [each.to_dict() or {} for each in firestore_client.collection_group("totals").stream()]
    used = [shard for shard in shards if shard]
    assert len(shards) == SHARDS
    assert len(used) > 1
    assert sum(shard["scenes_PENDING"] for shard in used) == 40


def test_a_commit_touches_only_what_changed(
    store: FirestoreStore, firestore_client: Client
) -> None:
    """Two changes of one document's different fields do not undo each other's fields."""
    edit = Edit(None, a_tile())
    version = store.commit([Write(edit, None)], increments([edit]))[a_tile().key]
    reference = firestore_client.document(f"tiles/{a_tile().id}")
    reference.update({"note": "kept"})
    stored = store.read([a_tile().key])[a_tile().key]
    assert stored is not None
    assert stored.version != version
    after = replace(stored.document, message="new")
    store.commit([Write(Edit(stored.document, after), stored.version)], [])
    fields = reference.get().to_dict() or {}
    assert (fields["note"], fields["message"]) == ("kept", "new")


def test_a_store_that_does_not_answer_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The caller is told to try again later, and not kept waiting for minutes."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr("tileweave.adapters.firestore.aois.TIMEOUT", 0.3)
    monkeypatch.setattr("tileweave.adapters.firestore.aois.RETRY", None)
    client = Client(project="nobody-answers")
    with pytest.raises(Unavailable):
        FirestoreStore(client).find_aoi(AOI)
    client.close()


@pytest.mark.parametrize(("code", "told"), [(0, True), (5, True), (10, False), (14, False)])
def test_a_confirmation_that_is_refused_by_itself_is_told(
    firestore_client: Client, monkeypatch: pytest.MonkeyPatch, code: int, *, told: bool
) -> None:
    """Each of many is done or refused by itself; one whose document is gone is settled."""
    store = FirestoreStore(firestore_client)
    monkeypatch.setattr(Wire, "write_each", lambda wire, writes: [0, code])
    published = {Key("tile", 1): {"job:1"}, Key("tile", 2): {"job:1"}}

    with nullcontext() if told else pytest.raises(Unavailable, match="1 confirmations"):
        store.confirm(published)


def test_what_is_confirmed_of_documents_that_are_gone_is_settled(firestore_client: Client) -> None:
    FirestoreStore(firestore_client).confirm({Key("tile", 4711): {"job:1"}})


def test_histories_of_before_there_were_lists_of_pages(
    store: FirestoreStore, firestore_client: Client
) -> None:
    """Are found by a query."""
    changes = tuple(Change(NOW, None, Status.RETRY, each, Cause("worker")) for each in range(60))
    tile = replace(a_tile(), history=changes)
    store.commit([Write(Edit(None, tile), None)], increments([Edit(None, tile)]))
    firestore_client.document(f"tiles/{tile.id}").update({"pages": DELETE_FIELD})
    stored = store.read([tile.key])[tile.key]
    assert stored is not None

    assert store.histories([stored.document]) == {tile.key: list(changes)}


def test_a_long_history_goes_to_pages_of_what_a_document_holds(
    store: FirestoreStore, firestore_client: Client
) -> None:
    """As many as it takes, where it is restored at once."""
    said = Cause("worker", "x" * 4_000)
    changes = tuple(Change(NOW, None, Status.RETRY, each, said) for each in range(300))
    tile = replace(a_tile(), history=changes)
    store.commit([Write(Edit(None, tile), None)], increments([Edit(None, tile)]))

    kept = firestore_client.document(f"tiles/{tile.id}").get().to_dict() or {}
    pages = [each.id for each in firestore_client.collection_group("history").stream()]
    assert [f"{each:09}" for each in kept["pages"]] == sorted(pages)
    assert len(pages) == 3
    assert store.history(tile.key) == list(changes)

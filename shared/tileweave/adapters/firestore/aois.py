"""AOIs in Firestore, and their totals, spread over shards that are only ever incremented."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from google.cloud.firestore import (
    DELETE_FIELD,
    ArrayRemove,
    ArrayUnion,
    Client,
    CollectionReference,
    DocumentReference,
    FieldFilter,
    Increment,
    Maximum,
    Minimum,
    Query,
)

from tileweave.adapters.firestore.codec import Fields
from tileweave.adapters.firestore.documents import (
    RETRY,
    STREAM_TIMEOUT,
    TIMEOUT,
    DocumentSnapshot,
    fields_of,
)
from tileweave.adapters.firestore.wire import Wire
from tileweave.adapters.google_errors import translated
from tileweave.domain.errors import AlreadyExists, Conflict, Unavailable
from tileweave.domain.policy import DEFAULT, Policy
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments, Totals
from tileweave.usecases.ports import Aoi, Recount, Version

SHARDS = 10
"""Documents over which the totals of an AOI are spread: each takes its share of the writes."""

AOIS_AT_ONCE = 50

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST = "\uf8ff"
"""A character that comes after every one that a name can hold."""


class FirestoreAois:
    """AOIs in Firestore; every method raises Unavailable if it does not answer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._wire = Wire(client)

    def create_aoi(self, name: str, now: datetime) -> Aoi:
        """Create an AOI with all totals 0.

        Raises AlreadyExists, or Unavailable while one of that name is being deleted.
        """
        found = self._read(name)
        if found.exists and not found.get("deleted"):
            raise AlreadyExists("AOI", name)
        if found.exists and found.get("leftovers"):
            raise Unavailable(f"The AOI {name} is still being deleted.")
        aoi = Aoi(name, now, found.get("generation") + 1 if found.exists else 0)
        batch = self._client.batch()
        fields = {"name": name, "created_at": now, "generation": aoi.generation, "deleted": False}
        if found.exists:
            option = self._client.write_option(last_update_time=found.update_time)
            batch.update(found.reference, {**fields, "policy": DELETE_FIELD}, option=option)
        else:
            batch.create(found.reference, {**fields, "leftovers": []})
        for shard in shards_of(self._client, name, aoi.generation):
            batch.create(shard, {})
        try:
            with translated():
                batch.commit(retry=RETRY, timeout=TIMEOUT)
        except Conflict as error:
            if self.find_aoi(name) != aoi:
                raise AlreadyExists("AOI", name) from error
            # It is this call's own: the answer to its commit was lost, and it was sent again.
        return aoi

    def find_aoi(self, name: str) -> Aoi | None:
        """Return an AOI, or None if there is none."""
        found = self._read(name)
        return _aoi(found) if found.exists and not found.get("deleted") else None

    def set_policy(self, name: str, change: Callable[[Policy], Policy]) -> Aoi | None:
        """Change the policy of an AOI; return it, or None if there is none. Raises Conflict."""
        found = self._read(name)
        if not found.exists or found.get("deleted"):
            return None
        batch = self._client.batch()
        option = self._client.write_option(last_update_time=found.update_time)
        aoi = _aoi(found)
        policy = change(aoi.policy)
        batch.update(found.reference, {"policy": _policy_fields(policy)}, option=option)
        with translated():
            batch.commit(retry=RETRY, timeout=TIMEOUT)
        return replace(aoi, policy=policy)

    def recount(self, aoi: str) -> Recount | None:
        """Count all scenes and tiles of an AOI, and compare with the totals that are kept.

        None if there is no such AOI, or if something was committed meanwhile.
        """
        snapshot = self._read(aoi)
        if not snapshot.exists or snapshot.get("deleted"):
            return None
        shards = shards_of(self._client, aoi, snapshot.get("generation"))
        before = self._snapshots(shards)
        with translated():
            counted = self._counted(aoi)
        after = self._snapshots(shards)
        if [each.update_time for each in before] != [each.update_time for each in after]:
            return None
        return Recount(_summed(before), counted, before[0].update_time if before else None)

    def correct(self, off: Increments, version: Version) -> None:
        """Add to the totals what a recount found missing, once. Raises Conflict.

        Always to the first shard: it is what two who found the same meet at.
        """
        first, *_ = shards_of(self._client, off.aoi, off.generation)
        batch = self._client.batch()
        option = self._client.write_option(last_update_time=version)
        batch.update(first, increment_fields(off), option=option)
        with translated():
            batch.commit(retry=RETRY, timeout=TIMEOUT)

    def totals(self, name: str) -> tuple[Aoi, Totals] | None:
        """Return an AOI and its totals, in one round trip; None if there is none.

        (In two, where an AOI of that name was deleted before.)
        """
        guessed = shards_of(self._client, name, 0)
        with translated():
            wanted = [_doc(self._client, name), *guessed]
            found = self._client.get_all(wanted, retry=RETRY, timeout=TIMEOUT)
            by_path = {each.reference.path: each for each in found if each.exists}
        snapshot = by_path.pop(_doc(self._client, name).path, None)
        if snapshot is None or snapshot.get("deleted"):
            return None
        aoi = _aoi(snapshot)
        return (
            (aoi, _summed(by_path.values())) if aoi.generation == 0 else self._with_totals([aoi])[0]
        )

    def aois(self, prefix: str = "") -> Iterator[tuple[Aoi, Totals]]:
        """Return all AOIs whose name begins so, by name, read as they are asked for."""
        aois: CollectionReference = self._client.collection("aois")
        query: Query = aois.where(filter=FieldFilter("deleted", "==", value=False))
        if prefix:
            query = query.where(filter=FieldFilter("name", ">=", prefix))
            query = query.where(filter=FieldFilter("name", "<", prefix + LAST))
        with translated():
            ordered = query.order_by("name")
            found = map(_aoi, ordered.stream(retry=RETRY, timeout=STREAM_TIMEOUT))
            while page := list(islice(found, AOIS_AT_ONCE)):
                yield from self._with_totals(page)

    def bury_aoi(self, name: str) -> int | None:
        """Take an AOI away at once; return the generation of what is left of it to delete."""
        found = self._read(name)
        if not found.exists or found.get("deleted"):
            return None
        generation: int = found.get("generation")
        batch = self._client.batch()
        option = self._client.write_option(last_update_time=found.update_time)
        left = {"deleted": True, "leftovers": ArrayUnion([generation])}
        batch.update(found.reference, left, option=option)
        for shard in shards_of(self._client, name, generation):
            batch.delete(shard)
        with translated():
            batch.commit(retry=RETRY, timeout=TIMEOUT)
        return generation

    def delete_some(self, aoi: str, generation: int, limit: int) -> int:
        """Delete up to `limit` documents of an AOI that was buried; return how many."""
        deleted = 0
        for collection in self._collections():
            query = collection.where(filter=FieldFilter("aoi", "==", aoi))
            query = query.where(filter=FieldFilter("generation", "==", generation))
            with translated():
                some = query.select([]).limit(limit - deleted)
                found = list(some.stream(retry=RETRY, timeout=TIMEOUT))
                batch = self._client.batch()
                for snapshot in found:
                    batch.delete(snapshot.reference)
                batch.commit(retry=RETRY, timeout=TIMEOUT)
            deleted += len(found)
            if deleted == limit:
                return deleted
        with translated():
            _doc(self._client, aoi).update(
                {"leftovers": ArrayRemove([generation])}, retry=RETRY, timeout=TIMEOUT
            )
        return deleted

    def leftovers(self) -> Iterator[tuple[str, int]]:
        """Return name and generation of all buried AOIs that have documents left."""
        aois: CollectionReference = self._client.collection("aois")
        query: Query = aois.where(filter=FieldFilter("leftovers", "!=", []))
        with translated():
            for snapshot in query.stream(retry=RETRY, timeout=STREAM_TIMEOUT):
                yield from ((snapshot.get("name"), each) for each in snapshot.get("leftovers"))

    def _snapshots(self, references: list[DocumentReference]) -> list[DocumentSnapshot]:
        with translated():
            found = self._client.get_all(references, retry=RETRY, timeout=TIMEOUT)
            return sorted((each for each in found if each.exists), key=lambda each: each.id)

    def _counted(self, aoi: str) -> Totals:
        """Count by aggregations: a read for each 1,000 scenes or tiles."""
        scenes, tiles = (self._client.collection(each) for each in ("scenes", "tiles"))
        of_aoi = FieldFilter("listed_in", "==", aoi)
        counts: dict[str, int] = {}
        for status in Status:
            has = FieldFilter("status", "==", status.value)
            some = scenes.where(filter=of_aoi).where(filter=has)
            counts[f"scenes_{status}"] = _number(some.count())
            counts[f"scene_tiles_{status}"] = _number(some.sum("tile_count"))
            found = tiles.where(filter=of_aoi).where(filter=has)
            counts[f"tiles_{status}"] = _number(found.count())
        roots = FieldFilter("is_root", "==", value=True)
        counts["roots"] = _number(tiles.where(filter=of_aoi).where(filter=roots).count())
        first, last = (
            _date_of(scenes.where(filter=of_aoi).order_by("date", direction=each))
            for each in (Query.ASCENDING, Query.DESCENDING)
        )
        return Totals(counts, first, last)

    def _read(self, name: str) -> DocumentSnapshot:
        with translated():
            found: DocumentSnapshot = _doc(self._client, name).get(retry=RETRY, timeout=TIMEOUT)
        return found

    def _collections(self) -> tuple[Any, ...]:
        own = (self._client.collection("scenes"), self._client.collection("tiles"))
        return (*own, self._client.collection_group("history"))

    def _with_totals(self, aois: Sequence[Aoi]) -> list[tuple[Aoi, Totals]]:
        every = [shards_of(self._client, aoi.name, aoi.generation) for aoi in aois]
        references = [shard for shards in every for shard in shards]
        with translated():
            found = self._client.get_all(references, retry=RETRY, timeout=TIMEOUT)
            by_path = {each.reference.path: each for each in found if each.exists}
        known = [
            [by_path[each.path] for each in shards if each.path in by_path] for shards in every
        ]
        return [(aoi, _summed(shards)) for aoi, shards in zip(aois, known, strict=True)]


def shards_of(client: Client, name: str, generation: int) -> list[DocumentReference]:
    """Return the documents that hold the totals of an AOI of that generation."""
    totals: CollectionReference = _doc(client, name).collection("totals")
    return [totals.document(f"{generation}-{shard}") for shard in range(SHARDS)]


def increment_fields(off: Increments) -> dict[str, Any]:
    """Return what a shard is updated with to count this."""
    fields: dict[str, Any] = {name: Increment(number) for name, number in off.counts.items()}
    if off.dates:
        fields["first"] = Minimum(milliseconds_of(min(off.dates)))
        fields["last"] = Maximum(milliseconds_of(max(off.dates)))
    return fields


def _doc(client: Client, name: str) -> DocumentReference:
    # A prefix, because Firestore reserves ids of the form __name__.
    return client.collection("aois").document(f"aoi-{name}")


def _aoi(snapshot: DocumentSnapshot) -> Aoi:
    fields = fields_of(snapshot)
    own = {name: fields[name] for name in ("name", "created_at", "generation")}
    return Aoi(**own, policy=_policy(fields.get("policy")))


def _policy_fields(policy: Policy) -> Fields:
    return {
        "lease": policy.lease.total_seconds(),
        "first_delay": policy.first_delay.total_seconds(),
        "factor": policy.factor,
        "cap": policy.cap.total_seconds(),
        "scene_jobs_queue": policy.scene_jobs_queue,
        "tile_jobs_queue": policy.tile_jobs_queue,
    }


def _policy(fields: Fields | None) -> Policy:
    if fields is None:
        return DEFAULT
    lease, first_delay, cap = (
        timedelta(seconds=fields[name]) for name in ("lease", "first_delay", "cap")
    )
    queues = (fields.get(name, "") for name in ("scene_jobs_queue", "tile_jobs_queue"))
    return Policy(lease, first_delay, fields["factor"], cap, *queues)


def _number(query: Any) -> int:  # noqa: ANN401 - the client's types name its class for it
    [[result]] = query.get(retry=RETRY, timeout=STREAM_TIMEOUT)
    return int(result.value or 0)


def _date_of(query: Query) -> datetime | None:
    """Return the date of the first scene, to the millisecond, as totals keep it."""
    for snapshot in query.limit(1).stream(retry=RETRY, timeout=STREAM_TIMEOUT):
        return _moment(milliseconds_of(snapshot.get("date")))
    return None


def milliseconds_of(moment: datetime) -> int:
    """Return a moment as the totals keep it."""
    # Of integers: a float of the year 9999 would be rounded up, into a year that there is not.
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _summed(shards: Collection[DocumentSnapshot]) -> Totals:
    every = [fields_of(shard) for shard in shards]
    dates = {name: [each.pop(name) for each in every if name in each] for name in ("first", "last")}
    names = {name for each in every for name in each}
    counts = {name: sum(each.get(name, 0) for each in every) for name in names}
    first, last = min(dates["first"], default=None), max(dates["last"], default=None)
    return Totals(counts, _moment(first), _moment(last))


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)

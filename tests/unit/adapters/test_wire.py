"""Documents are written and read as the client itself does it, only sooner."""

# ruff: noqa: SLF001 - what a batch would send is seen nowhere else

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import (
    ArrayRemove,
    Client,
    Increment,
    Maximum,
    Minimum,
    WriteBatch,
)
from google.cloud.firestore_v1.types import Document, Write
from google.protobuf.timestamp_pb2 import Timestamp

from tests.builders import a_scene, a_tile
from tileweave.adapters.firestore import codec, wire
from tileweave.domain.status import Status

NAME = "projects/p/databases/(default)/documents/tiles/7"

MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2022, 2, 4, 17, 1, 23, 133_000, UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
]
PLAIN: dict[str, Any] = {
    "nothing": None,
    "flag": True,
    "number": -(2**53) + 1,
    "share": 0.25,
    "text": "Ærø",
    "empty": [],
    "ids": [1, 2],
    "none": {},
    "link": {"tile_id": 7, "date": MOMENTS[2], "more": [None, {"a": 1}]},
}


@pytest.fixture
def client() -> Client:
    """A client that is never called."""
    return Client(project="p", credentials=AnonymousCredentials())


@pytest.fixture
def batch(client: Client) -> WriteBatch:
    """The client's own way to a write."""
    return client.batch()


@pytest.mark.parametrize(
    "fields", [PLAIN, codec.encode(a_tile()), codec.encode(a_scene(tile_ids=(1, 2)))]
)
def test_documents_are_written_as_the_client_writes_them(
    batch: WriteBatch, fields: dict[str, Any]
) -> None:
    batch.create(batch._client.document("tiles/7"), fields)
    batch.set(batch._client.document("tiles/7"), fields)

    assert [wire.creation(NAME, fields), wire.replacement(NAME, fields)] == sent(batch)


def test_changes_are_written_as_the_client_writes_them(batch: WriteBatch) -> None:
    """Some fields, at a version."""
    version = Timestamp(seconds=1_700_000_000, nanos=123_456_000)
    option = batch._client.write_option(last_update_time=version)
    batch.update(batch._client.document("tiles/7"), PLAIN, option=option)

    assert [wire.change(NAME, PLAIN, version)] == sent(batch)


def test_transformations_are_written_as_the_client_writes_them(batch: WriteBatch) -> None:
    """Increments, extremes, and what is taken out of arrays."""
    told = {"a": Increment(-2), "b": Minimum(3), "c": Maximum(4), "d": ArrayRemove(["job:1"])}
    batch.update(batch._client.document("tiles/7"), told)
    transforms = [
        wire.increment("a", -2),
        wire.minimum("b", 3),
        wire.maximum("c", 4),
        wire.removal("d", ["job:1"]),
    ]

    [one], [other] = [wire.transformation(NAME, transforms)], sent(batch)

    assert one.current_document == other.current_document
    assert (one.update.name, list(one.update_mask.field_paths)) == (NAME, [])
    by_path = sorted(other.update_transforms, key=lambda each: each.field_path)
    assert list(one.update_transforms) == by_path


@pytest.mark.parametrize("moment", MOMENTS)
def test_moments_come_back_to_the_microsecond(moment: datetime) -> None:
    assert again({"at": moment}) == {"at": moment}


def test_fields_come_back_as_they_were() -> None:
    assert again({**PLAIN, "raw": b"\0"}) == {**PLAIN, "raw": b"\0"}


def test_what_is_more_than_a_text_comes_back_as_one() -> None:
    assert again({"status": Status.DONE, "ids": (1, 2)}) == {"status": "DONE", "ids": [1, 2]}


def test_other_values_are_refused() -> None:
    with pytest.raises(TypeError, match="no value for a set"):
        wire.creation(NAME, {"number": {1}})


def again(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields as they are read after they were written."""
    written = wire.replacement(NAME, fields).update.SerializeToString()
    return wire.plain_of(Document.pb().FromString(written).fields)


def sent(batch: WriteBatch) -> list[Any]:
    """Return what a batch would send."""
    return [Write.pb(each) for each in batch._write_pbs]

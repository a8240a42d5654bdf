"""Documents are written and read as the client itself does it, only sooner."""

# ruff: noqa: SLF001 - what a batch would send is seen nowhere else

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import SERVER_TIMESTAMP, Client, Increment, WriteBatch
from google.cloud.firestore_v1.types import Document

from tests.builders import a_scene, a_tile
from tileweave.adapters.firestore import codec, wire
from tileweave.adapters.firestore.batch import PlainBatch

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


@pytest.mark.parametrize(
    "fields", [PLAIN, codec.encode(a_tile()), codec.encode(a_scene(tile_ids=(1, 2)))]
)
def test_creates_are_encoded_as_the_client_encodes_them(
    client: Client, fields: dict[str, Any]
) -> None:
    assert _created(PlainBatch(client), fields) == _created(client.batch(), fields)


@pytest.mark.parametrize("fields", [PLAIN, {"number": Increment(1)}, {"a.b": 1}])
def test_updates_are_encoded_as_the_client_encodes_them(
    client: Client, fields: dict[str, Any]
) -> None:
    assert _updated(PlainBatch(client), fields) == _updated(client.batch(), fields)


def test_what_is_no_plain_value_is_left_to_the_client(client: Client) -> None:
    fields = {"text": "a", "at": SERVER_TIMESTAMP}

    assert _created(PlainBatch(client), fields) == _created(client.batch(), fields)


def test_an_update_without_fields_is_refused_as_the_client_refuses_it(client: Client) -> None:
    with pytest.raises(ValueError, match="empty document"):
        _updated(PlainBatch(client), {})


def test_writes_are_counted_by_document(client: Client) -> None:
    batch = PlainBatch(client)
    batch.create(client.document("tiles/7"), {"id": 7})
    batch.update(client.document("tiles/8"), {"number": Increment(1)})

    assert len(batch) == 2


@pytest.mark.parametrize("moment", MOMENTS)
def test_moments_come_back_to_the_microsecond(moment: datetime) -> None:
    assert _again({"at": moment}) == {"at": moment}


def test_fields_come_back_as_they_were() -> None:
    assert _again(PLAIN) == PLAIN


def test_other_values_are_not_plain() -> None:
    with pytest.raises(wire.NotPlain, match="Increment"):
        wire.create(NAME, {"number": Increment(1)})


def _again(fields: dict[str, Any]) -> dict[str, Any]:
    sent = wire.document(NAME, fields).SerializeToString()
    return wire.fields_of(Document.pb().FromString(sent))


def _created(batch: WriteBatch, fields: dict[str, Any]) -> list[object]:
    batch.create(batch._client.document("tiles/7"), fields)
    return list(batch._write_pbs)


def _updated(batch: WriteBatch, fields: dict[str, Any]) -> list[object]:
    option = batch._client.write_option(last_update_time=MOMENTS[2])
    batch.update(batch._client.document("tiles/7"), fields, option=option)
    return list(batch._write_pbs)

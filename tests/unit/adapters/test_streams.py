"""A query's documents are all read, once each, also where the stream breaks off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
from google.cloud.firestore_v1.types import RunQueryResponse

from tileweave.adapters.firestore import streams, wire
from tileweave.adapters.firestore.streams import Ordered, streamed

NAME = "projects/p/databases/(default)/documents/tiles"


class _Query:
    """Answers documents by number, and fails where it is told to."""

    def __init__(
        self, numbers: Sequence[int], failures: dict[int, Exception], skipped: int = 0
    ) -> None:
        self._numbers, self._failures, self._skipped = numbers, failures, skipped

    def offset(self, number: int) -> _Query:
        return _Query(self._numbers, self._failures, number)

    def start_after(self, place: dict[str, Any]) -> _Query:
        left = [each for each in self._numbers if each > place["id"]]
        return _Query(left, self._failures, self._skipped)

    def limit(self, number: int) -> _Query:
        end = self._skipped + number
        return _Query(self._numbers[:end], self._failures, self._skipped)

    def _get_stream_iterator(self, *_: object) -> tuple[Iterator[RunQueryResponse], str]:
        return self._responses(), ""

    def _responses(self) -> Iterator[RunQueryResponse]:
        yield RunQueryResponse()  # as the service sends while it skips
        for number in self._numbers[self._skipped :]:
            if number in self._failures:
                raise self._failures.pop(number)
            message = wire.replacement(f"{NAME}/{number}", {"id": number}).update
            yield RunQueryResponse(document=message)


def _ids(query: Any, limit: int | None = None) -> list[int]:  # noqa: ANN401 - a fake
    return [each["id"] for each in streamed(Ordered(query, ("id",), limit))]


def test_a_stream_that_breaks_off_is_gone_on_with() -> None:
    broken: dict[int, Exception] = {
        3: ServiceUnavailable("gone"),
        5: ServiceUnavailable("gone again"),
    }

    assert _ids(_Query(range(1, 8), broken)) == list(range(1, 8))


@pytest.mark.parametrize("page", [1, 3, 7, 8])
def test_many_documents_are_read_in_pages(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(streams, "PAGE", page)

    assert _ids(_Query(range(1, 8), {})) == list(range(1, 8))
    assert _ids(_Query(range(1, 8), {}), limit=5) == [1, 2, 3, 4, 5]


def test_what_was_skipped_is_not_skipped_again() -> None:
    query = _Query(range(1, 8), {5: ServiceUnavailable("gone")}, skipped=2)

    assert _ids(query) == [3, 4, 5, 6, 7]


def test_no_more_are_returned_than_were_asked_for() -> None:
    query = _Query(range(1, 8), {3: ServiceUnavailable("gone")})

    assert _ids(query, limit=4) == [1, 2, 3, 4]


@pytest.mark.parametrize("error", [PermissionDenied("no"), ServiceUnavailable("gone")])
def test_a_stream_that_never_began_is_an_error(error: Exception) -> None:
    with pytest.raises(type(error)):
        _ids(_Query([1], {1: error}))


def test_an_error_that_does_not_pass_is_raised() -> None:
    with pytest.raises(PermissionDenied):
        _ids(_Query([1, 2], {2: PermissionDenied("no")}))

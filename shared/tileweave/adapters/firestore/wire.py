"""Firestore's values as they are on the wire, and the two requests that are made most.

The client's own way from a protobuf to a dictionary and back takes several times as long as the
service (docs/performance.md); its API, retries and channel are used as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from google.cloud.firestore import Client
from google.cloud.firestore_v1 import types
from google.protobuf.struct_pb2 import NULL_VALUE
from google.protobuf.timestamp_pb2 import Timestamp

from tileweave.adapters.firestore.codec import Fields
from tileweave.adapters.firestore.documents import RETRY, TIMEOUT

# The plain protobuf classes below the client's wrapped ones.
_Value = types.Value.pb()
_Array = types.ArrayValue.pb()
_Document = types.Document.pb()
_Precondition = types.Precondition.pb()
_Mask = types.DocumentMask.pb()
_Transform = types.DocumentTransform.FieldTransform.pb()
_Write = types.Write.pb()
_Found = types.BatchGetDocumentsResponse.pb

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


# --- values ---


def plain_of(fields: Mapping[str, Any]) -> Fields:
    """Return the fields of a document as plain values; times are in UTC, to the microsecond."""
    return {name: _plain(value) for name, value in fields.items()}


def value_of(plain: object) -> Any:  # noqa: ANN401 - a protobuf without types
    """Return a plain value as Firestore's; times are aware. Raises TypeError for another kind."""
    value = _Value()
    _set(value, plain)
    return value


def _plain(value: Any) -> Any:  # noqa: ANN401 - the same
    return _GETTERS[value.WhichOneof("value_type")](value)


def _moment(value: Any) -> datetime:  # noqa: ANN401 - the same
    stamp = value.timestamp_value
    return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1_000)


_SCALARS = ("boolean", "integer", "double", "string", "bytes")

_GETTERS: Mapping[str, Callable[[Any], Any]] = {
    **{f"{each}_value": attrgetter(f"{each}_value") for each in _SCALARS},
    "null_value": lambda _: None,
    "timestamp_value": _moment,
    "array_value": lambda value: [_plain(each) for each in value.array_value.values],
    "map_value": lambda value: plain_of(value.map_value.fields),
}


def _fill(target: Any, fields: Mapping[str, object]) -> None:  # noqa: ANN401 - a protobuf map
    for name, plain in fields.items():
        _set(target[name], plain)


def _set(target: Any, plain: object) -> None:  # noqa: ANN401 - a protobuf without types
    kind = type(plain)
    (_SETTERS.get(kind) or _setter_of(kind))(target, plain)


def _setter(name: str) -> Callable[[Any, Any], None]:
    return lambda target, plain: setattr(target, name, plain)


def _set_moment(target: Any, moment: datetime) -> None:  # noqa: ANN401 - the same
    since = moment - EPOCH
    stamp = target.timestamp_value
    stamp.seconds, stamp.nanos = since // _SECOND, since.microseconds * 1_000


def _set_array(target: Any, items: Iterable[object]) -> None:  # noqa: ANN401 - the same
    values = target.array_value.values
    target.array_value.SetInParent()
    for each in items:
        _set(values.add(), each)


def _set_map(target: Any, fields: Mapping[str, object]) -> None:  # noqa: ANN401 - the same
    target.map_value.SetInParent()
    _fill(target.map_value.fields, fields)


_SETTERS: Mapping[type, Callable[[Any, Any], None]] = {
    type(None): lambda target, _: setattr(target, "null_value", NULL_VALUE),
    bool: _setter("boolean_value"),
    int: _setter("integer_value"),
    float: _setter("double_value"),
    str: _setter("string_value"),
    bytes: _setter("bytes_value"),
    datetime: _set_moment,
    list: _set_array,
    tuple: _set_array,
    dict: _set_map,
}


def _setter_of(kind: type) -> Callable[[Any, Any], None]:
    """Return how a subclass of what can be written is written: an enumeration's name, say."""
    for each in (str, datetime):
        if issubclass(kind, each):
            return _SETTERS[each]
    raise TypeError(f"Firestore has no value for a {kind.__name__}")


# --- writes ---


def creation(name: str, fields: Fields) -> Any:  # noqa: ANN401 - the same
    """Return the write of a document that must not exist yet."""
    return _Write(update=_document(name, fields), current_document=_Precondition(exists=False))


def replacement(name: str, fields: Fields) -> Any:  # noqa: ANN401 - the same
    """Return the write of a document, whether it exists or not."""
    return _Write(update=_document(name, fields))


def change(name: str, fields: Fields, version: object) -> Any:  # noqa: ANN401 - the same
    """Return the write of some fields of a document that must be at a version (a Timestamp)."""
    return _Write(
        update=_document(name, fields),
        update_mask=_Mask(field_paths=sorted(fields)),
        current_document=_Precondition(update_time=version),
    )


def transformation(name: str, transforms: Sequence[Any]) -> Any:  # noqa: ANN401 - the same
    """Return the write that transforms fields of a document, which must exist."""
    return _Write(
        update=_Document(name=name),
        update_mask=_Mask(),
        update_transforms=transforms,
        current_document=_Precondition(exists=True),
    )


def increment(field: str, number: int) -> Any:  # noqa: ANN401 - the same
    """Return the transform that adds to a field."""
    return _Transform(field_path=field, increment=value_of(number))


def minimum(field: str, number: int) -> Any:  # noqa: ANN401 - the same
    """Return the transform that lowers a field to a number."""
    return _Transform(field_path=field, minimum=value_of(number))


def maximum(field: str, number: int) -> Any:  # noqa: ANN401 - the same
    """Return the transform that raises a field to a number."""
    return _Transform(field_path=field, maximum=value_of(number))


def addition(field: str, items: Iterable[int]) -> Any:  # noqa: ANN401 - the same
    """Return the transform that adds items to an array, unless they are in it."""
    values = [value_of(each) for each in items]
    return _Transform(field_path=field, append_missing_elements=_Array(values=values))


def removal(field: str, items: Iterable[str]) -> Any:  # noqa: ANN401 - the same
    """Return the transform that takes items out of an array."""
    return _Transform(
        field_path=field, remove_all_from_array=_Array(values=[value_of(each) for each in items])
    )


def _document(name: str, fields: Fields) -> Any:  # noqa: ANN401 - the same
    document = _Document(name=name)
    _fill(document.fields, fields)
    return document


# --- requests ---


class Wire:
    """Requests to one database; every method raises the client's own errors."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._database: str = client._database_string  # noqa: SLF001 - what it would send
        self.documents = f"{self._database}/documents/"
        """What the full name of a document begins with."""

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, Any | None]]:
        """Return the documents of these full names, in any order; None where there is none."""
        request = {"database": self._database, "documents": names}
        for response in self._api.batch_get_documents(request=request, **self._options):
            found = _Found(response)
            if found.WhichOneof("result") == "found":
                yield found.found.name, found.found
            else:
                yield found.missing, None

    def commit(self, writes: Sequence[Any]) -> list[Timestamp]:
        """Do all of these writes or none; return when each document was written."""
        request = types.CommitRequest.pb()(database=self._database, writes=writes)
        wrapped = types.CommitRequest.wrap(request)
        answer = self._api.commit(request=wrapped, **self._options)
        return [each.update_time for each in types.CommitResponse.pb(answer).write_results]

    def write_each(self, writes: Sequence[Any]) -> list[int]:
        """Do each of these writes that can be done, of documents that are all different.

        Returns a code of google.rpc for each: 0 is done, 5 a document that is not there.
        """
        request = types.BatchWriteRequest.pb()(database=self._database, writes=writes)
        wrapped = types.BatchWriteRequest.wrap(request)
        answer = self._api.batch_write(request=wrapped, **self._options)
        return [each.code for each in types.BatchWriteResponse.pb(answer).status]

    @property
    def _api(self) -> Any:  # noqa: ANN401 - generated, without types
        return self._client._firestore_api  # noqa: SLF001 - the client's own, with its channel

    @property
    def _options(self) -> dict[str, Any]:
        metadata = self._client._rpc_metadata  # noqa: SLF001 - the same
        return {"metadata": metadata, "retry": RETRY, "timeout": TIMEOUT}

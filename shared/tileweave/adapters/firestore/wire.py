"""Fields straight to protobuf messages and back.

The client's own encoding makes an object in Python of every value, several times over, and copies
what it decodes once more: for documents like these it takes five times as long as the emulator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from google.cloud.firestore_v1.types import Document as DocumentMessage
from google.cloud.firestore_v1.types import Write as WriteMessage

Fields = dict[str, Any]

_Message: Any = DocumentMessage.pb()
_Write: Any = WriteMessage.pb()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class NotPlain(TypeError):
    """Raised for a value that is more than a value: what the server is to do with a field."""


def create(path: str, fields: Mapping[str, Any]) -> WriteMessage:
    """Return the write that creates a document, refused if it exists. Raises NotPlain."""
    write = _Write(update=document(path, fields))
    write.current_document.exists = False
    return _wrapped(write)


def update(path: str, fields: Mapping[str, Any]) -> WriteMessage:
    """Return the write that changes fields of a document, without precondition. Raises NotPlain."""
    if not fields or not all(map(str.isidentifier, fields)):
        raise NotPlain("paths into fields are the client's affair")
    write = _Write(update=document(path, fields))
    write.update_mask.field_paths.extend(sorted(fields))
    return _wrapped(write)


def document(path: str, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a protobuf message
    """Return the message of a document; `path` is its whole name. Raises NotPlain."""
    message = _Message(name=path)
    _fill(message.fields, fields)
    return message


def fields_of(message: Any) -> Fields:  # noqa: ANN401 - a protobuf message
    """Return the fields of a document's message."""
    fields = message.fields
    return {name: _value(fields[name]) for name in fields}  # its items() are twice as slow


def _wrapped(write: Any) -> WriteMessage:  # noqa: ANN401 - a protobuf message
    wrapped: WriteMessage = WriteMessage.wrap(write)
    return wrapped


def _fill(target: Any, fields: Mapping[str, Any]) -> None:  # noqa: ANN401 - a protobuf map
    for name, value in fields.items():
        _set(target[name], value)


def _set(target: Any, value: Any) -> None:  # noqa: ANN401 - of a field, as it comes
    kind = type(value)
    if kind is str:  # most are
        target.string_value = value
    elif kind is int:
        target.integer_value = value
    elif (setter := _SETTERS.get(kind)) is not None:
        setter(target, value)
    else:
        raise NotPlain(f"a {kind.__name__} is no plain value")


def _set_moment(target: Any, moment: datetime) -> None:  # noqa: ANN401 - the same
    since = moment - _EPOCH
    target.timestamp_value.seconds = since // _SECOND
    target.timestamp_value.nanos = since.microseconds * 1_000


def _set_list(target: Any, values: list[Any]) -> None:  # noqa: ANN401 - the same
    target.array_value.SetInParent()
    for each in values:
        _set(target.array_value.values.add(), each)


def _set_map(target: Any, fields: Fields) -> None:  # noqa: ANN401 - the same
    target.map_value.SetInParent()
    _fill(target.map_value.fields, fields)


def _setter(name: str) -> Callable[[Any, Any], None]:
    return lambda target, value: setattr(target, name, value)


_SETTERS: Mapping[type, Callable[[Any, Any], None]] = {
    type(None): lambda target, _: setattr(target, "null_value", 0),
    bool: _setter("boolean_value"),
    float: _setter("double_value"),
    datetime: _set_moment,
    list: _set_list,
    dict: _set_map,
}


def _value(message: Any) -> Any:  # noqa: ANN401 - of a field, whatever that is
    return _GETTERS[message.WhichOneof("value_type")](message)


_SCALARS = ("boolean", "integer", "double", "string", "bytes")


def _moment(message: Any) -> datetime:  # noqa: ANN401 - the same
    found = message.timestamp_value
    return _EPOCH + timedelta(seconds=found.seconds, microseconds=found.nanos // 1_000)


_GETTERS: Mapping[str, Callable[[Any], Any]] = {
    **{f"{each}_value": attrgetter(f"{each}_value") for each in _SCALARS},
    "null_value": lambda _: None,
    "timestamp_value": _moment,
    "array_value": lambda message: [_value(each) for each in message.array_value.values],
    "map_value": lambda message: fields_of(message.map_value),
}

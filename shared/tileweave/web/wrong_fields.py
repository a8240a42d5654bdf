"""Which fields of a request are wrong, each by the path that it was sent under."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError

from tileweave.domain.errors import Invalid, Problem

Path = tuple[int | str, ...]
"""The keys and places that lead to a field."""

_SAID = {
    "extra_forbidden": "is not a key that is read here",
    "missing": "is missing",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
}
"""What is said in place of pydantic's words, which speak of Python."""


@dataclass(slots=True)
class Problems:
    """Collects every wrong field of a request, with its path."""

    found: list[Problem] = field(default_factory=list)
    _settled: set[str] = field(default_factory=set)

    def add(self, path: str, message: str) -> None:
        """Note a wrong field, unless it is part of one that is settled."""
        if not self._settled or self._settled.isdisjoint(_ancestors(path)):
            self.found.append(Problem(path, message))

    def settle(self) -> None:
        """Have nothing more said of what was noted so far: what is in its place was not sent."""
        self._settled.update(each.path for each in self.found)

    def check(self) -> None:
        """Raise Invalid if anything was noted."""
        if self.found:
            raise Invalid(tuple(self.found))


@dataclass(frozen=True, slots=True)
class Sent:
    """An object of a request: its path, its keys as they are spelt, and the model they are of."""

    path: str
    keys: Mapping[str, Any]
    model: type[BaseModel]

    def at(self, name: str) -> str:
        """Return the path of a field, in the spelling that was sent, or else of what was sent."""
        return f"{self.path}.{self._key(name)}" if self.path else self._key(name)

    def value(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return what was sent as a field; None if nothing was."""
        return self.keys.get(self._key(name))

    def _key(self, name: str) -> str:
        known = spellings(self.model, name)
        for each in known:
            if each in self.keys:
                return each
        if len(known) == 1:
            return known[0]
        upper = any(each[:1].isupper() for each in self.keys)
        return next((each for each in known if each[0].isupper() is upper), known[0])


def wrong_fields(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Return path and message of every wrong field of a model whose keys have one spelling."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        yield joined(*each["loc"]), in_words(each["type"], each["msg"])


def in_words(kind: str, message: str) -> str:
    """Return what is wrong with a field, by pydantic's kind of error and message."""
    return _SAID.get(kind) or message.removeprefix("Value error, ")


@cache
def spellings(model: type[BaseModel], name: str) -> list[str]:
    """Return the keys that a field of a model is read from."""
    alias = model.model_fields[name].validation_alias
    return [str(each) for each in alias.choices] if isinstance(alias, AliasChoices) else [name]


def joined(*path: int | str) -> str:
    """Return a path as text; a key without characters is shown as quotes."""
    return ".".join(str(part) or '""' for part in path) or "body"


def without(value: Any, paths: Collection[Path]) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value without what is at these paths; in a list, {} takes its place."""
    inner: dict[int | str, list[Path]] = defaultdict(list)
    for first, *rest in filter(None, paths):
        inner[first].append(tuple(rest))
    if isinstance(value, list):
        return [
            ({} if () in inner[place] else without(each, inner[place])) if place in inner else each
            for place, each in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    return {
        key: without(each, inner[key]) if key in inner else each
        for key, each in value.items()
        if key not in inner or () not in inner[key]
    }


def value_at(value: Any, path: Sequence[int | str]) -> Any:  # noqa: ANN401 - JSON
    """Return what is at a path of a JSON value; None if nothing is."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _ancestors(path: str) -> Iterator[str]:
    """Return a path, and all that it is below of."""
    yield path
    while "." in path:
        path = path.rpartition(".")[0]
        yield path

"""What a snapshot holds besides its scenes: a header, and totals at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.identity import AOI_NAME
from tileweave.domain.model import Json
from tileweave.strict_json import NotJson, value_of

ModelT = TypeVar("ModelT", bound=BaseModel)

FORMAT: Literal[1] = 1
"""The version of what a snapshot holds; a reader refuses another."""

MOST_SCENE = 256 * 1024 * 1024
"""Characters of a scene in a file: many tiles, with long histories."""

Count = Annotated[int, Field(strict=True, ge=0)]


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Header(_Part):
    """Of which AOI a snapshot is, as of when, and what that says of its jobs (its `settings`)."""

    format: Literal[1] = FORMAT
    aoi: Annotated[str, Field(pattern=f"^{AOI_NAME.pattern}$")]
    taken_at: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    settings: Json | None = None


class Totals(_Part):
    """How many scenes and tiles a snapshot holds."""

    scenes: Count
    tiles: Count


@dataclass(slots=True)
class Counted:
    """Features as they pass, and how many scenes and tiles they were."""

    features: Iterable[Json]
    scenes: int = field(default=0, init=False)
    tiles: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[Json]:
        """Return each once."""
        for feature in self.features:
            yield feature
            self.scenes += 1
            self.tiles += len(tiles_of(feature))

    @property
    def totals(self) -> Totals:
        """What has passed so far."""
        return Totals(scenes=self.scenes, tiles=self.tiles)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that is read as its `scenes` are asked for; they raise Invalid if any are missing.

    `totals` are what its end says.
    """

    header: Header
    totals: Totals
    features: Iterable[Json]

    @property
    def scenes(self) -> Iterator[Json]:
        """The Features of its scenes."""
        counted = Counted(self.features)
        yield from counted
        if counted.totals != self.totals:
            told, found = (
                f"{each.scenes} scenes and {each.tiles} tiles"
                for each in (self.totals, counted.totals)
            )
            raise wrong(f"it says that it has {told}, but there are {found}")


def tiles_of(feature: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return the Tiles of a scene's Feature; none of what is no such Feature."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    tiles = properties.get("Tiles") if isinstance(properties, dict) else None
    return tiles if isinstance(tiles, list) else []


def header_of(found: object) -> Header:
    """Return a header as it is written. Raises Invalid."""
    if isinstance(found, dict) and found.get("format", FORMAT) != FORMAT:
        raise wrong(f"it is of format {found['format']!r}: this version reads format {FORMAT}")
    return _checked(Header, found, "snapshot")


def totals_of(found: object) -> Totals:
    """Return totals as they are written. Raises Invalid: they are missing where a file was cut."""
    if found is None:
        raise wrong("it has no totals at its end: it was cut off, or is no snapshot")
    return _checked(Totals, found, "totals")


def wrong(said: str) -> Invalid:
    """Return the error of a file that is no whole snapshot."""
    return Invalid((Problem("snapshot", said),))


def line(value: object) -> bytes:
    """Return a JSON value in one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def read_json(text: bytes | str, where: str) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a JSON text, as strictly as that of a request. Raises Invalid."""
    try:
        return value_of(text if isinstance(text, bytes) else text.encode())
    except NotJson as error:
        raise wrong(f"{where} is not JSON{error}") from error


def _checked(model: type[ModelT], found: object, path: str) -> ModelT:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, (path, *first["loc"])))
        raise Invalid((Problem(where, first["msg"]),)) from error

"""What must be right in the data of a scene: its date, and the list of its tiles."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, TypeAdapter, ValidationError

from tileweave.domain.model import Json
from tileweave.web.wrong_fields import Problems

RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
"""As workers in Go read it: no lower case, no space, no part left out."""

_LIKE_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


def _resembling(value: object) -> object:
    if not isinstance(value, str) or not _LIKE_RFC3339.match(value):
        raise ValueError("must be a date and time by RFC 3339, as 2022-01-11T17:01:24.37Z")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be within the years 1 to 9999, in UTC") from None


Moment = TypeAdapter(Annotated[AwareDatetime, BeforeValidator(_resembling), AfterValidator(_utc)])
"""A date and time as people write them in a filter, in UTC."""


def read_scene_data(data: Json, prefix: str, problems: Problems) -> datetime:
    """Return the date of a scene's data, in UTC; note what is wrong with it, and with its tiles."""
    if not isinstance(data.get("tiles"), dict | None):
        problems.add(f"{prefix}tiles", "must be a JSON object: tiles by their source ids")
    return read_date(data.get("date"), f"{prefix}date", problems)


def read_date(date: object, path: str, problems: Problems) -> datetime:
    """Return a date that was sent at this path, in UTC; note what is wrong with it."""
    if not isinstance(date, str) or not RFC3339.fullmatch(date):
        said = "must be a date and time by RFC 3339, as 2022-01-11T17:01:24.37Z"
        problems.add(path, said)
        return datetime.now(UTC)
    try:
        moment: datetime = Moment.validate_python(date)
    except ValidationError as error:
        problems.add(path, error.errors()[0]["msg"].removeprefix("Value error, "))
        return datetime.now(UTC)
    return moment

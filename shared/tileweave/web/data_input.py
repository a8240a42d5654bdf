"""New data of a scene or tile, checked as it is when one is added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.model import Json
from tileweave.web.limits import MOST_DATA, size_of
from tileweave.web.scene_request import date_of, wrong_fields


def read_data(kind: str, body: Any) -> tuple[Json, datetime | None]:  # noqa: ANN401 - JSON
    """Return the data of a request, and the date in a scene's. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid((Problem("body", "data is a JSON object"),))
    if (size := size_of(body)) > MOST_DATA:
        raise Invalid((Problem("body", f"is {size} bytes as JSON; at most {MOST_DATA} are kept"),))
    if kind == "tile":
        return body, None
    try:
        return body, date_of(body)
    except ValidationError as error:
        raise Invalid((Problem("date", wrong_fields(error)[0][1]),)) from error

"""New data of a scene or tile, checked as it is when one is added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.job_data import size_of
from tileweave.domain.model import Json
from tileweave.web.limits import MOST_DATA
from tileweave.web.scene_data import read_scene_data
from tileweave.web.wrong_fields import Problems


def read_data(kind: str, body: Any) -> tuple[Json, datetime | None]:  # noqa: ANN401 - JSON
    """Return the data of a request, and the date in a scene's. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid((Problem("body", "data is a JSON object"),))
    if (size := size_of(body)) > MOST_DATA:
        raise Invalid((Problem("body", f"is {size} bytes as JSON; at most {MOST_DATA} are kept"),))
    if kind == "tile":
        return body, None
    problems = Problems()
    date = read_scene_data(body, "", problems)
    problems.check()
    return body, date

"""How generated requests are written as NDJSON."""

from __future__ import annotations

import json
from typing import Any

import schemathesis

from tileweave.web.bulk import NDJSON


@schemathesis.serializer(*NDJSON)
def as_lines(context: Any, value: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return one value a line; what is wrong on purpose may be no list."""
    lines = value if isinstance(value, list) else [value]
    return b"\n".join(json.dumps(each).encode() for each in lines)

"""What a request may hold; stated in `docs/api.md`."""

from __future__ import annotations

import json

MOST_TILES = 10_000
"""Tiles of one scene."""

MOST_DATA = 700_000
"""Bytes of a scene's data and tags or a tile's data, as JSON: they are part of every job."""

MOST_DOCUMENT = 850_000
"""Bytes of the same with the geometry: Firestore keeps 1 MiB, ids and history included."""


def size_of(kept: object) -> int:
    """Return the bytes of a JSON value as it is kept: UTF-8, without white space."""
    return len(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode())

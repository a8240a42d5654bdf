"""Ids derived from names, so that a repeated request meets what the first one made."""

from __future__ import annotations

import hashlib
import json
import re

from tileweave.domain.errors import Invalid, Problem

LARGEST_ID = 2**53 - 1
"""The largest integer that JSON readers in every language keep exact."""

AOI_NAME = re.compile(r"[A-Za-z0-9\-:_]{1,128}", re.ASCII)
REJECTED_ID = re.compile(r"[0-9a-f]{24}")


def checked_aoi_name(name: str) -> str:
    """Return the name of an AOI unchanged; raises Invalid unless it is a legal one."""
    if not AOI_NAME.fullmatch(name):
        rule = "an AOI's name is 1 to 128 characters out of A-Z a-z 0-9 - : _"
        raise Invalid((Problem("aoi", f"{name!r} is not a name: {rule}"),))
    return name


def scene_id(aoi: str, source_id: str, generation: int = 0) -> int:
    """Return the id of a scene, 1 to 2^53-1.

    `generation` counts how often an AOI of that name was deleted: ids are never reused.
    """
    return _derived(aoi, source_id, generation=generation)


def tile_id(aoi: str, scene_source_id: str, source_id: str, generation: int = 0) -> int:
    """Return the id of a tile, 1 to 2^53-1, from its scene's and its own source id."""
    return _derived(aoi, scene_source_id, source_id, generation=generation)


def rejected_id(topic: str, message_id: str) -> str:
    """Return the id of a rejected message: message ids are unique within their topic only."""
    return hashlib.sha256(json.dumps([topic, message_id]).encode()).hexdigest()[:24]


def _derived(*names: str, generation: int) -> int:
    parts: list[str | int] = [*names, generation] if generation else [*names]
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") % LARGEST_ID + 1

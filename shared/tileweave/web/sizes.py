"""How much of a scene or tile is kept: what no document can hold is refused beforehand."""

from __future__ import annotations

from collections.abc import Iterable

from tileweave.domain.job_data import MOST_DOCUMENT, size_of
from tileweave.web.footprint import Footprint
from tileweave.web.limits import MOST_DATA
from tileweave.web.wrong_fields import Problems


def check_size(kept: object, footprint: Footprint, path: str, problems: Problems) -> bool:
    """Note what is too large; return whether it fits."""
    size = size_of(kept)
    with_geometry = size + footprint.size
    if size > MOST_DATA:
        problems.add(path, f"{size} bytes as JSON, tags included; at most {MOST_DATA} are kept")
    elif with_geometry > MOST_DOCUMENT:
        said = f"{with_geometry} bytes with the geometry; at most {MOST_DOCUMENT} are kept"
        problems.add(path, said)
    return with_geometry <= MOST_DOCUMENT and size <= MOST_DATA


def check_list_of_tiles(
    kept: Iterable[object], footprint: Footprint, path: str, problems: Problems
) -> None:
    """Note what fits as it was sent, but not with the list of tiles that its job is told."""
    size = size_of(kept) + footprint.size
    if size > MOST_DOCUMENT:
        said = f"the list of them for the scene's job makes {size} bytes of its data"
        problems.add(path, f"{said}, tags and geometry; at most {MOST_DOCUMENT} are kept")

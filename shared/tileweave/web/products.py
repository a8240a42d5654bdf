"""Names of products: what tells one acquisition from another, and what does not."""

from __future__ import annotations

import re

_CHECKED = re.compile(r"(S1[A-D]_.*_)[0-9A-F]{4}(_COG)?")
"""A Sentinel-1 id: it ends with a checksum, and at Copernicus perhaps with a form of the files."""


def product_name(source_id: str) -> str:
    """Return the name of a product: a Sentinel-1 id without the checksum it ends with."""
    found = _CHECKED.fullmatch(source_id)
    return found[1] if found else source_id

"""Where the product of a STAC Item is, if one of its assets is all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tileweave.domain.model import Json

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".safe", ".safe.zip")
"""How the name of a whole product ends."""

MANIFEST = "/manifest.safe"
"""A list of what a product holds, not the product."""

ARCHIVE_TYPES = ("application/zip", "application/x-tar", "application/x-zip-compressed")

STORES = ("s3", "gs")
"""What is preferred to HTTPS: nobody has to log in to a portal to read it."""


def stored_at(assets: Mapping[str, Json]) -> str:
    """Return where the product is; "" where no asset, or more than one, is all of it."""
    found = [each for name, each in assets.items() if _is_product(name, each)]
    if len(found) != 1:
        return ""
    hrefs = list(_hrefs(found[0]))
    return next((each for each in hrefs if urlsplit(each).scheme in STORES), hrefs[0])


def _is_product(name: str, asset: Json) -> bool:
    href, roles = asset.get("href"), asset.get("roles")
    if not isinstance(href, str) or not _has_scheme(href):
        return False
    if isinstance(roles, list) and "archive" in roles:
        return True
    if _path(href).endswith(MANIFEST):
        return False
    named = name.casefold() in ("product", "archive", "safe")
    packed = asset.get("type") in ARCHIVE_TYPES or _path(href).endswith(ARCHIVES)
    return packed and (named or not isinstance(roles, list) or "data" in roles)


def _hrefs(asset: Json) -> Iterator[str]:
    """Return where an asset is, by itself and by the alternate-assets extension."""
    yield asset["href"]
    alternates = asset.get("alternate")
    for each in alternates.values() if isinstance(alternates, dict) else ():
        href: Any = each.get("href") if isinstance(each, dict) else None
        if isinstance(href, str) and _has_scheme(href):
            yield href


def _path(href: str) -> str:
    return href.partition("?")[0].rstrip("/").casefold()


def _has_scheme(href: str) -> bool:
    """Whether an address says by itself where it is: one relative to the Item does not."""
    return "://" in href

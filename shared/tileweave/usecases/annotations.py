"""Tiles from the annotation of Sentinel-1 products, for scenes that come without any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from tileweave.domain import batches
from tileweave.domain.errors import NothingThere, PlaceRefused, Problem, Unavailable
from tileweave.domain.ingestion import Names, NewScene
from tileweave.domain.job_data import MOST_DOCUMENT, size_of, with_tiles
from tileweave.domain.model import Document, Json, Key
from tileweave.domain.sentinel1 import has_bursts
from tileweave.domain.whole_scenes import with_own_tiles
from tileweave.usecases.ports import Services
from tileweave.usecases.products import BadProduct

PARALLEL = 8
"""Products that are read at the same time."""

MOST_AT_ONCE = 500
"""Documents that are read at once."""

PRODUCT_ENDS = (".zip", ".safe", "/manifest.safe")
ASSETS = ("product", "PRODUCT", "safe_manifest", "safe-manifest", "data")
"""Names of the asset that is the product, or its manifest, in catalogues of STAC Items."""

PATH = "data.storage_uri"
NOWHERE = (
    "tiles=annotations needs the address of its product: data.storage_uri, the href of an asset"
    " in data.metadata, or data.metadata.href"
)


@dataclass(frozen=True, slots=True)
class Annotated:
    """Scenes with their tiles, and those of which the product does not tell them, with why."""

    scenes: Sequence[NewScene]
    refused: Mapping[str, tuple[Problem, ...]]


def annotated(services: Services, aoi: str, scenes: Sequence[NewScene]) -> Annotated:
    """Give each Sentinel-1 scene without tiles those of its product; change nothing else.

    Of a scene that is known already no product is read: it gets the tiles that are there. One that
    does not answer now is told as one that cannot be read: the same request adds its scene later.
    """
    empty = [each for each in scenes if _needs_tiles(each)]
    known = _known(services, aoi, empty)
    wanted = {each.source_id: each for each in empty if each.source_id not in known}
    with ThreadPoolExecutor(PARALLEL, "products") as threads:
        read = threads.map(partial(_read, services), wanted.values())
        found = dict(zip(wanted, read, strict=True))
    filled = known | {name: each for name, each in found.items() if isinstance(each, NewScene)}
    refused = {name: each for name, each in found.items() if not isinstance(each, NewScene)}
    kept = [each for each in scenes if each.source_id not in refused]
    return Annotated([filled.get(each.source_id, each) for each in kept], refused)


def product_of(new: NewScene) -> str | None:
    """Return the address of a scene's product, None if its data has none.

    `data.storage_uri`, where that is a product by its end; else the asset that is one, or
    `data.metadata.href`; else the archive in the folder `data.storage_uri` that is named after it.
    """
    storage = new.data.get("storage_uri")
    metadata = new.data.get("metadata")
    found: Json = metadata if isinstance(metadata, dict) else {}
    hrefs = (storage, *_assets(found.get("assets")), found.get("href"))
    if named := next((each for each in hrefs if _is_product(each)), None):
        return str(named)
    if isinstance(storage, str) and storage:
        return f"{storage.rstrip('/')}/{new.source_id.removesuffix('.SAFE')}.zip"
    return None


def _needs_tiles(new: NewScene) -> bool:
    return not new.tiles and has_bursts(new.product_name or new.source_id)


def _known(services: Services, aoi: str, scenes: Sequence[NewScene]) -> dict[str, NewScene]:
    """Return the scenes that are there, with the tiles that they have there."""
    found = services.store.find_aoi(aoi)
    names = Names(aoi, found.generation if found else 0)
    known: dict[str, NewScene] = {}
    for some in batches.in_pieces(scenes, lambda _: 1, MOST_AT_ONCE):
        keys = {Key("scene", names.scene(each.source_id)): each for each in some}
        for key, stored in services.store.read(list(keys)).items():
            if stored is not None:
                known[keys[key].source_id] = _as_there(keys[key], stored.document)
    return known


def _as_there(new: NewScene, there: Document) -> NewScene:
    tiles = there.data.get("tiles")
    return with_own_tiles(replace(new, data={**new.data, "tiles": tiles})) if tiles else new


def _read(services: Services, new: NewScene) -> NewScene | tuple[Problem, ...]:
    href = product_of(new)
    if href is None:
        return (Problem(PATH, NOWHERE),)
    try:
        tiles = tuple(services.products.tiles(href))
    except (BadProduct, PlaceRefused, NothingThere, Unavailable) as error:
        return (Problem(PATH, str(error)),)
    data = with_tiles(new.data, tiles)
    size = size_of([data, new.tags]) + len(new.geometry or "") + len(new.wkt or "")
    if size > MOST_DOCUMENT:
        return (Problem("tiles", f"with them {size} bytes; at most {MOST_DOCUMENT} are kept"),)
    return replace(new, tiles=tiles, data=data)


def _assets(assets: object) -> list[object]:
    """Return the addresses of assets, those first that are products by their names."""
    listed = assets if isinstance(assets, dict) else {}
    order = sorted(listed, key=lambda name: (name not in ASSETS, name))
    return [each.get("href") for name in order if isinstance(each := listed[name], dict)]


def _is_product(href: object) -> bool:
    return isinstance(href, str) and href.lower().rstrip("/").endswith(PRODUCT_ENDS)

"""Snapshots in tests: taken of a store, restored to one, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from tests.builders import AOI, NOW
from tileweave.domain.job_data import with_tiles
from tileweave.domain.model import Json
from tileweave.usecases.export import Held, whole
from tileweave.usecases.ports import Services
from tileweave.usecases.restore import Restored, prepare, restore_all
from tileweave.web.snapshot_feature import snapshot_feature
from tileweave.web.snapshot_input import origin, read_snapshot_scene


def features_of(services: Services, aoi: str = AOI, *, page: int = 1_000) -> list[Json]:
    """Return what a snapshot of an AOI holds, read in pages of so many tiles."""
    return [feature_of(each) for each in whole(services, aoi, page)]


def feature_of(held: Held) -> Json:
    """Return a scene as it comes out of JSON; what a request always holds is added, if need be."""
    feature: Json = json.loads(json.dumps(snapshot_feature(held)))
    properties = feature["properties"]
    data = {"date": held.scene.date.isoformat(), **properties["data"]}
    properties["data"] = with_tiles(data, held.tiles)
    properties["ProductName"] = properties["ProductName"] or properties["source_id"]
    return feature


def restored(
    services: Services, features: Iterable[Json], aoi: str, *, taken_at: datetime = NOW
) -> Restored:
    """Restore a snapshot to an AOI."""
    by = origin(AOI, taken_at)
    prepare(services, aoi, None)
    return restore_all(services, aoi, [read_snapshot_scene(aoi, each, by) for each in features])


def essence(features: Sequence[Json]) -> dict[str, Any]:
    """Return what a snapshot keeps through any number of restores, by names.

    That is not: ids, the name of the AOI, attempts and marks that a restore adds, or when it did.
    """
    return {each["properties"]["source_id"]: _scene(each) for each in features}


def differing(one: object, other: object, path: str = "") -> list[str]:
    """Return where two essences differ, and how."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return differing(dict(enumerate(one)), dict(enumerate(other)), path)
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        found = (differing(one[name], other[name], f"{path}.{name}") for name in one)
        return [said for each in found for said in each]
    return [] if one == other else [f"{path}: {one} is not {other}"]


def _scene(feature: Json) -> Any:  # noqa: ANN401 - whatever compares
    properties = dict(feature["properties"])
    tiles = properties.pop("Tiles")
    kept = dict(feature["snapshot"])
    states = kept.pop("tiles")
    return {
        "geometry": feature["geometry"],
        "properties": _job(properties, kept, ("id", "aoi", "attempt", "updated_at")),
        "tiles": {
            tile["SourceID"]: _job(
                tile, state, ("ID", "PreviousID", "ReferenceID", "Attempt", "UpdatedAt")
            )
            for tile, state in zip(tiles, states, strict=True)
        },
    }


def _job(shown: Json, kept: Json, besides: Sequence[str]) -> Any:  # noqa: ANN401 - the same
    lasting = {name: value for name, value in shown.items() if name not in besides}
    told = list(takewhile(_is_from_before, kept["history"]))
    lists = {name: sorted(kept.get(name, ()), key=json.dumps) for name in ("next", "referenced_by")}
    return lasting, {**kept, **lists, "history": told}


def _is_from_before(change: Json) -> bool:
    return "restored from" not in change["reason"]

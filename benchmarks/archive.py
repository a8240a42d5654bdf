"""An archive to ingest: many dates over one place, whose bursts make chains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tileweave.domain.ingestion import NewScene, NewTile, TileRef

FIRST_PASS = datetime(2015, 1, 4, 17, 1, 24, tzinfo=UTC)
REVISIT = timedelta(days=6)

_POLYGON = (
    '{"type":"Polygon","coordinates":[[[10.25,55.1],[11.6,55.3],[11.55,55.5],[10.2,55.3],'
    "[10.25,55.1]]]}"
)


def scenes(dates: int, bursts: int, first: int = 0) -> list[NewScene]:
    """Return a scene a date, each with a tile a burst: `bursts` chains of `dates` tiles.

    The previous of a tile is the same burst one date before, its reference the one of the first
    date. `first` numbers the bursts.
    """
    names = [
        f"A{44 + (first + each) // 27}_IW{each % 3 + 1}_{first + each:05}" for each in range(bursts)
    ]
    return [_scene(number, names) for number in range(dates)]


def burst(number: int) -> str:
    """Return the name of a burst."""
    return f"A{44 + number // 27}_IW{number % 3 + 1}_{number:05}"


def _product(number: int, bursts: list[str]) -> str:
    date = FIRST_PASS + number * REVISIT
    return f"S1A_IW_SLC__1SDV_{date:%Y%m%dT%H%M%S}_{number:06}_{bursts[0]}"


def _scene(number: int, bursts: list[str]) -> NewScene:
    date = FIRST_PASS + number * REVISIT
    data = {
        "date": date.isoformat(),
        "graph_name": "S1Preprocessing",
        "graph_config": {"projection": "EPSG:32632", "resolution": "20"},
        "record_id": f"record-{number}",
        "instances_id": {"sigma0": "instance-1", "coherence": "instance-2"},
        "metadata": {"relative_orbit": "44", "orbit_direction": "ASCENDING"},
        "is_retriable": True,
        "storage_uri": "gs://archive/scenes",
    }
    tiles = tuple(_tile(number, burst, bursts) for burst in bursts)
    return NewScene(
        source_id=_product(number, bursts),
        date=date,
        data=data,
        tags={"constellation": "SENTINEL1", "orbitDirection": "ASCENDING"},
        tiles=tiles,
        retry_count=1,
        product_name=_product(number, bursts),
        geometry=_POLYGON,
    )


def _tile(number: int, burst: str, bursts: list[str]) -> NewTile:
    previous = TileRef(burst, _product(number - 1, bursts)) if number else None
    reference = TileRef(burst, _product(0, bursts)) if number else None
    return NewTile(
        source_id=burst,
        data={"swath_id": burst[4:7], "tile_nr": 4, "graph_name": "S1BackscatterCoherence"},
        previous=previous,
        reference=reference,
        geometry=_POLYGON,
        anx_time=int(burst[-4:]),
        path=f"tiles.{burst}",
    )

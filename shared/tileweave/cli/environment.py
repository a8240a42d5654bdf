"""The main fields of a job as environment variables, for the command that works on it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tileweave.jobs.job import Job
from tileweave.jobs.typed import JobTile, SceneJob, TileJob

LONGEST = 100_000
"""Bytes of a value; one that is longer is empty, and read from the job on standard input."""


def variables(job: Job) -> Mapping[str, str]:
    """Return all variables; one that a job has nothing for is empty, never missing.

    Raises ValueError: fields of the job are of other types.
    """
    body = json.loads(job.text)
    if job.kind == "tile":
        tile = TileJob.model_validate(body)
        scene, named = tile.scene, _of_tile(tile)
    else:
        scene = SceneJob.model_validate(body)
        named = {"GRAPH_NAME": scene.data.get("graph_name")}
    values = {
        "JOB_ID": job.id,
        "KIND": job.kind,
        "SOURCE_ID": job.source_id,
        "AOI": job.aoi,
        "ATTEMPT": job.attempt or 1,
        "SCENE": scene.source_id,
        "DATE": scene.data.get("date"),
        "STORAGE_URI": scene.data.get("storage_uri"),
        **_OF_TILES,
        **named,
    }
    return {f"TILEWEAVE_{name}": _text(value) for name, value in values.items()}


_OF_TILES = dict.fromkeys(
    ("SWATH", "TILE_NR", "PREVIOUS", "PREVIOUS_SCENE", "REFERENCE", "REFERENCE_SCENE")
)


def _of_tile(tile: TileJob) -> dict[str, object]:
    return {
        "GRAPH_NAME": tile.data.get("graph_name"),
        "SWATH": tile.data.get("swath_id"),
        "TILE_NR": tile.data.get("tile_nr"),
        **_linked("PREVIOUS", tile.previous),
        **_linked("REFERENCE", tile.reference),
    }


def _linked(name: str, tile: JobTile | None) -> dict[str, object]:
    named = (tile.source_id, tile.scene.source_id) if tile else (None, None)
    return dict(zip((name, f"{name}_SCENE"), named, strict=True))


def _text(value: object) -> str:
    """Return a value as a variable can hold it."""
    text = "" if value is None else str(value).replace("\0", "")
    return text if len(text.encode(errors="replace")) <= LONGEST else ""

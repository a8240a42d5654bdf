"""Bare functions: the client calls that an answer cannot do without, and a tiny answer."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from google.cloud.firestore import Client, FieldFilter, Query
from werkzeug.wrappers import Request, Response

SHARDS = 10
AT_ONCE = 500
DATES = ("date", "updated_at", "due_at")


@cache
def client() -> Client:
    """Return the client of this process."""
    return Client()


def overview(request: Request) -> Response:
    """Read the document of an AOI, and those of its totals."""
    aoi = client().collection("aois").document(f"aoi-{request.args['aoi']}")
    totals = [aoi.collection("totals").document(f"0-{each}") for each in range(SHARDS)]
    found = [each.to_dict() for each in client().get_all([aoi, *totals])]
    return Response(str(len(found)))


def document(request: Request) -> Response:
    """Read one document."""
    found = client().document(request.args["path"]).get().to_dict()
    return Response(str(len(found or {})))


def listed(request: Request) -> Response:
    """Read the first scenes or tiles of an AOI, whole, in the order of the lists."""
    limit = int(request.args["limit"])
    return Response(str(_read(request.args["kind"], request.args["aoi"], limit)))


def graph(request: Request) -> Response:
    """Read all scenes and tiles of an AOI, whole."""
    return Response(str(sum(_read(kind, request.args["aoi"]) for kind in ("scene", "tile"))))


def ingest(request: Request) -> Response:
    """Create documents, in batches."""
    documents: list[dict[str, Any]] = request.get_json()
    for start in range(0, len(documents), AT_ONCE):
        batch = client().batch()
        for each in documents[start : start + AT_ONCE]:
            fields = each["fields"]
            moments = {name: _moment(fields[name]) for name in DATES if fields[name]}
            batch.create(client().document(each["path"]), fields | moments)
        batch.commit()
    return Response(str(len(documents)))


def _read(kind: str, aoi: str, limit: int | None = None) -> int:
    order = ("date", "id") if kind == "scene" else ("date", "scene_id", "id")
    found: Query = client().collection(f"{kind}s").where(filter=FieldFilter("listed_in", "==", aoi))
    for name in order:
        found = found.order_by(name)
    if limit is not None:
        found = found.limit(limit)
    return sum(1 for each in found.stream() if each.to_dict())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

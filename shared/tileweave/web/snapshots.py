"""Snapshots of AOIs: read in pages, written to and read from files, restored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from io import BytesIO

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Invalid, NotFound, Problem
from tileweave.domain.identity import checked_aoi_name
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json
from tileweave.domain.policy import Policy
from tileweave.snapshots import formats, geojson, ndjson
from tileweave.snapshots.parts import Header, Snapshot, line
from tileweave.usecases import export as exporting
from tileweave.usecases import restore as restoring
from tileweave.usecases.export import Part
from tileweave.usecases.ports import Aoi, Services
from tileweave.web.access import caller_of
from tileweave.web.answers import GEOJSON, as_json, choice_of, json_of
from tileweave.web.bulk import NDJSON
from tileweave.web.lists import begun
from tileweave.web.paging import limit_of, links, place_of_cursor
from tileweave.web.settings import changed, given_settings, settings_json
from tileweave.web.snapshot_feature import snapshot_feature
from tileweave.web.snapshot_file import file_of
from tileweave.web.snapshot_input import origin, read_snapshot_scene

TILES_AT_ONCE = 5_000
"""Tiles of a part that is read for a file."""

MOST_NAMED = 1_000
"""Scenes that a request asks for by their names."""


def page(services: Services, request: Request, aoi: str) -> Response:
    """Answer a part of a snapshot, or the scenes that are asked for, as they are now."""
    found = _aoi(services, aoi)
    names = request.args.getlist("scene")
    if len(names) > MOST_NAMED:
        raise BadRequest(f"The parameter scene is there {len(names)} times: at most {MOST_NAMED}.")
    limit, cursor = limit_of(request), request.args.get("cursor")
    after = None if cursor is None else place_of_cursor(cursor)
    if names:
        part = Part(exporting.some(services, aoi, names), None)
    else:
        part = exporting.page(services, aoi, after, limit)
    header = _header(services, found, settings=cursor is None and not names)
    return Response(_collection(request, header, part), mimetype=GEOJSON)


def export(services: Services, request: Request, aoi: str) -> Response:
    """Write a snapshot to a place of the list; answers what was written."""
    found, file = _aoi(services, aoi), file_of(json_of(request))
    services.places.check(file.href)  # before all of the AOI is read
    form, header = file.form, _header(services, found, settings=True)
    scenes = exporting.whole(services, aoi, TILES_AT_ONCE)
    with tempfile.TemporaryFile() as content:
        totals = formats.write(form, content, header, map(snapshot_feature, scenes))
        size = content.tell()
        content.seek(0)
        services.places.write(file.href, content, formats.MEDIA_TYPES[form])
    counts = {"scenes": totals.scenes, "tiles": totals.tiles, "bytes": size}
    return as_json({"href": file.href, "format": form, **counts})


def restore(services: Services, request: Request, aoi: str) -> Response:
    """Restore a snapshot, or a part of one, to an AOI, which is made if it is not there."""
    checked_aoi_name(aoi)
    if request.mimetype in NDJSON:
        return _restored(services, request, aoi, ndjson.read(BytesIO(request.get_data())))
    body = json_of(request)
    if not (isinstance(body, dict) and "href" in body):
        return _restored(services, request, aoi, geojson.of_collection(body))
    file = file_of(body)
    form = file.form
    with services.places.open(file.href) as content:
        snapshot = formats.read(form, content)
        _prepare(services, request, aoi, snapshot.header)
        scenes = _scenes(request, aoi, snapshot)
        return _answer(restoring.restore_all(services, aoi, scenes))


def _restored(services: Services, request: Request, aoi: str, snapshot: Snapshot) -> Response:
    """Restore what came with the request: all of it or nothing."""
    scenes = list(_scenes(request, aoi, snapshot))
    _prepare(services, request, aoi, snapshot.header)
    return _answer(restoring.restore(services, aoi, scenes))


def _answer(restored: restoring.Restored) -> Response:
    counts = {"restored": restored.scenes, "known": restored.known, "tiles": restored.tiles}
    return as_json(counts)


def _scenes(request: Request, aoi: str, snapshot: Snapshot) -> Iterator[NewScene]:
    """Return the scenes of a snapshot; raises Invalid for the first that is wrong."""
    caller = caller_of(request)
    by = origin(snapshot.header.aoi, snapshot.header.taken_at, caller.name if caller else "")
    seen: set[str] = set()
    for number, feature in enumerate(snapshot.scenes):
        try:
            yield _once(read_snapshot_scene(aoi, feature, by), seen)
        except Invalid as error:
            where = f"features.{number}"
            wrong = (Problem(f"{where}.{each.path}", each.message) for each in error.problems)
            raise Invalid(tuple(wrong)) from error


def _once(scene: NewScene, seen: set[str]) -> NewScene:
    if scene.source_id in seen:
        said = f"{scene.source_id} is in the snapshot already"
        raise Invalid((Problem("properties.source_id", said),))
    seen.add(scene.source_id)
    return scene


def _prepare(services: Services, request: Request, aoi: str, header: Header) -> None:
    """Have the AOI be there, with the settings of the first one unless they are not wanted."""
    wanted = choice_of(request, "settings", ("true", "false"), "true") == "true"
    settings = header.settings if wanted else None
    policy = None if settings is None else _policy(services, settings)
    restoring.prepare(services, aoi, policy)


def _policy(services: Services, settings: Json) -> Policy:
    try:
        return changed(given_settings(settings, services.queues), Policy())
    except Invalid as error:
        wrong = (Problem(f"snapshot.settings.{e.path}", e.message) for e in error.problems)
        raise Invalid(tuple(wrong)) from error


def _aoi(services: Services, aoi: str) -> Aoi:
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    return found


def _header(services: Services, aoi: Aoi, *, settings: bool) -> Header:
    kept = settings_json(aoi.policy) if settings else None
    return Header(aoi=aoi.name, taken_at=services.now(), settings=kept)


def _collection(request: Request, header: Header, part: Part) -> Iterator[bytes]:
    scenes = begun(part.scenes)
    about = line(header.model_dump(mode="json", exclude_none=True))

    def text() -> Iterator[bytes]:
        yield b'{"type":"FeatureCollection","snapshot":' + about + b',"features":['
        yield from _separated(map(snapshot_feature, scenes))
        yield b'],"links":' + line(links(request, part.end)) + b"}"

    return text()


def _separated(features: Iterable[Json]) -> Iterator[bytes]:
    for number, each in enumerate(features):
        yield (b"," if number else b"") + line(each)

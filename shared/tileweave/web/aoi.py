"""Calls on AOIs: create, delete, add scenes, overview, lists, graph, retry.

What only some calls need is imported by them: shapely and pydantic take as long as all the rest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Invalid, NotFound
from tileweave.domain.identity import AOI_NAME
from tileweave.domain.ingestion import INGESTION, NewScene
from tileweave.usecases import watch
from tileweave.usecases.ports import Services
from tileweave.web import lists
from tileweave.web.answers import as_json, as_text, choice_of, json_of, no_content
from tileweave.web.causes import cause_of
from tileweave.web.limits import TILES_OF
from tileweave.web.overview import overview_json, overview_text
from tileweave.web.routing import Endpoint, Route


def create(services: Services, request: Request, aoi: str) -> Response:
    """Create an AOI; answers its overview."""
    return _overview(request, watch.create_aoi(services, aoi))


def overview(services: Services, request: Request, aoi: str) -> Response:
    """Answer the totals of an AOI, as JSON or as text."""
    return _overview(request, watch.overview(services, aoi))


def add_scene(services: Services, request: Request, aoi: str) -> Response:
    """Add a scene and its tiles; answers the scene's id."""
    from tileweave.usecases import add_scene as adding
    from tileweave.usecases.link_scene import link_scene
    from tileweave.web import bulk, linked
    from tileweave.web.defaults import defaults_of
    from tileweave.web.scene_input import read_scene

    if linked.is_dry_run(request):
        return bulk.foresee_scene(services, request, aoi)
    automatic, defaults = linked.is_automatic(request), defaults_of(request)
    add = link_scene if automatic else adding.add_scene
    new = replace(
        read_scene(aoi, json_of(request), defaults), by=cause_of(request, INGESTION.actor)
    )
    if choice_of(request, "tiles", TILES_OF, TILES_OF[0]) == "annotations":
        new = _annotated(services, aoi, new)
    return as_json({"id": add(services, aoi, linked.whole(new, defaults, automatic=automatic))})


def _annotated(services: Services, aoi: str, new: NewScene) -> NewScene:
    """Return a scene with the tiles of its product, if it has none. Raises Invalid."""
    from tileweave.usecases.annotations import annotated

    found = annotated(services, aoi, [new])
    for problems in found.refused.values():
        raise Invalid(problems)
    return found.scenes[0]


def add_scenes(services: Services, request: Request, aoi: str) -> Response:
    """Add many scenes; answers what became of each, in the order of the request."""
    from tileweave.web import bulk

    return bulk.add_scenes(services, request, aoi)


def snapshot_page(services: Services, request: Request, aoi: str) -> Response:
    """Answer a part of a snapshot."""
    from tileweave.web import snapshots

    return snapshots.page(services, request, aoi)


def export(services: Services, request: Request, aoi: str) -> Response:
    """Write a snapshot to a place; answers what was written."""
    from tileweave.web import snapshots

    return snapshots.export(services, request, aoi)


def restore(services: Services, request: Request, aoi: str) -> Response:
    """Restore a snapshot to an AOI; answers how much of it."""
    from tileweave.web import snapshots

    return snapshots.restore(services, request, aoi)


def delete(services: Services, request: Request, aoi: str) -> Response:
    """Delete an AOI with its scenes and tiles, for good."""
    from tileweave.usecases import operate

    operate.delete_aoi(services, aoi, cause_of(request))
    return no_content()


def retry(services: Services, request: Request, aoi: str, *, force: bool = False) -> Response:
    """Retry the scenes and tiles of an AOI; answers how many, or 204 for none."""
    from tileweave.usecases import operate

    retried = operate.retry_aoi(services, aoi, cause_of(request), force=force)
    if not (retried.scenes or retried.tiles):
        return no_content()
    return as_json({"Scenes": retried.scenes, "Tiles": retried.tiles})


def show_settings(services: Services, request: Request, aoi: str) -> Response:
    """Answer the settings of an AOI."""
    from tileweave.web import settings

    return settings.show(services, request, aoi)


def change_settings(services: Services, request: Request, aoi: str) -> Response:
    """Change the settings that are given; answers all of them."""
    from tileweave.web import settings

    return settings.change(services, request, aoi)


def dot(services: Services, request: Request, aoi: str) -> Response:
    """Answer the graph of an AOI, or a part of it, in DOT or rendered by Graphviz."""
    from tileweave.web import graph

    return graph.dot(services, request, aoi)


def _named(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint for names that an AOI can have: no store is asked for any other.

    That an AOI is not there is told before anything that is wrong with the request.
    """

    def answer(services: Services, request: Request, aoi: str, **more: str) -> Response:
        if not AOI_NAME.fullmatch(aoi):
            raise NotFound("AOI", aoi)
        try:
            return endpoint(services, request, aoi, **more)
        except (Invalid, HTTPException):
            watch.check_aoi(services, aoi)
            raise

    return answer


def overview_or_list(services: Services, request: Request, aoi: str) -> Response:
    """Answer the overview of an AOI, or for a pattern of names the AOIs that match."""
    if re.search(r"[*?]", aoi):
        return lists.aois(services, request, aoi)
    return _named(overview)(services, request, aoi)


def _overview(request: Request, found: watch.Overview) -> Response:
    wanted = request.accept_mimetypes.best_match(
        ["application/json", "text/plain"], "application/json"
    )
    if wanted == "text/plain":
        return as_text(overview_text(found))
    return as_json(overview_json(found))


ROUTES = (
    Route("POST", "/aoi/<aoi>", create),
    Route("GET", "/aoi", lists.aois),
    Route("GET", "/aoi/", lists.aois),
    Route("GET", "/aoi/<aoi>", overview_or_list),
    Route("DELETE", "/aoi/<aoi>", _named(delete)),
    Route("POST", "/aoi/<aoi>/scene", _named(add_scene)),
    Route("POST", "/aoi/<aoi>/scenes", _named(add_scenes)),
    Route("GET", "/aoi/<aoi>/scenes", _named(lists.scenes)),
    Route("GET", "/aoi/<aoi>/scenes/<status>", _named(lists.scenes)),
    Route("GET", "/aoi/<aoi>/tiles", _named(lists.tiles)),
    Route("GET", "/aoi/<aoi>/tiles/<status>", _named(lists.tiles)),
    Route("GET", "/aoi/<aoi>/roottiles", _named(lists.roots)),
    Route("GET", "/aoi/<aoi>/leaftiles", _named(lists.leaves)),
    Route("GET", "/aoi/<aoi>/settings", _named(show_settings)),
    Route("PUT", "/aoi/<aoi>/settings", _named(change_settings)),
    Route("PUT", "/aoi/<aoi>/retry", _named(retry)),
    Route("PUT", "/aoi/<aoi>/retry/force", _named(partial(retry, force=True))),
    Route("GET", "/aoi/<aoi>/dot", _named(dot)),
    Route("GET", "/aoi/<aoi>/export", _named(snapshot_page)),
    Route("POST", "/aoi/<aoi>/export", _named(export)),
    Route("POST", "/aoi/<aoi>/restore", restore),
)

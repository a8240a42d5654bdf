"""Many scenes in one request: a FeatureCollection, a list, or one scene a line (NDJSON).

The Features of a collection may be STAC Items; a single Item is a collection of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from tileweave.domain import batches
from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json
from tileweave.usecases import watch
from tileweave.usecases.add_scenes import Fate, Outcome
from tileweave.usecases.annotations import annotated
from tileweave.usecases.ports import Services
from tileweave.web import linked as adding
from tileweave.web.answers import as_json, choice_of, json_of
from tileweave.web.defaults import Defaults, defaults_of
from tileweave.web.footprint import refuse_other_crs
from tileweave.web.limits import MOST_TILES, TILES_OF
from tileweave.web.naming import is_item, name_of, named_by, tiles_of
from tileweave.web.scene_files import LINES, names_a_file, scenes_of_file
from tileweave.web.scene_files import MOST_SCENES as MOST_OF_A_FILE
from tileweave.web.scene_input import read_scene
from tileweave.web.scene_request import is_a
from tileweave.web.wrong_fields import Problems

NDJSON = LINES

MOST_SCENES = 10_000
"""Scenes of one request."""


def add_scenes(services: Services, request: Request, aoi: str) -> Response:
    """Add many scenes; answers what became of each, in the order of the request."""
    return _taken(services, request, aoi, _bodies(services, request, aoi))


def foresee_scene(services: Services, request: Request, aoi: str) -> Response:
    """Answer what would become of one scene. Raises Invalid, of what cannot be read."""
    body = json_of(request)
    read_scene(aoi, body, defaults_of(request))
    return _taken(services, request, aoi, iter([body]))


def _taken(services: Services, request: Request, aoi: str, bodies: Iterable[Any]) -> Response:
    read = _Reader(aoi, defaults_of(request), whole=adding.is_automatic(request))
    for body in bodies:
        read.take(body)
    if choice_of(request, "tiles", TILES_OF, TILES_OF[0]) == "annotations":
        read.fill(services)
    refused = read.refused, read.refused_tiles
    added, more = adding.added(services, request, aoi, read.read, refused)
    outcomes = read.outcomes(added)
    counts = Counter(each.fate for each in outcomes)
    totals = {fate.value: counts[fate] for fate in Fate}
    return as_json({**totals, "scenes": [_json_of(each) for each in outcomes], **more})


class _Reader:
    """Reads scenes one by one: those that can be added, why others cannot, and their order."""

    def __init__(self, aoi: str, defaults: Defaults, *, whole: bool) -> None:
        self.scenes: dict[str, NewScene] = {}
        self.refused: dict[str, set[str]] = {}
        """Scenes that cannot be added, with those that they name: of one chain with them."""
        self.refused_tiles: dict[str, set[str]] = {}
        """The same scenes, with the source ids of their tiles."""
        self._aoi = aoi
        self._defaults = defaults
        self._whole = whole
        """Whether a scene without tiles is one."""
        self._places: list[str | Outcome] = []

    def take(self, body: Any) -> None:  # noqa: ANN401 - JSON
        """Read one scene, or another part of one."""
        try:
            scene = read_scene(self._aoi, body, self._defaults)
        except Invalid as error:
            name = name_of(body)
            self.refused.setdefault(name, set()).update(named_by(body) - {name})
            self.refused_tiles.setdefault(name, set()).update(tiles_of(body))
            self._refuse(name, error.problems)
            return
        name, first = scene.source_id, self.scenes.get(scene.source_id)
        whole = scene if first is None else batches.joined(first, scene)
        if whole is None:
            self._refuse(name, (Problem("source_id", f"{name} is in the request already"),))
        elif len(whole.tiles) > MOST_TILES:
            self._refuse(name, (Problem("tiles", f"a scene has at most {MOST_TILES} tiles"),))
            self.refused.setdefault(name, set()).update(whole.named)
            self.refused_tiles[name] = {tile.source_id for tile in whole.tiles}
        else:
            self.scenes[name] = whole
            self._places.append(name)

    def fill(self, services: Services) -> None:
        """Give scenes without tiles those of their products; refuse those that have none."""
        found = annotated(services, self._aoi, list(self.scenes.values()))
        self.scenes = {each.source_id: each for each in found.scenes}
        self.refused |= {name: set() for name in found.refused}
        told = {
            name: Outcome(name, Fate.REFUSED, None, problems)
            for name, problems in found.refused.items()
        }
        self._places = [
            told.get(each, each) if isinstance(each, str) else each for each in self._places
        ]

    @property
    def read(self) -> list[NewScene]:
        """The scenes that can be added, with the tiles that links need."""
        scenes = self.scenes.values()
        return [adding.whole(each, self._defaults, automatic=self._whole) for each in scenes]

    def outcomes(self, added: Iterable[Outcome]) -> list[Outcome]:
        """Return what became of each scene of the request, in its order."""
        by_name = {each.source_id: self._noted(each) for each in added}
        return [by_name[each] if isinstance(each, str) else each for each in self._places]

    def _noted(self, outcome: Outcome) -> Outcome:
        """Tell of a scene that was added without tiles, as lists of scenes show it, if it has some.

        Nobody can add them later.
        """
        scene = self.scenes[outcome.source_id]
        named = scene.data.get("tiles")
        if outcome.fate is not Fate.ADDED or scene.tiles or not named or self._whole:
            return outcome
        said = (
            f"it was added without tiles; its data names {len(named)}, but its Tiles are not here"
        )
        return replace(outcome, problems=(Problem("tiles", said),))

    def _refuse(self, name: str, problems: tuple[Problem, ...]) -> None:
        self._places.append(Outcome(name, Fate.REFUSED, None, problems))


def _bodies(services: Services, request: Request, aoi: str) -> Iterator[Any]:
    """Return the JSON of each scene of a request, or of the file that it names."""
    if request.mimetype in NDJSON:
        return up_to(MOST_SCENES, _lines(request))
    body, path = json_of(request), "body"
    if is_item(body):
        return iter([body])
    if names_a_file(body):
        watch.check_aoi(services, aoi)  # before any place is asked
        return up_to(MOST_OF_A_FILE, scenes_of_file(services.places, body))
    if is_a("FeatureCollection", body):
        problems = Problems()
        refuse_other_crs(body, "crs", problems)
        problems.check()
        body, path = body.get("features"), "features"
    if not isinstance(body, list):
        said = "must be a FeatureCollection's list of Features, a STAC Item, or a list of scenes"
        raise Invalid((Problem(path, said),))
    return up_to(MOST_SCENES, iter(body))


def up_to(most: int, bodies: Iterator[Any]) -> Iterator[Any]:
    """Return them, if there are no more than that. Raises RequestEntityTooLarge."""
    for number, body in enumerate(bodies):
        if number == most:
            raise RequestEntityTooLarge(f"The request has more than {most} scenes.")
        yield body


def _lines(request: Request) -> Iterator[Any]:
    """Return the JSON of each line, by the same rules as that of a whole request."""
    for number, line in enumerate(request.get_data().splitlines(), 1):
        if line.strip():
            try:
                yield json_of(Request.from_values(data=line))
            except BadRequest as error:
                raise BadRequest(f"Line {number}: {error.description}") from error
            except Invalid as error:
                wrong = (Problem(f"{number}.{each.path}", each.message) for each in error.problems)
                raise Invalid(tuple(wrong)) from error


def _json_of(outcome: Outcome) -> Json:
    body: Json = {"source_id": outcome.source_id, "outcome": outcome.fate, "id": outcome.id}
    if outcome.problems:
        body["errors"] = [{"path": each.path, "message": each.message} for each in outcome.problems]
    return body

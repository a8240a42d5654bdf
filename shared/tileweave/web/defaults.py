"""What a request says for all its scenes at once, where they do not say it themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from tileweave.domain.ingestion import NewScene, NewTile
from tileweave.domain.model import Json
from tileweave.web.answers import flag_of
from tileweave.web.paging import number_of
from tileweave.web.scene_request import MOST_RETRIES

MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values of keys that a scene, or one of its tiles, leaves out."""

    graph_name: str = ""
    tile_graph_name: str = ""
    retry_count: int = 0
    is_retriable: bool | None = None

    def completed(self, new: NewScene) -> NewScene:
        """Return a scene with what it and its tiles leave out; twice is as once."""
        data = self._of(new.data, self.graph_name)
        return replace(new, data=data, tiles=tuple(map(self._tile, new.tiles)))

    def _tile(self, tile: NewTile) -> NewTile:
        data = self._of(tile.data, self.tile_graph_name)
        return tile if data is tile.data else replace(tile, data=data)

    def _of(self, data: Json, graph_name: str) -> Json:
        missing: Json = {}
        if graph_name and not data.get("graph_name"):
            missing["graph_name"] = graph_name
        if self.is_retriable is not None and data.get("is_retriable") is None:
            missing["is_retriable"] = self.is_retriable
        return {**data, **missing} if missing else data


NONE = Defaults()


def defaults_of(request: Request) -> Defaults:
    """Return what the parameters of a request say. Raises BadRequest."""
    said = "is_retriable" in request.args
    return Defaults(
        graph_name=_name(request, "graph_name"),
        tile_graph_name=_name(request, "tile_graph_name"),
        retry_count=number_of(request, "retry_count", 0, 0, MOST_RETRIES),
        is_retriable=flag_of(request, "is_retriable") if said else None,
    )


def _name(request: Request, parameter: str) -> str:
    value = request.args.get(parameter, "")
    if len(value) > MOST_CHARACTERS:
        said = f"has {len(value)} characters, more than {MOST_CHARACTERS}"
        raise BadRequest(f"The parameter {parameter} {said}.")
    return value

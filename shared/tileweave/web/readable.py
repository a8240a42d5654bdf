"""A request as its model; of one that is wrong, what is right of it, so that all is looked at."""

from __future__ import annotations

from itertools import takewhile
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tileweave.domain.errors import Invalid
from tileweave.domain.model import Json
from tileweave.web.scene_request import FeatureProperties, LinkIn, SceneRequest, TileIn, is_feature
from tileweave.web.wrong_fields import (
    Path,
    Problems,
    in_words,
    joined,
    spellings,
    value_at,
    without,
)

ModelT = TypeVar("ModelT", bound=BaseModel)

_REQUIRED: Json = {"source_id": "?", "aoi": "", "data": {"date": "2022-01-11T17:01:24Z"}}
"""What stands for what is missing or wrong, while the rest is looked at."""


def readable(model: type[ModelT], body: Any, problems: Problems) -> ModelT:  # noqa: ANN401
    """Return the model of a body; fields that are wrong are noted, and left out of it.

    Raises Invalid if nothing can be read of the rest.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        wrong = [
            (each["type"], _sent(each["loc"]), each["msg"])
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    for kind, path, message in wrong:
        problems.add(*_said(kind, path, message, body))
    problems.settle()
    rest = _completed(without(body, {_field(path) for _, path, _ in wrong}))
    try:
        return model.model_validate(rest)
    except ValidationError as error:
        raise Invalid(tuple(problems.found)) from error


def _sent(loc: Path) -> Path:
    """Return where a field was sent: pydantic adds the form that `tiles` has."""
    place = 1 + _depth(loc)
    return loc[:place] + loc[place + 1 :] if loc[place - 1 : place] in _TILES else loc


_TILES = (("tiles",), ("Tiles",))


def _depth(path: Path) -> int:
    """Return how deep the scene is that a path leads into: a Feature's is in its properties."""
    return 1 if path[:1] == ("properties",) else 0


def _field(path: Path) -> Path:
    """Return the path of the whole field of the scene, or of one of its tiles, that is wrong."""
    depth = _depth(path)
    return path[: depth + (3 if path[depth : depth + 1] in _TILES else 1)]


def _said(kind: str, path: Path, message: str, body: object) -> tuple[str, str]:
    """Return the path of a wrong field as text, and what is wrong with it."""
    if kind.startswith("recursion"):
        shown = takewhile(lambda part: part not in ("dict", "list"), path)
        return joined(*shown), "is nested too deep"
    if path[-1:] == ("[key]",) and kind.startswith("string"):
        return joined(*path[:-1]), "is no name: 1 to 500 characters"
    if path == ("properties", "geometry"):
        return joined(*path), "belongs beside the properties of a Feature, not among them"
    if kind == "extra_forbidden" and (other := _other_spelling(path, body)):
        return joined(*path), f"is given twice: also as {other}"
    return joined(*path), in_words(kind, message)


def _other_spelling(path: Path, body: object) -> str | None:
    """Return another key of the same object that is read as the same field."""
    depth = _depth(path)
    scene = FeatureProperties if depth else SceneRequest
    model = {1: scene, 3: TileIn, 4: LinkIn}.get(len(path) - depth)
    sent = value_at(body, path[:-1])
    if model is None or not isinstance(sent, dict):
        return None
    known = (spellings(model, name) for name in model.model_fields)
    others = [each for names in known if path[-1] in names for each in names if each in sent]
    return next((each for each in others if each != path[-1]), None)


def _completed(body: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a body with something in place of all that it must hold and does not."""
    if is_feature(body):
        return {**body, "properties": _with_required(body.get("properties"))}
    return _with_required(body)


def _with_required(scene: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(scene, dict):
        return scene
    missing = {
        name: value
        for name, value in _REQUIRED.items()
        if not any(each in scene for each in spellings(SceneRequest, name))
    }
    return scene | missing

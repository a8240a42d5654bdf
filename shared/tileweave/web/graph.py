"""The graph of an AOI: which part of it, and in which form."""

from __future__ import annotations

import shutil
import subprocess
import threading
from datetime import UTC, date, datetime, time

from pydantic import ValidationError
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Unavailable
from tileweave.domain.status import Status
from tileweave.usecases import browse
from tileweave.usecases.browse import Part
from tileweave.usecases.ports import Services
from tileweave.web.answers import choice_of, flag_of
from tileweave.web.dot import dot_of
from tileweave.web.lists import begun
from tileweave.web.problems import problem
from tileweave.web.scene_data import Moment

SECONDS = 30
"""How long a graph may take to be drawn."""

MOST_CURVES = 500
"""Edges that are drawn as curves; more of them are straight lines, which take less time."""

_DRAWING = threading.BoundedSemaphore(2)
"""Graphs that a process draws at the same time."""

_RENDERED = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


def dot(services: Services, request: Request, aoi: str) -> Response:
    """Answer the graph of an AOI, or a part of it, in DOT or rendered by Graphviz."""
    form = choice_of(request, "format", ("dot", *_RENDERED), "dot")
    reference = flag_of(request, "reference")
    found = begun(browse.graph(services, aoi, part_of(request)))
    pieces = dot_of(aoi, found, reference=reference)
    if form == "dot":
        return Response(pieces, mimetype="text/vnd.graphviz")
    if shutil.which("dot") is None:
        said = "Graphviz' program dot is not installed here; ask for format=dot and render that."
        return problem(501, said)
    return _rendered("".join(pieces), form)


def _rendered(graph: str, form: str) -> Response:
    """Answer a graph as a picture, or that it is too large, or that others are being drawn."""
    lines = ("-Gsplines=line",) if graph.count(" -> ") > MOST_CURVES else ()
    if not _DRAWING.acquire(timeout=1):
        raise Unavailable("Other graphs are being drawn.")
    try:
        command = ["dot", f"-T{form}", *lines]
        done = subprocess.run(  # noqa: S603 - no shell, and nothing of the request in it
            command, input=graph.encode(), capture_output=True, timeout=SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        said = f"The graph is too large to be drawn within {SECONDS} s: ask for a part of it"
        return problem(413, f"{said} (tile, status, from, to), or for format=dot.")
    finally:
        _DRAWING.release()
    return Response(done.stdout, mimetype=_RENDERED[form])


def part_of(request: Request) -> Part:
    """Return which part of a graph a request asks for; raises BadRequest."""
    tiles = frozenset(request.args.getlist("tile"))
    statuses = frozenset(_status(each) for each in request.args.getlist("status"))
    first, last = _moment(request, "from", time.min), _moment(request, "to", time.max)
    if "" in tiles:
        raise BadRequest("The parameter tile is empty: the source id of a tile.")
    if first and last and first > last:
        raise BadRequest("The parameter from is later than the parameter to.")
    return Part(tiles, statuses, first, last)


def _status(value: str) -> Status:
    if value.upper() not in Status.__members__:
        said = f"The parameter status is {value!r}: one of {', '.join(Status)}."
        raise BadRequest(said)
    return Status(value.upper())


def _moment(request: Request, name: str, of_day: time) -> datetime | None:
    """Return a moment, or of a date its first or last one, in UTC."""
    value = request.args.get(name)
    if value is None:
        return None
    try:
        if len(value) == len("2022-01-11"):
            return datetime.combine(date.fromisoformat(value), of_day, UTC)
        moment: datetime = Moment.validate_python(value)
        return moment
    except (ValueError, ValidationError) as error:
        said = f"The parameter {name} is {value!r}: a date, or a date and time by RFC 3339"
        raise BadRequest(f"{said} (a + is written %2B).") from error

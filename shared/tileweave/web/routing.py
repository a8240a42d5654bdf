"""One HTTP function from a table of routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as WerkzeugNotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tileweave.usecases.ports import Services
from tileweave.web.problems import answer_all_errors, answer_to

MOST_BYTES = 32 * 1024 * 1024
"""What a request may hold: 32 MB, as much as Google Cloud lets through."""

Endpoint = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A call: its method, its path (`/tile/<int:tile_id>`), and who answers.

    The endpoint gets the services, the request, and the path's variables by name.
    """

    method: str
    path: str
    endpoint: Endpoint


def http_function(
    routes: Sequence[Route], services: Callable[[], Services]
) -> Callable[[Request], Response]:
    """Return a function that answers requests by this table, and everything else as a problem."""
    rules = [Rule(each.path, methods=[each.method], endpoint=each.endpoint) for each in routes]
    url_map = Map(rules, redirect_defaults=False, merge_slashes=False, strict_slashes=True)
    answer_all_errors()

    def answer(request: Request) -> Response:
        try:
            _limit_size(request)
            endpoint, variables = _matched(url_map, request)
            response: Response = endpoint(services(), request, **variables)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem
            return answer_to(error)
        return response

    return answer


def _limit_size(request: Request) -> None:
    """Refuse what is too large before anything is done; what comes in chunks is read for that."""
    request.max_content_length = MOST_BYTES + 1
    size = request.content_length
    if (len(request.get_data()) if size is None else size) > MOST_BYTES:
        raise RequestEntityTooLarge(f"The request is larger than {MOST_BYTES} bytes.")


def _matched(url_map: Map, request: Request) -> tuple[Endpoint, Mapping[str, Any]]:
    try:
        return url_map.bind_to_environ(request.environ).match()
    except MethodNotAllowed as error:
        allowed = sorted(error.valid_methods or ())
        said = f"{request.path} takes {', '.join(allowed)}, not {request.method}."
        raise MethodNotAllowed(allowed, said) from error
    except WerkzeugNotFound as error:
        raise WerkzeugNotFound(f"There is nothing at {request.path}.") from error

"""One HTTP function from a table of routes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as WerkzeugNotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Request, Response

from tileweave.usecases.ports import Services
from tileweave.web.access import Access
from tileweave.web.cors import Cors
from tileweave.web.problems import answer_all_errors, answer_to

MOST_BYTES = 32 * 1024 * 1024
"""What a request may hold: 32 MB, as much as Google Cloud lets through."""

Endpoint = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A call: its method, its path (`/tile/<int:tile_id>`), and who answers.

    The endpoint gets the services, the request, and the path's variables by name. A `public`
    call needs no token.
    """

    method: str
    path: str
    endpoint: Endpoint
    public: bool = False


def http_function(
    routes: Sequence[Route],
    services: Callable[[], Services],
    access: Callable[[], Access] = Access,
    cors: Callable[[], Cors] = Cors,
) -> Callable[[Request], Response]:
    """Return a function that answers requests by this table, and everything else as a problem.

    Without `access` anyone may call, without `cors` no page of another origin.
    """
    answer_all_errors(lambda request, response: cors().mark(request, response))
    table = _Table(routes)

    def answer(request: Request) -> Response:
        origins = Cors()
        try:
            origins = cors()
            response = origins.preflight(request, table.methods) or _called(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem
            response = answer_to(error)
        origins.mark(request, response)
        return response

    def _called(request: Request) -> Response:
        if not table.is_public(request):
            access().check(request)
        _limit_size(request)
        endpoint, variables = table.matched(request)
        return endpoint(services(), request, **variables)

    return answer


class _Table:
    """Finds who answers a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        rules = [Rule(each.path, methods=[each.method], endpoint=each.endpoint) for each in routes]
        self._map = Map(rules, redirect_defaults=False, merge_slashes=False, strict_slashes=True)
        self._public = {(each.method, each.path) for each in routes if each.public}

    def is_public(self, request: Request) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        return (method, request.path) in self._public

    def methods(self, request: Request) -> Collection[str]:
        """Return what the path of a request takes. Raises NotFound."""
        found = self._map.bind_to_environ(request.environ).allowed_methods()
        if not found:
            raise _nothing_at(request)
        return list(found)

    def matched(self, request: Request) -> tuple[Endpoint, Mapping[str, Any]]:
        try:
            return self._map.bind_to_environ(request.environ).match()
        except MethodNotAllowed as error:
            allowed = sorted(error.valid_methods or ())
            said = f"{request.path} takes {', '.join(allowed)}, not {request.method}."
            raise MethodNotAllowed(allowed, said) from error
        except (WerkzeugNotFound, RequestRedirect) as error:
            raise _nothing_at(request) from error


def _nothing_at(request: Request) -> WerkzeugNotFound:
    return WerkzeugNotFound(f"There is nothing at {request.path}.")


def _limit_size(request: Request) -> None:
    """Refuse what is too large before anything is done; what comes in chunks is read for that."""
    request.max_content_length = MOST_BYTES + 1
    size = request.content_length
    if (len(request.get_data()) if size is None else size) > MOST_BYTES:
        raise RequestEntityTooLarge(f"The request is larger than {MOST_BYTES} bytes.")

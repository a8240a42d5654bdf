"""One base URL in front of the functions: each request goes to one of them, by its path.

Run by gunicorn, as `tileweave.cli.gateway:gateway(aoi=8101, scene=8102, ...)`.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.wrappers import Request, Response

from tileweave import compose
from tileweave.web.problems import problem
from tileweave.web.routing import MOST_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BY_PATH = ("aoi", "scene", "tile", "rejected")
OTHERWISE = "dashboard"

CHUNK = 1024 * 1024

SECONDS = 300
"""How long a function may take: a large graph takes Graphviz minutes to render."""


def function_for(path: str) -> str:
    """Return the name of the function that answers on a path."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in BY_PATH else OTHERWISE


def gateway(**ports: int) -> WSGIApplication:
    """Return the application that hands requests on to functions, by the port of each."""
    proxy = ProxyMiddleware(Response(status=404), {}, timeout=SECONDS)
    targets = {name: _target(port) for name, port in ports.items()}

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Any:  # noqa: ANN401
        path = _take_verbatim(environ)
        if _is_too_large(environ):
            refusal = _own(environ, 413, f"The request is larger than {MOST_BYTES} bytes.")
            return refusal(environ, start_response)
        name = function_for(path)
        forward = proxy.proxy_to(targets[name], path, "/")
        return _answered(name, forward, environ)(environ, start_response)

    return answer


def _is_too_large(environ: WSGIEnvironment) -> bool:
    """Whether the request is, as Google's front end tells; it is read to its end first.

    A function that refuses it stops reading, which the proxy takes for a function that ended.
    """
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if size <= MOST_BYTES:
        return False
    while environ["wsgi.input"].read(CHUNK):
        pass
    return True


def _target(port: int) -> dict[str, Any]:
    return {
        "target": f"http://127.0.0.1:{port}",
        "remove_prefix": False,
        "host": None,  # as the client wrote it: links in answers lead back here
        "headers": {},
        "ssl_context": None,
    }


def _answered(name: str, forward: WSGIApplication, environ: WSGIEnvironment) -> Response:
    try:
        response = Response.from_app(forward, environ)
    except HTTPException:  # it ended in the middle of its answer's head
        return _unreachable(environ, name)
    if response.status_code < HTTPStatus.BAD_REQUEST or response.mimetype != "text/html":
        return response
    # An error in HTML is never Tileweave's own: 502 is the proxy's, others are the server's.
    response.close()
    if response.status_code == HTTPStatus.BAD_GATEWAY:
        return _unreachable(environ, name)
    said = f"The function {name} could not answer; see its log."
    return _own(environ, response.status_code, said)


def _unreachable(environ: WSGIEnvironment, name: str) -> Response:
    said = f"The function {name} does not answer; it is started again if it ended."
    return _own(environ, 503, said)


def _own(environ: WSGIEnvironment, status: int, said: str) -> Response:
    """Return a problem of the gateway's own, which pages of the configured origins may read."""
    answer = problem(status, said)
    with suppress(ValueError):  # what is configured is no origin: the functions tell
        compose.cors().mark(Request(environ), answer)
    return answer


def _take_verbatim(environ: WSGIEnvironment) -> str:
    """Return the path as it was sent, and make the body one of a known length.

    A decoded path would be encoded another way; and the proxy cannot send chunks on.
    """
    environ.setdefault("HTTP_HOST", "127.0.0.1")
    if "CONTENT_LENGTH" not in environ and environ.get("wsgi.input_terminated"):
        body = Request(environ).get_data()
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    raw: str = environ.get("RAW_URI", "")
    path: str = raw.partition("?")[0] if raw.startswith("/") else environ["PATH_INFO"]
    return path

"""Browsers' calls from pages of other origins: allowed for those that are configured.

The protocol is https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?")

PREFLIGHT = {
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}
EXPOSED = "Allow, Retry-After, WWW-Authenticate"

Methods = Callable[[Request], Collection[str]]


@dataclass(frozen=True, slots=True)
class Cors:
    """Answers pages of these origins; to those of any other nothing is said."""

    origins: frozenset[str] = frozenset()

    def preflight(self, request: Request, methods: Methods) -> Response | None:
        """Return the answer to a preflight, which says what its path takes; None if it is none."""
        asked = "Access-Control-Request-Method" in request.headers
        if request.method != "OPTIONS" or not asked or not self._knows(request):
            return None
        allowed = ", ".join(sorted(methods(request)))
        return Response(status=204, headers={**PREFLIGHT, "Access-Control-Allow-Methods": allowed})

    def mark(self, request: Request, answer: Response) -> None:
        """Let the page that asked read the answer, and caches keep it for its origin only."""
        if self.origins:
            answer.vary.add("Origin")
        if self._knows(request):
            answer.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            answer.headers["Access-Control-Expose-Headers"] = EXPOSED

    def _knows(self, request: Request) -> bool:
        return request.headers.get("Origin") in self.origins


def cors_of(text: str) -> Cors:
    """Return what a comma-separated list of origins allows. Raises ValueError."""
    origins = [each.strip().rstrip("/").lower() for each in text.split(",") if each.strip()]
    for each in origins:
        if not ORIGIN.fullmatch(each):
            raise ValueError(f"{each!r} is not an origin such as https://maps.example.org")
    return Cors(frozenset(origins))

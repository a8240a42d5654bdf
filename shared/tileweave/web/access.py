"""Who may call: bearer tokens of viewers, who read, and of operators, who also write."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Request

from tileweave.domain.model import ACTORS

READING = frozenset({"GET", "HEAD", "OPTIONS"})

CALLER = "tileweave.caller"
"""Where a request's environ holds the Caller; not there when no tokens are configured."""

_ENTRY = re.compile(r"(?:(?P<name>[\w.@-]+):)?(?P<token>[\w.~+/-]+=*)", re.ASCII)
"""A token as RFC 6750 allows it, perhaps with the name of its owner before it."""


class Role(StrEnum):
    """What a token allows."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token a request bears; an owner without a name is called as the role."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is accepted, of which only the digest is kept."""

    caller: Caller
    digest: bytes


class Access:
    """Lets requests pass that bear one of these tokens; without tokens, every request."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = sorted(tokens, key=lambda each: each.caller.role is not Role.OPERATOR)

    def check(self, request: Request) -> None:
        """Note who calls in the request's environ. Raises Unauthorized, Forbidden."""
        if not self._tokens:
            return
        caller = self._caller(request)
        if caller.role is Role.VIEWER and request.method not in READING:
            raise Forbidden(f"A viewer's token reads; {request.method} needs an operator's.")
        request.environ[CALLER] = caller

    def _caller(self, request: Request) -> Caller:
        given = request.authorization
        if given is None or given.type != "bearer" or not given.token:
            raise _unauthorized("This call needs a token: Authorization: Bearer ...")
        digest = _digest(given.token)
        matching = [each for each in self._tokens if hmac.compare_digest(each.digest, digest)]
        if not matching:
            raise _unauthorized("The token is not known here.", error="invalid_token")
        return matching[0].caller


def caller_of(request: Request) -> Caller | None:
    """Return whose token a request bears, None where no tokens are configured."""
    found: Caller | None = request.environ.get(CALLER)
    return found


def tokens_of(role: Role, text: str) -> Iterator[Token]:
    """Return the tokens of a text: `token` or `name:token`, separated by commas or lines.

    Raises ValueError, which holds nothing of the text: a text without any token as well, so that
    a secret that came out blank does not open the service.
    """
    entries = [each.strip() for each in re.split(r"[,\n]", text)] if text else []
    if text and not any(entries):
        raise ValueError(f"there is no token among the {role} tokens")
    for number, entry in enumerate(filter(None, entries), 1):
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError(f"{role} token {number} is neither `token` nor `name:token`")
        if found["name"] in ACTORS:
            raise ValueError(
                f"{role} token {number} is called {found['name']}: choose another name"
            )
        yield Token(Caller(found["name"] or role, role), _digest(found["token"]))


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()


class _Challenge(WWWAuthenticate):
    """Quotes every parameter: a realm is always quoted (RFC 9110, 11.5)."""

    def to_header(self) -> str:
        quoted = (f'{name}="{value}"' for name, value in self.parameters.items())
        return f"Bearer {', '.join(quoted)}"


def _unauthorized(said: str, **more: str | None) -> Unauthorized:
    challenge = _Challenge("bearer", {"realm": "tileweave", **more})
    return Unauthorized(said, www_authenticate=challenge)

"""Requests over HTTPS: within limits of time, and to no other address than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO
from urllib.parse import urljoin

import requests
from requests import Response
from urllib3.exceptions import HTTPError

from tileweave.adapters.places.addresses import Address, file_at
from tileweave.adapters.places.patience import PATIENCE, BrokenOff, again
from tileweave.domain.errors import NothingThere, PlaceRefused

MOST_REDIRECTS = 5

REDIRECTS = (301, 302, 303, 307, 308)
NOT_FOUND = (404, 410)
FORBIDDEN = (401, 403, 407)
TOO_BUSY = (408, 425, 429)
SERVER_ERRORS, ERRORS = 500, 400


class Calls:
    """Requests of one session each; `follow`: redirects are followed, to HTTPS only."""

    def __init__(self, *, follow: bool) -> None:
        self._follow = follow

    @contextmanager
    def get(self, address: Address, start: int, stop: int) -> Iterator[Response]:
        """Ask for a range of bytes; the answer is read in the block."""
        ranged = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        with (
            told(str(address)),
            requests.Session() as session,
            closing(self._sent(session, "GET", address, headers=ranged)) as answer,
        ):
            yield answer

    def put(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Send a file from where it stands to its end."""
        start = content.tell() if content.seekable() else None
        headers = {"Content-Type": media_type}

        def once() -> None:
            if start is not None:
                content.seek(start)
            with (
                told(str(address)),
                requests.Session() as session,
                closing(self._sent(session, "PUT", address, content, headers)) as answer,
            ):
                check(answer, str(address))

        again(once) if start is not None else once()

    def _sent(
        self,
        session: requests.Session,
        method: str,
        address: Address,
        content: BinaryIO | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        start = content.tell() if content and content.seekable() else 0
        for _ in range(MOST_REDIRECTS + 1):
            answer = session.request(
                method,
                address.url,
                data=content,
                headers=headers,
                timeout=PATIENCE,
                stream=True,
                allow_redirects=False,
            )
            if answer.status_code not in REDIRECTS:
                return answer
            answer.close()
            address = self._next(address, answer)
            if content:
                content.seek(start)
        raise PlaceRefused(str(address), f"it redirects more than {MOST_REDIRECTS} times.")

    def _next(self, address: Address, answer: Response) -> Address:
        """Return where a redirect leads. Raises PlaceRefused where none is followed."""
        target = urljoin(address.url, answer.headers.get("Location", ""))
        shown = target.partition("?")[0]  # what follows may be a signature
        if not self._follow:
            said = f"it redirects to {shown}, and redirects are not followed: name that address."
            raise PlaceRefused(str(address), said)
        if not target.startswith("https://") and address.scheme == "https":
            raise PlaceRefused(str(address), f"it redirects to {shown}, which is not HTTPS.")
        return file_at(target, queries=True)


def check(answer: Response, href: str) -> None:
    """Raise what an answer says of a file, if it is not that all is well."""
    status = answer.status_code
    if status in NOT_FOUND:
        raise NothingThere(href)
    if status in FORBIDDEN:
        raise PlaceRefused(href, f"its server forbids it ({status}).")
    if status in TOO_BUSY or status >= SERVER_ERRORS:
        raise BrokenOff(f"{href}: its server does not answer now ({status}).")
    if status >= ERRORS:
        raise PlaceRefused(href, f"its server refuses it ({status}).")


@contextmanager
def told(href: str) -> Iterator[None]:
    """Raise what requests says as an error of places."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise PlaceRefused(href, f"its server cannot be trusted: {error}.") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise PlaceRefused(href, f"{error}.") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise BrokenOff(f"{href}: {error}.") from error

"""Waiting until what was started answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import httpx
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tileweave.cli.errors import CommandError

POLL_SECONDS = 0.05


def client(base_url: str = "", seconds: float = 60) -> httpx.Client:
    """Return an HTTP client for this machine: it asks no proxy of the environment."""
    return httpx.Client(base_url=base_url, trust_env=False, timeout=seconds)


def wait_until_answering(
    urls: Iterable[str], ok: str, seconds: float, check: Callable[[], None]
) -> None:
    """Return when every one of `urls` answers anything, and `ok` answers a success.

    `check` runs before every attempt. Raises CommandError after so many seconds, and whatever
    `check` raises.
    """
    attempts = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(POLL_SECONDS),
        retry=retry_if_exception_type(httpx.HTTPError),
    )
    with client(seconds=5) as http:

        def ask(url: str, *, successfully: bool) -> None:
            check()
            answer = http.get(url)
            if successfully:
                answer.raise_for_status()

        try:
            for url in urls:
                attempts(ask, url, successfully=False)
            attempts(ask, ok, successfully=True)
        except RetryError as error:
            raise CommandError(f"the functions did not answer within {seconds:g} s") from error

"""Waiting for an emulator to answer."""

from collections.abc import Callable

import httpx
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tileweave_emulators.errors import NotReady

_POLL_SECONDS = 0.05


def local_client(timeout: float) -> httpx.Client:
    """Return an HTTP client for emulators: it never asks a proxy of the environment."""
    return httpx.Client(trust_env=False, timeout=timeout)


def wait_until_ready(title: str, host: str, timeout: float, check: Callable[[], None]) -> None:
    """Return when the emulator at `host` answers `GET /`; `check` runs before every attempt.

    Raises:
        NotReady: it did not within `timeout` seconds; or whatever `check` raises.
    """
    attempts = Retrying(
        stop=stop_after_delay(timeout),
        wait=wait_fixed(_POLL_SECONDS),
        retry=retry_if_exception_type((httpx.HTTPError, httpx.InvalidURL)),
    )
    with local_client(timeout=2) as client:
        try:
            attempts(_ask, client, host, check)
        except RetryError as error:
            raise NotReady(
                f"the {title} emulator at {host} did not answer within {timeout:g} s"
            ) from error


def _ask(client: httpx.Client, host: str, check: Callable[[], None]) -> None:
    check()
    client.get(f"http://{host}/").raise_for_status()

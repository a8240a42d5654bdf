"""The service that a command calls: that of `--url`, of TILEWEAVE_URL, or a `tileweave up`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli.errors import NoService

if TYPE_CHECKING:
    from tileweave.client import Client

URL = "TILEWEAVE_URL"

PATIENCE = 5.0
"""Seconds that a call is repeated for while somebody waits for it."""

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        show_default=False,
        help=f"The service; else {URL}, else the `tileweave up` of this user.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Write JSON to standard output, for machines.")
]


def client(url: str | None = None, *, timeout: float = 60, patience: float = PATIENCE) -> Client:
    """Return a client of the service; its token is TILEWEAVE_TOKEN.

    Raises CommandError: nobody says where the service is.
    """
    from tileweave.client import Client

    return Client(address(url), timeout=timeout, patience=patience)


def address(url: str | None = None) -> str:
    """Return the URL of the service. Raises NoService: none is named and none, or several, run."""
    if found := url or os.environ.get(URL):
        return found
    from tileweave.cli import state

    runs = [each.url for each in state.running()]
    if not runs:
        raise NoService(f"no service is named: give --url, set {URL}, or start `tileweave up`")
    if len(runs) > 1:
        raise NoService(f"several `tileweave up` run: choose one by --url ({', '.join(runs)})")
    return runs[0]

"""Where a worker finds Pub/Sub: the environment names it, else a `tileweave up` of this user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tileweave.cli.errors import CommandError

if TYPE_CHECKING:
    from tileweave.cli.state import RunState

NAMING = ("PUBSUB_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT")
"""With one of these set, the environment counts."""


def find_run(environ: Mapping[str, str], port: int | None) -> RunState | None:
    """Return the run to work for; None if it is what the environment names.

    Raises CommandError: there is none, or more than one.
    """
    if port is None and any(environ.get(name) for name in NAMING):
        return None
    from tileweave.cli import state

    runs = [each for each in state.running() if port in (None, each.port)]
    if len(runs) > 1:
        listed = ", ".join(str(each.port) for each in runs)
        raise CommandError(f"several `tileweave up` run: choose one by --port ({listed})")
    if not runs:
        where = f" on port {port}" if port else f", and neither {' nor '.join(NAMING)} is set"
        raise CommandError(f"no `tileweave up` runs{where}")
    return runs[0]


def check(run: RunState | None) -> None:
    """Do nothing while that run runs. Raises CommandError."""
    if run is None:
        return
    from tileweave.cli import state

    if not state.is_running(run):
        raise CommandError(f"the `tileweave up` at {run.url} has ended")

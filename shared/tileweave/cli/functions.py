"""The functions of this repository, each served by functions-framework in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import tileweave
from tileweave.cli.errors import CommandError

NAMES = (
    *("aoi", "scene", "tile", "results", "dependencies", "rejected", "janitor", "dashboard"),
    "collect",
)
ONLY_WITH = {"collect": "TILEWEAVE_RESULTS_QUEUE"}
"""Functions that are served where a variable is set."""

PUSHED = ("results", "dependencies", "rejected")
"""Those that Pub/Sub pushes messages to."""

HOST = "127.0.0.1"


def folder(package: Path = Path(tileweave.__file__)) -> Path:
    """Return the repository's folder of functions, of which `package` is a part.

    Raises CommandError: the package is not installed from a checkout.
    """
    found = package.resolve().parents[2] / "functions"
    missing = [name for name in NAMES if not (found / name / "main.py").is_file()]
    if missing:
        raise CommandError(
            f"{found} has no {missing[0]}/main.py: run this from a checkout of Tileweave's"
            " repository, after `make setup`"
        )
    return found


def wanted(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the functions that are served in this environment."""
    return tuple(each for each in NAMES if each not in ONLY_WITH or environ.get(ONLY_WITH[each]))


def command(source: Path, name: str, port: int) -> list[str]:
    """Return the command line that serves a function."""
    module = [sys.executable, "-m", "functions_framework"]
    served = ["--target", name, "--source", str(source / name / "main.py")]
    return [*module, *served, "--host", HOST, "--port", str(port)]


def gateway_command(port: int, ports: Mapping[str, int]) -> list[str]:
    """Return the command line that serves the gateway in front of the functions."""
    given = ", ".join(f"{name}={number}" for name, number in ports.items())
    worker = "tileweave.cli.gateway_worker.ProblemWorker"
    module = [sys.executable, "-m", "gunicorn", "--worker-class", worker, "--threads", "32"]
    limits = ["--limit-request-line", "0", "--log-level", "warning"]
    served = f"tileweave.cli.gateway:gateway({given})"
    return [*module, *limits, "--bind", f"{HOST}:{port}", served]


def url(port: int) -> str:
    """Return the address of what listens on a port."""
    return f"http://{HOST}:{port}"

"""The graph of an AOI as a file."""

from __future__ import annotations

from pathlib import Path

from tileweave.cli.api import Api
from tileweave.cli.errors import CommandError

INSTALL = "apt-get install graphviz | dnf install graphviz | brew install graphviz"


def save_graph(api: Api, output: Path) -> str:
    """Save the graph as SVG, or as DOT where Graphviz is missing; return what was done, in a line.

    Raises CommandError: it cannot be written there.
    """
    drawn = api.graph("svg")
    if drawn is not None:
        return f"The graph is in {_written(output, drawn)}"
    written = _written(output.with_suffix(".dot"), api.graph("dot") or b"")
    return f"The graph is in {written}; to have it drawn, install Graphviz: {INSTALL}"


def _written(file: Path, content: bytes) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error
    return file

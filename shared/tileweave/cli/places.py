"""Files that a person at the command line names: here, in object storage, or behind HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tileweave.cli.errors import CommandError

if TYPE_CHECKING:
    from tileweave.usecases.places import Places


@contextmanager
def any_place() -> Iterator[Places]:
    """Give the places that the caller's own credentials open; what goes wrong is one clear line."""
    from tileweave.adapters.places import AnyPlace
    from tileweave.domain.errors import TileweaveError

    try:
        yield AnyPlace()
    except TileweaveError as error:
        raise CommandError(str(error)) from error

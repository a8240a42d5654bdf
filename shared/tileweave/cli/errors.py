"""What can foreseeably go wrong with a command: told in one line, without a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from tileweave.client.errors import ClientError
from tileweave_emulators import EmulatorError


class CommandError(Exception):
    """Raised when a command cannot do what was asked; its text is one clear line."""


@contextmanager
def told() -> Iterator[None]:
    """End the command with exit code 1, and one line for each foreseeable error."""
    try:
        yield
    except OSError as error:
        if not error.filename:
            raise
        tell(f"{error.filename}: {error.strerror}")
        raise typer.Exit(1) from error
    except (ClientError, CommandError, EmulatorError) as error:
        # What failed while everything was stopped, because of an error, comes with that error.
        if isinstance(error.__context__, CommandError):
            tell(error.__context__)
        tell(error)
        raise typer.Exit(1) from error


def tell(what: object) -> None:
    """Write one line to standard error."""
    typer.echo(f"tileweave: {what}", err=True)

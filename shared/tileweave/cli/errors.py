"""What can foreseeably go wrong with a command: told in one line, without a stack trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

WRONG = 1
"""The exit code of what could not be done."""

NOT_REACHED = 3
"""The exit code where the service cannot be reached, or was busy for longer than patience."""


class CommandError(Exception):
    """Raised when a command cannot do what was asked; its text is one clear line."""

    def __init__(self, said: str, exit_code: int = WRONG) -> None:
        super().__init__(said)
        self.exit_code = exit_code


class NoService(CommandError):
    """Raised when nobody says where the service is."""

    def __init__(self, said: str) -> None:
        super().__init__(said, NOT_REACHED)


@contextmanager
def told() -> Iterator[None]:
    """End the command with an exit code, and one line for each foreseeable error."""
    try:
        yield
    except OSError as error:
        if not error.filename:
            raise
        tell(f"{error.filename}: {error.strerror}")
        raise typer.Exit(WRONG) from error
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        # What failed while everything was stopped, because of an error, comes with that error.
        if isinstance(error.__context__, CommandError):
            tell(error.__context__)
        tell(error)
        raise typer.Exit(code) from error


def exit_code(error: Exception) -> int | None:
    """Return the exit code of a foreseeable error; None for any other.

    What raises one has imported it: nothing is imported here that nobody needed.
    """
    if isinstance(error, CommandError):
        return error.exit_code
    if client := sys.modules.get("tileweave.client"):
        if isinstance(error, client.Busy | client.Unreachable):
            return NOT_REACHED
        if isinstance(error, client.ClientError):
            return WRONG
    emulators = sys.modules.get("tileweave_emulators")
    return WRONG if emulators and isinstance(error, emulators.EmulatorError) else None


def tell(what: object) -> None:
    """Write one line to standard error, without what a terminal would obey."""
    said = "".join(each if each.isprintable() or each == "\n" else " " for each in str(what))
    typer.echo(f"tileweave: {said}", err=True)

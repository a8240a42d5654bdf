"""Where an emulator comes from: a host that runs already, the Google Cloud CLI, cache, download."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from tileweave_emulators import sdk
from tileweave_emulators.download import Progress, download
from tileweave_emulators.errors import DownloadFailed, EmulatorNotFound
from tileweave_emulators.kinds import Kind

PUBLISHED_AT = "https://storage.googleapis.com/firebase-preview-drop/emulator/"
"""Where Google publishes the archives; TILEWEAVE_EMULATOR_MIRROR names another place."""


@dataclass(frozen=True)
class External:
    """An emulator that somebody else runs: it is used, neither started nor stopped."""

    host: str


@dataclass(frozen=True)
class Jar:
    """An emulator to be started."""

    path: Path
    origin: str
    """Where it was found: "Google Cloud CLI", "cache" or "download"."""


def no_progress(_name: str, _received: int, _size: int) -> None:
    """Show nothing of a download."""


def find(
    kind: Kind, environ: Mapping[str, str], progress: Progress = no_progress
) -> External | Jar:
    """Return the first that there is: running host, installed component, cached copy, download.

    Raises:
        EmulatorNotFound: there is none; the message says what was tried and how to install it.
    """
    if host := environ.get(kind.variable):
        return External(host)
    if installed := sdk.component(kind.component, environ):
        return Jar(installed, "Google Cloud CLI")
    return _cached_or_downloaded(kind, environ, progress)


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Return where downloaded archives are kept: TILEWEAVE_EMULATOR_CACHE, or the user's cache."""
    if folder := environ.get("TILEWEAVE_EMULATOR_CACHE"):
        return Path(folder).expanduser().absolute()
    return user_cache_path("tileweave") / "emulators"


def _cached_or_downloaded(kind: Kind, environ: Mapping[str, str], progress: Progress) -> Jar:
    file = cache_dir(environ) / kind.archive.name
    if kind.archive.is_intact(file):
        return Jar(kind.archive.jar(file), "cache")
    try:
        mirror = environ.get("TILEWEAVE_EMULATOR_MIRROR") or PUBLISHED_AT
        download(kind.archive, mirror, file, progress)
    except DownloadFailed as error:
        raise EmulatorNotFound(
            f"the {kind.title} emulator is not installed with the Google Cloud CLI, not in "
            f"{file.parent}, and {error}; install it with {kind.how_to_install}"
        ) from error
    return Jar(kind.archive.jar(file), "download")

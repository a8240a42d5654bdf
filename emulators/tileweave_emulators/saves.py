"""The data directory: the documents of the last complete export, whatever happened since.

DIR/lock                  held by the run that uses the directory
DIR/current               the name of the export that counts
DIR/export-XXXXXXXX/      that export; another one is incomplete, or was replaced
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import httpx

from tileweave_emulators.errors import DataDamaged, DataInUse, SaveFailed
from tileweave_emulators.files import replacing
from tileweave_emulators.readiness import local_client

_PREFIX = "export-"
_NAME = "firestore"
_EXPORT_SECONDS = 120


@dataclass(frozen=True)
class DataDirectory:
    """Where documents are kept between runs."""

    path: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out; the lock goes with the process, so a killed one leaves none.

        Raises:
            DataInUse: another run is in.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataInUse(f"{self.path} is in use by another run") from error
            yield

    def saved(self) -> Path | None:
        """Return the file that the Firestore emulator starts from, or None if nothing was saved.

        Raises:
            DataDamaged: it was saved, and is not there.
        """
        current = self.path / "current"
        if not current.exists():
            return None
        metadata = _metadata(self.path / current.read_text().strip())
        if not metadata.is_file():
            raise DataDamaged(f"{metadata} is missing; delete {current} to start without documents")
        return metadata

    def save(self, host: str, project: str) -> None:
        """Export the documents of the project's default database, and make that what counts.

        Raises:
            SaveFailed: they could not be exported; what was saved before still counts.
        """
        try:
            export = Path(mkdtemp(dir=self.path, prefix=_PREFIX))
            _export(host, project, export)
            with replacing(self.path / "current") as current:
                current.write(export.name.encode())
        except (httpx.HTTPError, OSError) as error:
            raise SaveFailed(
                f"the documents could not be saved in {self.path}; those saved before are kept: "
                f"{str(error) or type(error).__name__}"
            ) from error
        finally:
            self.tidy()

    def tidy(self) -> None:
        """Delete every export but the one that counts."""
        saved = self.saved()
        for export in self.path.glob(f"{_PREFIX}*"):
            if saved is None or export not in saved.parents:
                shutil.rmtree(export, ignore_errors=True)


def _export(host: str, project: str, folder: Path) -> None:
    # Not --export-on-exit: it needs an end that is not a kill, and tells a failure only in the log.
    with local_client(timeout=_EXPORT_SECONDS) as client:
        client.post(
            f"http://{host}/emulator/v1/projects/{project}:export",
            json={
                "database": f"projects/{project}/databases/(default)",
                "export_directory": str(folder),
                "export_name": _NAME,
            },
        ).raise_for_status()
    if not _metadata(folder).is_file():
        raise FileNotFoundError(f"the emulator wrote no {_metadata(folder)}")


def _metadata(export: Path) -> Path:
    return export / _NAME / f"{_NAME}.overall_export_metadata"

"""Writing files so that whoever reads them sees the old one or the new one, never half of it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

_PART = ".part"
_STALE_SECONDS = 24 * 3600


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it becomes `target` when the block ends well, else it is deleted.

    Several processes may do so at once: each writes its own, and the last one to end stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    with NamedTemporaryFile(
        dir=target.parent, prefix=f"{target.name}.", suffix=_PART, delete=False
    ) as part:
        try:
            yield part
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


def _sweep(target: Path) -> None:
    # A process that was killed could not delete its own; a younger one may still be written.
    for part in target.parent.glob(f"{target.name}.*{_PART}"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()

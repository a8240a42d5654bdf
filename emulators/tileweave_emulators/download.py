"""The download of a published archive: verified before it gets its name, or not there at all."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx

from tileweave_emulators.archives import Archive
from tileweave_emulators.errors import DownloadFailed
from tileweave_emulators.files import replacing

Progress = Callable[[str, int, int], None]
"""Called with the archive's name, the bytes that have arrived, and the bytes in all."""

_TIMEOUT = httpx.Timeout(30, connect=10)


def download(archive: Archive, base_url: str, target: Path, progress: Progress) -> None:
    """Fetch the archive from below `base_url` into the file `target`.

    Raises:
        DownloadFailed: it did not arrive, or not with the published size and checksum; `target`
            is then what it was before.
    """
    url = f"{base_url.rstrip('/')}/{archive.name}"
    try:
        with replacing(target) as file:
            _receive(url, archive, file, progress)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, _Spoilt) as error:
        raise DownloadFailed(f"the download of {url} failed: {_reason(error)}") from error


class _Spoilt(Exception):
    """Raised when what arrives is not what was published."""


def _receive(url: str, archive: Archive, file: IO[bytes], progress: Progress) -> None:
    received, digest = 0, hashlib.sha256()
    for chunk in _chunks(url):
        received += len(chunk)
        if received > archive.size:
            raise _Spoilt(f"it is longer than the published {archive.size} bytes")
        digest.update(chunk)
        file.write(chunk)
        progress(archive.name, received, archive.size)
    if received < archive.size:
        raise _Spoilt(f"it ended after {received} of {archive.size} bytes")
    if digest.hexdigest() != archive.sha256:
        raise _Spoilt(f"its SHA-256 is {digest.hexdigest()}, not the published {archive.sha256}")


def _chunks(url: str) -> Iterator[bytes]:
    # A compressed transfer would change neither size nor checksum, but hide a truncated one.
    headers = {"Accept-Encoding": "identity"}
    with httpx.stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT
    ) as response:
        response.raise_for_status()
        yield from response.iter_bytes()


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answers {error.response.status_code}"
    return str(error) or type(error).__name__

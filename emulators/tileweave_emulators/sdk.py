"""The Google Cloud CLI's installed components, found without running it."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

# Below the folder of `bin/gcloud`: the SDK itself, or what a distribution's wrapper points to.
_ROOTS = (".", "lib/google-cloud-sdk", "share/google-cloud-sdk", "google-cloud-sdk")


def component(pattern: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that matches the pattern below the CLI's root, or None.

    Of several versions it is the last by name.
    """
    for root in _roots(environ):
        if found := sorted(root.glob(pattern)):
            return found[-1].absolute()
    return None


def _roots(environ: Mapping[str, str]) -> Iterator[Path]:
    if root := environ.get("CLOUDSDK_ROOT_DIR"):
        yield Path(root)
    if gcloud := shutil.which("gcloud", path=environ.get("PATH", "")):
        # Both the link and what it points to: packages link /usr/bin/gcloud, or wrap it.
        for command in (Path(gcloud).resolve(), Path(gcloud)):
            yield from (command.parent.parent / below for below in _ROOTS)

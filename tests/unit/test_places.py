"""The places of a process: from its environment, told at its start, and imported when needed."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import Aws
from tests.safe import NAME, Product
from tileweave import compose
from tileweave.cli.errors import CommandError
from tileweave.cli.plan import planned
from tileweave.domain.errors import PlaceRefused
from tileweave.usecases.places import NOWHERE
from tileweave.usecases.products import NO_PRODUCTS

ROOT = Path(__file__).parents[2]
WRONG = "s3://archive, nonsense"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Have the environment read anew, by this test and by the next."""
    for each in (compose.settings, compose.places, compose.for_calls):
        each.cache_clear()
    yield
    for each in (compose.settings, compose.places, compose.for_calls):
        each.cache_clear()


def test_a_process_reads_the_places_of_its_environment(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILEWEAVE_PLACES", "s3://archive")
    monkeypatch.setattr(compose, "store", lambda: None)
    href = aws.put("a.zip", Product().zipped())

    services = compose.for_calls()

    with services.places.open(href) as opened:
        assert opened.read(2) == b"PK"
    assert len(services.products.tiles(href)) == 27
    with pytest.raises(PlaceRefused):
        services.products.tiles(f"s3://other/{NAME}.zip")


def test_a_function_with_a_wrong_list_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWEAVE_PLACES", WRONG)

    with pytest.raises(ValueError, match="TILEWEAVE_PLACES: nonsense: must be an address"):
        runpy.run_path(str(ROOT / "functions" / "aoi" / "main.py"))


def test_up_with_a_wrong_list_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWEAVE_PLACES", WRONG)

    with pytest.raises(CommandError, match="TILEWEAVE_PLACES: nonsense: must be an address"):
        planned(0)


def test_who_has_no_places_reads_and_writes_nothing() -> None:
    for call in (
        lambda: NOWHERE.open("s3://archive/a"),
        lambda: NOWHERE.write("s3://archive/a", io.BytesIO(), ""),
        lambda: NO_PRODUCTS.tiles("s3://archive/a"),
    ):
        with pytest.raises(PlaceRefused, match="s3://archive/a: no"):
            call()


def test_no_client_is_imported_before_an_address_needs_it() -> None:
    """Cold starts are short: boto3, google-cloud-storage and requests take a second each."""
    said = """
import sys
from tileweave.adapters.places import AllowedPlaces
from tileweave.web import aoi, bulk
AllowedPlaces.of("s3://archive,gs://archive,https://a.example")
late = ["boto3", "google.cloud.storage", "requests", "defusedxml", "zipfile", "pyarrow"]
print([each for each in late if each in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)

    assert found.stdout.strip() in ("[]", "['zipfile']")  # the last by the standard library itself

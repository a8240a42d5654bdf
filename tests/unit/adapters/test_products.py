"""Products are read where they are: little of them, and nothing of what is not annotation."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws import Aws
from tests.safe import NAME, Product
from tileweave.adapters.places import AllowedPlaces, AnyPlace
from tileweave.adapters.sentinel1 import Sentinel1Products, products
from tileweave.domain.errors import NothingThere, PlaceRefused
from tileweave.usecases.products import BadProduct

LARGE = 50 * 1024 * 1024


def here(folder: Path, content: bytes, name: str = "product.zip") -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_little_of_a_large_product_is_read(aws: Aws) -> None:
    """Of 50 MB less than 2 %, by at most 15 requests."""
    content = replace(Product(), measurement_bytes=LARGE).zipped()
    href = aws.put(f"2022/{NAME}.zip", content)

    found = Sentinel1Products(AllowedPlaces.of("s3://archive")).tiles(href)

    assert len(found) == 27
    assert len({each.source_id for each in found}) == 27
    read = sum(each.size for each in aws.asked)
    assert len(content) > LARGE
    assert read < 0.02 * len(content), f"{read} bytes by {len(aws.asked)} requests"
    assert len(aws.asked) <= 15, aws.asked
    assert {each.path.partition("?")[0] for each in aws.asked} == {f"/archive/2022/{NAME}.zip"}


def test_an_unpacked_product_is_read_by_its_manifest(aws: Aws) -> None:
    for name, content in Product().files().items():
        aws.put(f"{NAME}.SAFE/{name}", content)

    read = Sentinel1Products(AllowedPlaces.of("s3://archive"))

    whole = read.tiles(f"s3://archive/{NAME}.SAFE/")
    assert len(whole) == 27
    assert read.tiles(f"s3://archive/{NAME}.SAFE/manifest.safe") == whole
    assert read.tiles(f"s3://archive/{NAME}.SAFE") == whole
    assert not [each for each in aws.asked if "calibration" in each.path or "vh" in each.path]


def test_a_zip_file_and_an_unpacked_product_tell_the_same(tmp_path: Path) -> None:
    product = Product()
    for name, content in product.files().items():
        path = tmp_path / f"{NAME}.SAFE" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    read, folder = Sentinel1Products(AnyPlace()), tmp_path / f"{NAME}.SAFE"

    assert read.tiles(here(tmp_path, product.zipped())) == read.tiles(str(folder))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"manifest.safe": None}, "manifest.safe: it is not in the archive"),
        ({"manifest.safe": b"<xfdu/>"}, "manifest.safe: it does not tell"),
        ({Product().annotation(2): None}, "annotation/s1a-iw2-slc-vv.* not in the archive"),
        ({Product().annotation(3): b"<product/>"}, "annotation/s1a-iw3-slc-vv.*no adsHeader"),
    ],
)
def test_what_is_wrong_with_a_product_is_told_with_the_file(
    tmp_path: Path, changed: dict[str, bytes | None], said: str
) -> None:
    href = here(tmp_path, Product().zipped(changed))

    with pytest.raises(BadProduct, match=f"product.zip: {said}"):
        Sentinel1Products(AnyPlace()).tiles(href)


def test_a_product_without_annotations_is_refused(tmp_path: Path) -> None:
    manifest = Product().files()["manifest.safe"].replace(b"./annotation/s1a", b"./preview/s1a")
    href = here(tmp_path, Product().zipped({"manifest.safe": manifest}))

    with pytest.raises(BadProduct, match="lists no annotation"):
        Sentinel1Products(AnyPlace()).tiles(href)


def test_a_manifest_leads_to_no_file_outside_of_its_product(tmp_path: Path) -> None:
    manifest = Product().files()["manifest.safe"].replace(b"./annotation/", b"./annotation/../../")
    folder = tmp_path / f"{NAME}.SAFE"
    folder.mkdir()
    (folder / "manifest.safe").write_bytes(manifest)

    with pytest.raises(BadProduct, match="lists no annotation"):
        Sentinel1Products(AnyPlace()).tiles(str(folder))


@pytest.mark.parametrize("content", [b"", b"no zip file at all", b"PK\5\6" + b"\0" * 17])
def test_what_is_no_zip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadProduct, match="no zip file"):
        Sentinel1Products(AnyPlace()).tiles(here(tmp_path, content))


def test_broken_compression_is_refused(tmp_path: Path) -> None:
    content = Product().zipped()
    place = content.index(b"annotation/s1a-iw1-slc-vv") + 200

    broken = content[:place] + b"\xff" * 5_000 + content[place + 5_000 :]

    with pytest.raises(BadProduct, match="annotation/s1a-iw1-slc-vv"):
        Sentinel1Products(AnyPlace()).tiles(here(tmp_path, broken))


def test_a_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "MOST_FILE", 100_000)
    bomb = Product().files()["manifest.safe"] + b" " * 100_000

    with pytest.raises(BadProduct, match=r"manifest.safe: it has more than 100000 bytes"):
        Sentinel1Products(AnyPlace()).tiles(
            here(tmp_path, Product().zipped({"manifest.safe": bomb}))
        )


@pytest.mark.parametrize("swath", [1, 2])
def test_two_bursts_of_one_name_are_refused(tmp_path: Path, swath: int) -> None:
    """Of one annotation, or of two that say they are of the same swath."""
    product = Product()
    text = product.files()[product.annotation(1)]
    first, second = re.findall(rb"<azimuthAnxTime>[^<]+", text)[:2]
    changed = {product.annotation(swath): text.replace(second, first) if swath == 1 else text}

    with pytest.raises(BadProduct, match="two bursts A44_IW1_8869, of one swath"):
        Sentinel1Products(AnyPlace()).tiles(here(tmp_path, product.zipped(changed)))


def test_an_archive_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its directory is in memory."""
    href = here(tmp_path, Product().zipped())
    monkeypatch.setattr(products, "MOST_DIRECTORY", 1_000)

    with pytest.raises(BadProduct, match="too much"):
        Sentinel1Products(AnyPlace()).tiles(href)


def test_no_more_is_read_than_a_product_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the archive says of itself."""
    href = here(tmp_path, Product().zipped())
    monkeypatch.setattr(products, "MOST_READ", 10_000)

    with pytest.raises(BadProduct, match="too much"):
        Sentinel1Products(AnyPlace()).tiles(href)


def test_a_directory_that_says_it_is_as_large_as_the_archive_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "MOST_DIRECTORY", 10_000)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 20_000, 0, 0)

    with pytest.raises(BadProduct, match="too much"):
        Sentinel1Products(AnyPlace()).tiles(here(tmp_path, b"\0" * 20_000 + end))


def test_a_file_with_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(Product().zipped())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = archive.getinfo(f"{NAME}.SAFE/manifest.safe")
    directory = content.index(b"PK\1\2", found.header_offset)
    entry = content.index(f"{NAME}.SAFE/manifest.safe".encode(), directory) - 46
    content[found.header_offset + 6] |= 1
    content[entry + 8] |= 1

    with pytest.raises(BadProduct, match="password"):
        Sentinel1Products(AnyPlace()).tiles(here(tmp_path, bytes(content)))


def test_what_is_not_there_or_not_allowed_is_told_by_the_places(aws: Aws) -> None:
    read = Sentinel1Products(AllowedPlaces.of("s3://archive/products"))

    with pytest.raises(NothingThere):
        read.tiles("s3://archive/products/none.zip")
    with pytest.raises(PlaceRefused):
        read.tiles("s3://archive/elsewhere/none.zip")
    assert len(aws.asked) == 1

"""Bursts of Sentinel-1 products, from their annotation."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon

from tests.safe import Product
from tileweave.adapters.sentinel1.annotation import annotations_of, swath_of, track_of
from tileweave.domain.ingestion import NewTile
from tileweave.domain.sentinel1 import (
    ORBIT_SECONDS,
    BadAnnotation,
    Swath,
    Track,
    anx_time,
    has_bursts,
    tiles_of,
)


def tiles(product: Product, swath: int = 1) -> list[NewTile]:
    files = product.files()
    track = track_of(files["manifest.safe"])
    return tiles_of(track, swath_of(files[product.annotation(swath)]))


def area_of(wkt: str | None) -> MultiPolygon | Polygon:
    found = shapely.from_wkt(wkt or "")
    assert isinstance(found, MultiPolygon | Polygon)
    return found


@pytest.mark.parametrize(
    ("seconds", "tenths"),
    [
        (895.1448, 8951),
        (2121.14, 21211),
        (2121.15, 21212),
        (0.04, 0),
        (0.05, 1),
        (ORBIT_SECONDS + 895.1448, 8951),
        (3 * ORBIT_SECONDS, 0),
    ],
)
def test_anx_times_are_tenths_of_seconds_within_an_orbit(seconds: float, tenths: int) -> None:
    assert anx_time(seconds) == tenths


def test_the_bursts_of_denmark_are_those_of_the_document() -> None:
    found = tiles(Product())

    assert len(found) == 9
    assert [each.source_id for each in found[3:6]] == [
        "A44_IW1_8951",
        "A44_IW1_8979",
        "A44_IW1_9007",
    ]
    assert found[3].data == {"swath_id": "IW1", "tile_nr": 4, "burst_id": 92703}
    assert found[3].anx_time == 8951
    # As the document has it, to 200 m: its own grid is not the straight one of these tests.
    document = area_of(
        "POLYGON((9.019858 54.602843, 8.959417 54.767446, 10.442057 54.936948,"
        " 10.496274 54.772055, 9.019858 54.602843))"
    )
    ours = area_of(found[3].wkt)
    assert ours.intersection(document).area > 0.97 * document.area
    assert ours.area < 1.03 * document.area


def test_footprints_are_counter_clockwise_and_the_same_in_both_forms() -> None:
    found = tiles(Product())[0]

    ring = json.loads(found.geometry or "")["coordinates"][0]
    assert shapely.LinearRing(ring).is_ccw
    assert area_of(found.wkt).equals(shapely.from_geojson(found.geometry or ""))


def test_neighbouring_bursts_share_an_edge() -> None:
    first, second = (area_of(each.wkt) for each in tiles(Product())[:2])

    assert first.intersection(second).length > 1
    assert first.intersection(second).area == 0


def test_a_footprint_across_the_antimeridian_is_in_two_halves() -> None:
    across = tiles(replace(Product(), west=179.0))[0]
    whole = tiles(Product())[0]

    found = json.loads(across.geometry or "")
    assert found["type"] == "MultiPolygon"
    halves = list(shapely.get_parts(area_of(across.wkt)))
    assert [each.bounds[0] < 0 for each in halves].count(True) == 1
    assert all(each.bounds[0] >= -180 and each.bounds[2] <= 180 for each in halves)
    assert sum(each.area for each in halves) == pytest.approx(area_of(whole.wkt).area)


def test_a_footprint_that_ends_at_the_antimeridian_is_whole() -> None:
    swath = swath_of(Product().files()[Product().annotation(1)])
    widest = max(each.longitude for each in swath.grid)
    grid = [replace(each, longitude=each.longitude + 180 - widest) for each in swath.grid]

    found = tiles_of(Track("A", 44), replace(swath, grid=grid))

    assert area_of(found[0].wkt).geom_type == "Polygon"


def test_products_of_old_processors_have_no_numbers_of_bursts() -> None:
    assert tiles(replace(Product(), burst_ids=False))[0].data == {"swath_id": "IW1", "tile_nr": 1}


def test_a_grid_that_is_one_line_off_is_taken() -> None:
    shifted, straight = tiles(replace(Product(), grid_shift=-1)), tiles(Product())

    assert [each.source_id for each in shifted] == [each.source_id for each in straight]


def test_a_grid_without_the_line_of_a_burst_is_refused() -> None:
    with pytest.raises(BadAnnotation, match="no line 0"):
        tiles(replace(Product(), grid_shift=40))


def test_swaths_without_bursts_or_area_are_refused() -> None:
    swath = swath_of(Product().files()[Product().annotation(1)])
    flat = [replace(each, latitude=50.0) for each in swath.grid]

    with pytest.raises(BadAnnotation, match="no bursts"):
        tiles_of(Track("A", 44), Swath("IW1", 1501, [], swath.grid))
    with pytest.raises(BadAnnotation, match="no area"):
        tiles_of(Track("A", 44), replace(swath, grid=flat))
    with pytest.raises(BadAnnotation, match="no line 0"):
        tiles_of(Track("A", 44), replace(swath, grid=[]))


def test_one_annotation_a_swath_is_read_of_the_polarisation_that_was_sent() -> None:
    product = Product()

    found = annotations_of(product.files()["manifest.safe"])

    assert found == [product.annotation(swath) for swath in (1, 2, 3)]


def test_descending_passes_are_named_so() -> None:
    found = tiles(replace(Product(), direction="DESCENDING", relative_orbit=37, first_anx=2121.14))

    assert found[0].source_id == "D37_IW1_21211"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<swath>IW1</swath>", b"", "no adsHeader/swath"),
        (b"<linesPerBurst>1501<", b"<linesPerBurst>many<", "linesPerBurst is 'many'"),
        (b"<azimuthAnxTime>8.", b"<azimuthAnxTime>x8.", "azimuthAnxTime is 'x8."),
        (b"<azimuthAnxTime>8.86870000e+02", b"<azimuthAnxTime>nan", "'nan', which is no number"),
        (b"<latitude>5.", b"<latitude>95.", "a grid point is at longitude"),
        (b"</product>", b"", "not XML"),
        (b"<product>", b'<!DOCTYPE a [<!ENTITY b "c">]><product>', "not XML"),
        (b"<product>", b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><product>', "not XML"),
        (b"<product>", b"<product>" + b"<a/>" * 1_000_000, "more elements"),
    ],
)
def test_an_annotation_that_is_wrong_is_refused_with_what(
    old: bytes, new: bytes, said: str
) -> None:
    text = Product().files()[Product().annotation(1)]
    assert old in text

    with pytest.raises(BadAnnotation, match=said):
        swath_of(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"), [(b"ASCENDING", b"SIDEWAYS"), (b'type="start">44', b'type="end">44')]
)
def test_a_manifest_without_pass_or_orbit_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(BadAnnotation, match="relative orbit and the pass"):
        track_of(Product().files()["manifest.safe"].replace(old, new))


@pytest.mark.parametrize("number", [b"0", b"176", b"-44"])
def test_an_orbit_that_is_none_is_refused(number: bytes) -> None:
    manifest = Product().files()["manifest.safe"]
    with pytest.raises(BadAnnotation, match="there are 1 to 175"):
        track_of(manifest.replace(b'type="start">44', b'type="start">' + number))


@pytest.mark.parametrize("name", ["IW4", "WV1", "IW1/../A", "IW" * 10_000])
def test_a_swath_that_has_no_bursts_is_refused(name: str) -> None:
    """Its name is a part of the names of tiles."""
    swath = swath_of(Product().files()[Product().annotation(1)])
    with pytest.raises(BadAnnotation, match=r"its swath is '.{3,20}': is it of IW or EW") as told:
        tiles_of(Track("A", 44), replace(swath, name=name))
    assert len(str(told.value)) < 100


def test_products_of_bursts_are_known_by_their_names() -> None:
    assert has_bursts(Product().name)
    assert has_bursts("S1C_EW_SLC__1SDH_20250101T000000_20250101T000100_000001_000001_0000")
    assert not has_bursts("S1A_IW_GRDH_1SDV_20220111T170124_20220111T170151_041416_04ECAD_F4D7")
    assert not has_bursts("S2A_MSIL1C_20220111T103401_N0301_R108_T32UNG_20220111T123716")

"""The XML of a Sentinel-1 product: its manifest, and the annotation of a swath."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tileweave.domain.sentinel1 import ORBITS, BadAnnotation, Burst, GridPoint, Swath, Track

MOST_BURSTS, MOST_POINTS = 1_000, 100_000

MOST_MARKS = 1_000_000
"""Signs `<` and `=` of a file, each of which may take 100 bytes once it is read: real ones have
less than a tenth of it."""

_DIRECTIONS = {"ASCENDING": "A", "DESCENDING": "D"}
_ANNOTATION = re.compile(r"(?:\./)?(annotation/([\w-]+)\.xml)", re.IGNORECASE)


def track_of(manifest: bytes) -> Track:
    """Return what a manifest says of the orbit, at the product's start. Raises BadAnnotation."""
    root = _root(manifest)
    orbits = [each for each in _all(root, "relativeOrbitNumber") if each.get("type") == "start"]
    passes = [(each.text or "").strip().upper() for each in _all(root, "pass")]
    if not orbits or not passes or passes[0] not in _DIRECTIONS:
        raise BadAnnotation("it does not tell the relative orbit and the pass")
    number = _integer(orbits[0].text, "relativeOrbitNumber")
    if not 1 <= number <= ORBITS:
        raise BadAnnotation(f"its relative orbit is {number}: there are 1 to {ORBITS}")
    return Track(_DIRECTIONS[passes[0]], number)


def annotations_of(manifest: bytes) -> list[str]:
    """Return the names of the annotations that it lists, one a swath.

    `annotation/s1a-iw1-slc-vv-...-001.xml`, say: all polarisations tell the same bursts, VV or HH
    is taken where it is there.
    """
    named = (each.get("href") or "" for each in _all(_root(manifest), "fileLocation"))
    found = (_ANNOTATION.fullmatch(each) for each in named)
    by_swath: dict[str, list[str]] = {}
    for each in found:
        if each and (fields := each[2].split("-"))[4:]:
            by_swath.setdefault(fields[1].upper(), []).append(each[1])
    return [min(by_swath[swath], key=_preference) for swath in sorted(by_swath)]


def swath_of(annotation: bytes) -> Swath:
    """Return what the annotation of a swath says. Raises BadAnnotation."""
    root = _root(annotation)
    timing = root.find("swathTiming")
    bursts = timing.findall("burstList/burst") if timing is not None else []
    points = root.findall("geolocationGrid/geolocationGridPointList/geolocationGridPoint")
    if len(bursts) > MOST_BURSTS or len(points) > MOST_POINTS:
        raise BadAnnotation("it has more bursts or grid points than a product can have")
    return Swath(
        name=_text(root, "adsHeader/swath"),
        lines_per_burst=_integer(_text(root, "swathTiming/linesPerBurst"), "linesPerBurst"),
        bursts=[_burst(each) for each in bursts],
        grid=[_point(each) for each in points],
    )


def _burst(burst: Element) -> Burst:
    named = burst.findtext("burstId")
    number = None if named is None else _integer(named, "burstId")
    return Burst(_number(burst, "azimuthAnxTime"), number)


def _point(point: Element) -> GridPoint:
    line, pixel = (_integer(_text(point, name), name) for name in ("line", "pixel"))
    longitude, latitude = _number(point, "longitude"), _number(point, "latitude")
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):  # noqa: PLR2004 - degrees
        raise BadAnnotation(f"a grid point is at longitude {longitude:g}, latitude {latitude:g}")
    return GridPoint(line, pixel, longitude, latitude)


def _root(text: bytes) -> Element:
    if text.count(b"<") + text.count(b"=") > MOST_MARKS:
        raise BadAnnotation("it has more elements than a product can have")
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise BadAnnotation(f"it is not XML that can be read: {error}") from error
    return root


def _all(root: Element, name: str) -> Iterator[Element]:
    """Return all elements of a name, whatever its namespace: their URLs differ between versions."""
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == name)


def _text(element: Element, path: str) -> str:
    found = (element.findtext(path) or "").strip()
    if not found:
        raise BadAnnotation(f"it has no {path}")
    return found


def _number(element: Element, path: str) -> float:
    text = _text(element, path)
    try:
        found = float(text)
    except ValueError as error:
        raise BadAnnotation(f"{path} is {text!r}, which is no number") from error
    if found - found != 0:  # neither infinite nor NaN
        raise BadAnnotation(f"{path} is {text!r}, which is no number")
    return found


def _integer(text: str | None, name: str) -> int:
    try:
        return int(text or "")
    except ValueError as error:
        raise BadAnnotation(f"{name} is {text!r}, which is no integer") from error


def _preference(annotation: str) -> tuple[bool, str]:
    return not re.search(r"-(vv|hh)-", annotation, re.IGNORECASE), annotation

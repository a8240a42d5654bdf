"""The tags of a scene out of a STAC Item, in the words of the monitoring document."""

from __future__ import annotations

from tileweave.domain.model import Json

CODES = {
    "constellation": ("constellation",),
    "satellite": ("platform",),
    "orbitDirection": ("sat:orbit_state",),
}
"""Words that tags have in capitals: `sentinel-1a` is SENTINEL1A."""

TEXTS = {
    "orbit": ("sat:absolute_orbit",),
    "relativeOrbit": ("sat:relative_orbit",),
    "productType": ("product:type", "sar:product_type", "s2:product_type"),
    "sensorMode": ("sar:instrument_mode",),
    "cloudCoverPercentage": ("eo:cloud_cover",),
    "gridCode": ("grid:code",),
    "ingestionDate": ("published", "created"),
}
"""What tags have as it is, as text; of several the first that is there."""

_LEFT_OUT = str.maketrans("", "", "-_ ")


def tags_of(id_: str, collection: str | None, properties: Json) -> Json:
    """Return the tags of a scene; what the Item does not say is not among them."""
    codes = {tag: _code(_first(properties, names)) for tag, names in CODES.items()}
    texts = {tag: _text(_first(properties, names)) for tag, names in TEXTS.items()}
    found = {
        "sourceID": id_,
        "collection": collection or "",
        **codes,
        **texts,
        "polarisationMode": _joined(properties.get("sar:polarizations")),
    }
    found["gridCode"] = found["gridCode"] or _wrs(properties)
    return {tag: value for tag, value in found.items() if value}


def _first(properties: Json, names: tuple[str, ...]) -> object:
    return next((properties[each] for each in names if properties.get(each) is not None), None)


def _code(value: object) -> str:
    return value.upper().translate(_LEFT_OUT) if isinstance(value, str) else ""


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _joined(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else ""


def _wrs(properties: Json) -> str:
    """Return path and row of a Landsat scene as the grid extension writes them."""
    path, row = (_text(properties.get(f"landsat:wrs_{name}")) for name in ("path", "row"))
    wrs = _text(properties.get("landsat:wrs_type")) or "2"
    return f"WRS{wrs}-{path.zfill(3)}{row.zfill(3)}" if path and row else ""

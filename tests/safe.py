"""Sentinel-1 products as ESA packs them: a folder `.SAFE` in a zip file, with made-up pixels.

The bursts of IW1 are those of the document's example over Denmark: same times, same footprints.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

NAME = "S1A_IW_SLC__1SDV_20220111T170124_20220111T170151_041416_04ECAD_F4D7"

LINES = 1_501
BURST_SECONDS = 2.758273
"""How long a burst of IW takes."""

PIXELS = 21_632
COLUMNS = 21
"""Columns of the geolocation grid."""


@dataclass(frozen=True)
class Product:
    """A product of IW, ascending, over Denmark; what `fields` changes is wrong or other."""

    name: str = NAME
    bursts: int = 9
    first_anx: float = 886.87
    """Seconds since the ascending node, of the first burst of IW1."""
    relative_orbit: int = 44
    direction: str = "ASCENDING"
    west: float = 9.2012
    """Longitude of the first pixel."""
    burst_ids: bool = True
    grid_shift: int = 0
    measurement_bytes: int = 0
    noise: int = 6_000
    """Numbers in each annotation that no compression makes smaller."""
    seed: int = 1

    def annotation(self, swath: int, polarisation: str = "vv") -> str:
        """Return the name of an annotation."""
        number = swath + (3 if polarisation == "vh" else 0)
        return f"annotation/s1a-iw{swath}-slc-{polarisation}-20220111t170124-{number:03}.xml"

    def files(self) -> dict[str, bytes]:
        """Return the text files by their names in the folder."""
        return dict(_files(self))

    def _all_files(self) -> dict[str, bytes]:
        pairs = [(swath, pol) for pol in ("vh", "vv") for swath in (1, 2, 3)]
        found = {self.annotation(*each): self._annotation(*each) for each in pairs}
        more = {
            name.replace("annotation/", f"annotation/{folder}"): b"<calibration/>"
            for name in found
            for folder in ("calibration/calibration-", "rfi/rfi-")
        }
        listed = [*found, *more, *(f"measurement/{number}.tiff" for number in range(1, 7))]
        return {"manifest.safe": self._manifest(listed), **found, **more}

    def zipped(self, changed: Mapping[str, bytes | None] | None = None) -> bytes:
        """Return the zip file; `changed` replaces files, or leaves them out."""
        held = io.BytesIO()
        pixels = random.Random(self.seed)
        with zipfile.ZipFile(held, "w") as archive:
            half = self.measurement_bytes // 2
            archive.writestr(f"{self.name}.SAFE/measurement/1.tiff", pixels.randbytes(half))
            for name, content in {**self.files(), **(changed or {})}.items():
                if content is not None:
                    path = f"{self.name}.SAFE/{name}"
                    archive.writestr(path, content, zipfile.ZIP_DEFLATED)
            archive.writestr(f"{self.name}.SAFE/measurement/2.tiff", pixels.randbytes(half))
        return held.getvalue()

    def _manifest(self, names: list[str]) -> bytes:
        files = "".join(
            f'<dataObject><byteStream><fileLocation locatorType="URL" href="./{name}"/>'
            "</byteStream></dataObject>"
            for name in names
        )
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0"
 xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1"><metadataSection>
<safe:orbitReference><safe:orbitNumber type="start">41416</safe:orbitNumber>
<safe:relativeOrbitNumber type="start">{self.relative_orbit}</safe:relativeOrbitNumber>
<safe:relativeOrbitNumber type="stop">{self.relative_orbit}</safe:relativeOrbitNumber>
<safe:extension><s1:orbitProperties><s1:pass>{self.direction}</s1:pass></s1:orbitProperties>
</safe:extension></safe:orbitReference></metadataSection>
<dataObjectSection>{files}</dataObjectSection></xfdu:XFDU>""".encode()

    def _annotation(self, swath: int, polarisation: str) -> bytes:
        noise = random.Random(swath)
        values = " ".join(f"{noise.random():.9e}" for _ in range(self.noise))
        bursts = "".join(self._burst(swath, number) for number in range(self.bursts))
        points = "".join(self._points(swath))
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<product><adsHeader><missionId>S1A</missionId><productType>SLC</productType>
<polarisation>{polarisation.upper()}</polarisation><mode>IW</mode><swath>IW{swath}</swath>
</adsHeader><antennaPattern><values>{values}</values></antennaPattern>
<swathTiming><linesPerBurst>{LINES}</linesPerBurst><samplesPerBurst>{PIXELS}</samplesPerBurst>
<burstList count="{self.bursts}">{bursts}</burstList></swathTiming>
<geolocationGrid><geolocationGridPointList>{points}</geolocationGridPointList></geolocationGrid>
</product>""".encode()

    def _burst(self, swath: int, number: int) -> str:
        anx = self.first_anx + 0.83 * (swath - 1) + BURST_SECONDS * number
        valid = f"{' '.join(['-1'] * 20 + ['480'] * (LINES - 40) + ['-1'] * 20)}"
        named = f'<burstId absolute="{88712000 + number}">{92700 + number}</burstId>'
        return f"""<burst><azimuthTime>2022-01-11T17:01:24.370000</azimuthTime>
<azimuthAnxTime>{anx:.8e}</azimuthAnxTime><sensingTime>2022-01-11T17:01:25.370000</sensingTime>
<byteOffset>{108_000 + number * LINES * PIXELS * 4}</byteOffset>
<firstValidSample count="{LINES}">{valid}</firstValidSample>
<lastValidSample count="{LINES}">{valid}</lastValidSample>{named if self.burst_ids else ""}
</burst>"""

    def _points(self, swath: int) -> Iterator[str]:
        for row in range(self.bursts + 1):
            line = row * LINES - (row == self.bursts) + self.grid_shift
            for column in range(COLUMNS):
                across = column / (COLUMNS - 1)
                east = self.west + 1.4578 * (swath - 1) + 1.4578 * across
                longitude = east - row * (0.060441 - 0.006224 * across)
                latitude = 54.109034 + 0.1684 * (swath - 1 + across) + row * 0.164603
                yield self._point(
                    line=max(line, 0),
                    pixel=min(column * PIXELS // (COLUMNS - 1), PIXELS - 1),
                    latitude=f"{latitude:.12e}",
                    longitude=f"{(longitude + 180) % 360 - 180:.12e}",
                    height="1.0e+01",
                )

    def _point(self, **values: Any) -> str:  # noqa: ANN401 - numbers and texts
        held = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        return f"<geolocationGridPoint>{held}</geolocationGridPoint>"


@cache
def _files(product: Product) -> dict[str, bytes]:
    return product._all_files()  # noqa: SLF001 - the same, kept: it takes a moment

"""A client of Tileweave's HTTP API."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

import httpx

from tileweave.client.errors import ClientError
from tileweave.client.models import Outcomes, Overview, Retried
from tileweave.client.transport import Transport

Feature = dict[str, Any]
"""A GeoJSON Feature (RFC 7946), EPSG:4326, lon/lat."""

Kind = Literal["scene", "tile"]
Form = Literal["dot", "svg", "png", "pdf"]

DEFAULT_URL = "http://127.0.0.1:8080"


class Client:
    """Calls one Tileweave; a context manager. Every method raises ApiError, Unreachable.

    `url` and `token` are by default TILEWEAVE_URL (else a local run) and TILEWEAVE_TOKEN.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 60,
        patience: float = 30,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        token = _checked(token or os.environ.get("TILEWEAVE_TOKEN") or "")
        self._http = httpx.Client(
            base_url=url or os.environ.get("TILEWEAVE_URL") or DEFAULT_URL,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout,
            transport=transport,
        )
        self._transport = Transport(self._http, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def aois(self, pattern: str = "*") -> list[Feature]:
        """Return the AOIs whose names match a pattern of `*` and `?`, with their statuses."""
        found: list[Feature] = self._json("GET", f"/aoi/{_part(pattern)}")
        return found

    def create_aoi(self, aoi: str) -> Overview:
        """Create an AOI. Raises NotNow if it is there already."""
        answer = self._transport.send("POST", _aoi(aoi))
        # A repeated call may meet what the first one made.
        return self.overview(aoi) if answer.is_error else Overview.model_validate(answer.json())

    def overview(self, aoi: str) -> Overview:
        """Return the overview of an AOI."""
        return Overview.model_validate(self._json("GET", _aoi(aoi)))

    def delete_aoi(self, aoi: str) -> None:
        """Delete an AOI with its scenes and tiles, for good."""
        self._transport.send("DELETE", _aoi(aoi))

    def add_scene(self, aoi: str, scene: Mapping[str, Any]) -> int:
        """Add a scene request or Feature; return the scene's id. Raises NotNow if it is known."""
        added: int = self._json("POST", f"{_aoi(aoi)}/scene", json=scene)["id"]
        return added

    def add_scenes(self, aoi: str, scenes: Iterable[Mapping[str, Any]]) -> Outcomes:
        """Add many scenes in any order; return what became of each."""
        answer = self._json("POST", f"{_aoi(aoi)}/scenes", json=list(scenes))
        return Outcomes.model_validate(answer)

    def scenes(self, aoi: str, status: str = "", *, page: int = 1_000) -> Iterator[Feature]:
        """Return all scenes of an AOI by date, read in pages as they are asked for."""
        return self._pages(_listed(aoi, "scenes", status), {"limit": page})

    def tiles(self, aoi: str, status: str = "", *, page: int = 1_000) -> Iterator[Feature]:
        """Return all tiles of an AOI by date, a Feature each, read in pages."""
        return self._pages(_listed(aoi, "tiles", status), {"limit": page, "view": "tile"})

    def root_tiles(self, aoi: str) -> list[Feature]:
        """Return the tiles that wait for no other tile."""
        found: list[Feature] = self._json("GET", f"{_aoi(aoi)}/roottiles")
        return found

    def leaf_tiles(self, aoi: str) -> list[Feature]:
        """Return the tiles that are the previous of none."""
        found: list[Feature] = self._json("GET", f"{_aoi(aoi)}/leaftiles")
        return found

    def retry_aoi(self, aoi: str, *, force: bool = False) -> Retried:
        """Retry what is in RETRY, with `force` PENDING ones too; return how many."""
        answer = self._transport.send("PUT", f"{_aoi(aoi)}/retry{'/force' if force else ''}")
        return Retried.model_validate_json(answer.content) if answer.content else Retried()

    def graph(  # noqa: PLR0913 - one for each filter of the call
        self,
        aoi: str,
        form: Form = "dot",
        *,
        reference: bool = False,
        tiles: Iterable[str] = (),
        statuses: Iterable[str] = (),
        first: date | None = None,
        last: date | None = None,
    ) -> bytes:
        """Return the graph of an AOI in DOT, or rendered (501 where there is no Graphviz).

        Of tiles of these source ids and statuses (none: all), and of scenes from `first` to `last`:
        dates, both included, or datetimes with a time zone.
        """
        dates = {"from": first, "to": last}
        options = {
            "format": form,
            "reference": str(reference).lower(),
            "tile": list(tiles),
            "status": list(statuses),
            **{name: each.isoformat() for name, each in dates.items() if each is not None},
        }
        return self._transport.send("GET", f"{_aoi(aoi)}/dot", params=options).content

    def get(self, kind: Kind, id_: int) -> Feature:
        """Return a scene or tile."""
        found: Feature = self._json("GET", f"/{kind}/{id_}")
        return found

    def scene_tiles(self, scene_id: int) -> Feature:
        """Return a scene with its tiles, as a FeatureCollection of one."""
        found: Feature = self._json("GET", f"/scene/{scene_id}/tiles")
        return found

    def retry(self, kind: Kind, id_: int, *, force: bool = False) -> Feature:
        """Hand a scene or tile in RETRY out again, with `force` in any status; return it."""
        changed: Feature = self._json("PUT", f"/{kind}/{id_}/retry{'/force' if force else ''}")
        return changed

    def fail(self, kind: Kind, id_: int, *, force: bool = False) -> Feature:
        """Give up a scene or tile in RETRY, with `force` in any status; return it."""
        changed: Feature = self._json("PUT", f"/{kind}/{id_}/fail{'/force' if force else ''}")
        return changed

    def force(self, kind: Kind, id_: int, status: str) -> Feature:
        """Set a status by force; return the scene or tile."""
        changed: Feature = self._json("PUT", f"/{kind}/{id_}/force/{_part(status)}")
        return changed

    def replace_data(self, kind: Kind, id_: int, data: Mapping[str, Any]) -> None:
        """Replace the data of a scene or tile."""
        self._transport.send("PUT", f"/{kind}/{id_}/data", json=data)

    def _json(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - JSON
        return self._transport.send(method, path, **options).json()

    def _pages(self, path: str, options: Mapping[str, Any]) -> Iterator[Feature]:
        page = self._json("GET", path, params=options)
        while True:
            yield from page["features"]
            links = [each["href"] for each in page["links"] if each["rel"] == "next"]
            if not links:
                return
            page = self._json("GET", links[0])


def _checked(token: str) -> str:
    """Return a token without the white space around it; the error never holds the token."""
    stripped = token.strip()
    if not (stripped.isascii() and stripped.isprintable()):
        raise ClientError("The token has characters that no header can hold.")
    return stripped


def _aoi(name: str) -> str:
    return f"/aoi/{_part(name)}"


def _listed(aoi: str, what: str, status: str) -> str:
    return f"{_aoi(aoi)}/{what}/{_part(status)}" if status else f"{_aoi(aoi)}/{what}"


def _part(text: str) -> str:
    return quote(text, safe="")

"""A client of Tileweave's HTTP API."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from uuid import uuid4

import httpx
from pydantic import TypeAdapter

from tileweave.client.errors import ClientError, Missing, Unreachable, error_of
from tileweave.client.models import (
    ADDED,
    AOIS,
    COLLECTION,
    EXPORTED,
    FEATURE,
    FORESEEN,
    HISTORY,
    JOB_TILES,
    LEASE,
    OUTCOMES,
    OVERVIEW,
    PAGE,
    REJECTED,
    REJECTED_PAGE,
    RESTORED,
    RETRIED,
    SETTINGS,
    SNAPSHOT,
    Change,
    ExportedFile,
    Feature,
    FeatureCollection,
    Foreseen,
    JobSettings,
    JobTile,
    Lease,
    ListedAoi,
    Outcomes,
    Overview,
    RejectedMessage,
    RestoredSnapshot,
    Retried,
    SnapshotPage,
)
from tileweave.client.snapshots import NDJSON, Exported, parts_of
from tileweave.client.transport import Transport
from tileweave.client.wire import aoi_path, body, is_pattern, part, read
from tileweave.domain.identity import AOI_NAME, scene_id, tile_id

T = TypeVar("T")

Kind = Literal["scene", "tile"]
Form = Literal["dot", "svg", "png", "pdf"]
Linking = Literal["given", "auto"]

DEFAULT_URL = "http://127.0.0.1:8080"


class Client:
    """Calls one Tileweave; a context manager. Every method raises ClientError (see errors.py).

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
            base_url=_base(url or os.environ.get("TILEWEAVE_URL") or DEFAULT_URL),
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

    def aois(self, pattern: str = "*") -> list[ListedAoi]:
        """Return the AOIs whose names match a pattern of `*` and `?`, by name."""
        if is_pattern(pattern):
            return self._read(AOIS, "GET", f"/aoi/{part(pattern)}")
        if not AOI_NAME.fullmatch(pattern):
            return []
        try:
            return [ListedAoi(**dict(self.overview(pattern)))]
        except Missing:
            return []

    def create_aoi(self, aoi: str) -> Overview:
        """Create an AOI. Raises NotNow if it is there already."""
        answer = self._transport.send("POST", aoi_path(aoi))
        # A repeated call may meet what the first one made.
        return self.overview(aoi) if answer.is_error else read(OVERVIEW, answer)

    def overview(self, aoi: str) -> Overview:
        """Return the overview of an AOI."""
        return self._read(OVERVIEW, "GET", aoi_path(aoi))

    def scene_id(self, aoi: str, scene: str) -> int:
        """Return the id that a scene of this name has in an AOI, be it there or not."""
        return scene_id(aoi, scene, self.overview(aoi).generation)

    def tile_id(self, aoi: str, scene: str, tile: str) -> int:
        """Return the id that a tile has by its scene's name and its own, be it there or not."""
        return tile_id(aoi, scene, tile, self.overview(aoi).generation)

    def delete_aoi(self, aoi: str, *, reason: str = "") -> None:
        """Delete an AOI with its scenes and tiles, for good."""
        self._transport.send("DELETE", aoi_path(aoi), params=_why(reason))

    def settings(self, aoi: str) -> JobSettings:
        """Return what an AOI says of its jobs: leases, delays of automatic retries, queues."""
        return self._read(SETTINGS, "GET", f"{aoi_path(aoi)}/settings")

    def change_settings(self, aoi: str, **settings: float | str | None) -> JobSettings:
        """Change settings by their names (`lease_seconds=3600`); the others stay as they are."""
        path = f"{aoi_path(aoi)}/settings"
        return self._read(SETTINGS, "PUT", path, idempotent=True, **body(settings))

    def add_scene(self, aoi: str, scene: Mapping[str, Any], *, links: Linking = "given") -> int:
        """Add a scene request or Feature; return the scene's id. Raises NotNow if it is known.

        `links="auto"`: tiles without links are linked to those of their footprint, by date.
        """
        path = f"{aoi_path(aoi)}/scene"
        answer = self._transport.send("POST", path, params=_linked(links), **body(dict(scene)))
        if answer.is_error and (error := error_of(answer)).id is None:
            raise error
        return read(ADDED, answer).id

    def add_scenes(
        self, aoi: str, scenes: Iterable[Mapping[str, Any]], *, links: Linking = "given"
    ) -> Outcomes:
        """Add many scenes in any order; return what became of each. `links` as for one."""
        path, listed = f"{aoi_path(aoi)}/scenes", [dict(each) for each in scenes]
        return self._read(OUTCOMES, "POST", path, params=_linked(links), **body(listed))

    def foresee_scenes(
        self, aoi: str, scenes: Iterable[Mapping[str, Any]], *, links: Linking = "given"
    ) -> Foreseen:
        """Return what `add_scenes` would make, without making it."""
        path, listed = f"{aoi_path(aoi)}/scenes", [dict(each) for each in scenes]
        options = {**_linked(links), "dry_run": "true"}
        sent = {"params": options, **body(listed)}
        return self._read(FORESEEN, "POST", path, idempotent=True, **sent)

    def add_lines(
        self, aoi: str, lines: bytes, options: Mapping[str, str | int] | None = None
    ) -> Outcomes:
        """Add scenes that are JSON already, one a line; return what became of each, in order.

        `options` are the parameters of the call (`links`, `tiles`, `graph_name`, ...); with
        `dry_run` it returns Foreseen.
        """
        form: TypeAdapter[Any] = FORESEEN if "dry_run" in (options or {}) else OUTCOMES
        found: Outcomes = self._read(
            form,
            "POST",
            f"{aoi_path(aoi)}/scenes",
            content=lines,
            headers={"Content-Type": "application/x-ndjson"},
            params=dict(options or {}),
        )
        return found

    def add_scenes_from(  # noqa: PLR0913 - one for each thing the call takes
        self,
        aoi: str,
        href: str,
        *,
        media_type: str = "",
        tiles: Literal["given", "annotations"] = "given",
        options: Mapping[str, str | int] | None = None,
        timeout: float = 3600,
    ) -> Outcomes:
        """Add the scenes of a file that the service reads, in a place that it is allowed to.

        `media_type`: what the file is, where its name and its begin do not tell. `tiles`:
        `annotations` has Sentinel-1 scenes without tiles get the bursts of their products.
        `options`: other parameters of the call (`links`, `graph_name`, ...).
        """
        named = {"href": href, "media_type": media_type}
        return self._read(
            OUTCOMES,
            "POST",
            f"{aoi_path(aoi)}/scenes",
            params={"tiles": tiles, **(options or {})},
            timeout=timeout,
            **body(named),
        )

    def scenes(self, aoi: str, status: str = "", *, page: int = 1_000) -> Iterator[Feature]:
        """Return all scenes of an AOI by date, without tiles, read in pages as they are asked for.

        Added to another AOI they have no tiles there: `tiles_by_scene` returns those that have.
        """
        return self._pages(_listed(aoi, "scenes", status), {"limit": page})

    def tiles(self, aoi: str, status: str = "", *, page: int = 1_000) -> Iterator[Feature]:
        """Return all tiles of an AOI by date, a Feature each, read in pages."""
        return self._pages(_listed(aoi, "tiles", status), {"limit": page, "view": "tile"})

    def tiles_by_scene(self, aoi: str, status: str = "", *, page: int = 1_000) -> Iterator[Feature]:
        """Return the scenes of an AOI by date with their `Tiles`, read in pages of so many tiles.

        Added to another AOI they make the same graph. A scene without tiles (of that status) is not
        among them.
        """
        return self._pages(_listed(aoi, "tiles", status), {"limit": page, "view": "scene"})

    def export(self, aoi: str, *, page: int = 2_000) -> Exported:
        """Return a snapshot of an AOI, read in pages of about so many tiles as it is asked for."""
        return Exported(self._snapshot_page, f"{aoi_path(aoi)}/export", page)

    def export_to(self, aoi: str, href: str, form: str = "") -> ExportedFile:
        """Have the service write a snapshot to a place of its list; return what it wrote."""
        wanted = {"href": href, "format": form or None}
        path = f"{aoi_path(aoi)}/export"
        return self._read(EXPORTED, "POST", path, idempotent=True, **body(wanted))

    def restore(
        self, aoi: str, header: Mapping[str, Any], features: Iterable[Feature]
    ) -> Iterator[RestoredSnapshot]:
        """Restore a snapshot to an AOI, which is made if it is not there; return how much by part.

        Raises NotNow: something else of the same name is there already.
        """
        path = f"{aoi_path(aoi)}/restore"
        for content in parts_of(header, features):
            sent = {"content": content, "headers": {"Content-Type": NDJSON}}
            yield self._restored(path, sent)

    def restore_from(
        self, aoi: str, href: str, form: str = "", *, settings: bool = True
    ) -> RestoredSnapshot:
        """Have the service read a snapshot from a place of its list, and restore it.

        An AOI that is made by it gets the settings of the first one, unless they are not wanted.
        """
        sent = body({"href": href, "format": form or None})
        params = {"settings": str(settings).lower()}
        return self._restored(f"{aoi_path(aoi)}/restore", {**sent, "params": params})

    def root_tiles(self, aoi: str) -> list[JobTile]:
        """Return the tiles that wait for no other tile."""
        return self._read(JOB_TILES, "GET", f"{aoi_path(aoi)}/roottiles")

    def leaf_tiles(self, aoi: str) -> list[JobTile]:
        """Return the tiles that are the previous of none."""
        return self._read(JOB_TILES, "GET", f"{aoi_path(aoi)}/leaftiles")

    def retry_aoi(self, aoi: str, *, force: bool = False, reason: str = "") -> Retried:
        """Retry what is in RETRY, with `force` PENDING ones too; return how many."""
        path = f"{aoi_path(aoi)}/retry{'/force' if force else ''}"
        answer = self._transport.send("PUT", path, params=_why(reason))
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return Retried(scenes=0, tiles=0)
        return read(RETRIED, answer)

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
        return self._transport.send("GET", f"{aoi_path(aoi)}/dot", params=options).content

    def get(self, kind: Kind, id_: int) -> Feature:
        """Return a scene or tile."""
        return self._read(FEATURE, "GET", f"/{kind}/{id_}")

    def scene_tiles(self, scene_id: int) -> FeatureCollection:
        """Return a scene with its tiles, as a FeatureCollection of one."""
        return self._read(COLLECTION, "GET", f"/scene/{scene_id}/tiles")

    def history(self, kind: Kind, id_: int) -> list[Change]:
        """Return every change of a scene's or tile's status, the oldest first."""
        return self._read(HISTORY, "GET", f"/{kind}/{id_}/history")

    def retry(self, kind: Kind, id_: int, *, force: bool = False, reason: str = "") -> Feature:
        """Hand a scene or tile in RETRY out again, with `force` in any status; return it."""
        return self._operate(f"/{kind}/{id_}/retry{'/force' if force else ''}", reason)

    def fail(self, kind: Kind, id_: int, *, force: bool = False, reason: str = "") -> Feature:
        """Give up a scene or tile in RETRY, with `force` in any status; return it."""
        return self._operate(f"/{kind}/{id_}/fail{'/force' if force else ''}", reason)

    def force(self, kind: Kind, id_: int, status: str, *, reason: str = "") -> Feature:
        """Set a status by force; return the scene or tile."""
        return self._operate(f"/{kind}/{id_}/force/{part(status)}", reason)

    def heartbeat(self, kind: Kind, id_: int, attempt: int | None = None) -> Lease:
        """Have the lease of a job begin anew. Raises NotNow: it is over, or at another attempt."""
        params = {} if attempt is None else {"attempt": attempt}
        answer = self._transport.send("POST", f"/{kind}/{id_}/heartbeat", params=params)
        if answer.is_error:
            raise error_of(answer)
        return read(LEASE, answer)

    def rejected(
        self, aoi: str = "", kind: str = "", *, page: int = 1_000
    ) -> Iterator[RejectedMessage]:
        """Return rejected messages, of an AOI or kind if one is given, the latest first."""
        options = {"limit": page, "aoi": aoi, "kind": kind}
        params = {name: value for name, value in options.items() if value}
        found = self._read(REJECTED_PAGE, "GET", "/rejected", params=params)
        yield from found.rejected
        while found.next is not None:
            found = self._read(REJECTED_PAGE, "GET", found.next)
            yield from found.rejected

    def replay(self, id_: str) -> RejectedMessage:
        """Take a rejected message as if it was delivered now.

        Raises NotNow: it is still wrong, or was replayed before.
        """
        path = f"/rejected/{part(id_)}"
        answer = self._transport.send("POST", f"{path}/replay")
        if not answer.is_error:
            return read(REJECTED, answer)
        # A repeated call may meet what the first one did.
        found = self._read(REJECTED, "GET", path)
        if found.replayed_at is None:
            raise error_of(answer)
        return found

    def replace_data(self, kind: Kind, id_: int, data: Mapping[str, Any]) -> None:
        """Replace the data of a scene or tile."""
        path = f"/{kind}/{id_}/data"
        self._transport.send("PUT", path, idempotent=True, **body(dict(data)))

    def _operate(self, path: str, reason: str) -> Feature:
        """Change a status; the call has a name, by which it is carried out once if repeated."""
        headers = {"Idempotency-Key": str(uuid4())}
        options: dict[str, Any] = {"params": _why(reason), "headers": headers}
        return self._read(FEATURE, "PUT", path, idempotent=True, **options)

    def _read(self, form: TypeAdapter[T], method: str, path: str, **options: Any) -> T:  # noqa: ANN401
        return read(form, self._transport.send(method, path, **options))

    def _snapshot_page(self, path: str, params: Mapping[str, Any]) -> SnapshotPage:
        return self._read(SNAPSHOT, "GET", path, **({"params": params} if params else {}))

    def _restored(self, path: str, sent: Mapping[str, Any]) -> RestoredSnapshot:
        answer = self._transport.send("POST", path, idempotent=True, **sent)
        if answer.is_error:  # the transport takes a 409 for what an earlier try has done
            raise error_of(answer)
        return read(RESTORED, answer)

    def _pages(self, path: str, options: Mapping[str, Any]) -> Iterator[Feature]:
        page = self._read(PAGE, "GET", path, params=options)
        yield from page.features
        while page.next is not None:
            page = self._read(PAGE, "GET", page.next)
            yield from page.features


def _linked(links: Linking) -> dict[str, str]:
    return {} if links == "given" else {"links": links}


def _why(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}


def _base(url: str) -> httpx.URL:
    """Return the URL of a service; raises Unreachable where nothing can be at it."""
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Unreachable(f"{url!r} is no URL of a service: {error}") from error


def _checked(token: str) -> str:
    """Return a token without the white space around it; the error never holds the token."""
    stripped = token.strip()
    if not (stripped.isascii() and stripped.isprintable()):
        raise ClientError("The token has characters that no header can hold.")
    return stripped


def _listed(aoi: str, what: str, status: str) -> str:
    return f"{aoi_path(aoi)}/{what}/{part(status)}" if status else f"{aoi_path(aoi)}/{what}"

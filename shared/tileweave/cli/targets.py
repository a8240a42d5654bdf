"""What a command is about: a scene or tile, by its names or by its id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli.aois import names
from tileweave.cli.errors import CommandError

if TYPE_CHECKING:
    from tileweave.client import Client
    from tileweave.client.client import Kind

SomeAoi = Annotated[
    str | None,
    typer.Argument(
        metavar="AOI", autocompletion=names, help="The name of an AOI.", show_default=False
    ),
]
Name = Annotated[
    str | None,
    typer.Argument(metavar="SCENE[/TILE]", help="A scene of it, or a tile.", show_default=False),
]
SceneId = Annotated[
    int | None, typer.Option("--scene", min=1, metavar="ID", help="A scene, by its id instead.")
]
TileId = Annotated[
    int | None, typer.Option("--tile", min=1, metavar="ID", help="A tile, by its id instead.")
]


@dataclass(frozen=True, slots=True)
class Target:
    """A scene or tile, as it was asked for."""

    kind: Kind
    shown: str
    id: int | None = None
    aoi: str = ""
    scene: str = ""
    tile: str = ""

    def id_of(self, client: Client) -> int:
        """Return its id, derived from its names."""
        if self.id is not None:
            return self.id
        if self.kind == "tile":
            return client.tile_id(self.aoi, self.scene, self.tile)
        return client.scene_id(self.aoi, self.scene)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Tell by its names that it is not there: the service knows its id only."""
        from tileweave.client import Missing

        try:
            yield
        except Missing as error:
            if self.id is not None:
                raise
            raise CommandError(f"AOI {self.aoi} has no {self.shown}") from error


def target(aoi: str | None, name: str | None, scene: int | None, tile: int | None) -> Target | None:
    """Return what is asked for; None if it is an AOI as a whole. Raises a usage error."""
    ids = [each for each in (scene, tile) if each is not None]
    if len(ids) > 1 or (ids and aoi is not None):
        raise typer.BadParameter("name one thing: AOI [SCENE[/TILE]], or --scene ID, or --tile ID")
    if scene is not None:
        return Target("scene", f"scene {scene}", id=scene)
    if tile is not None:
        return Target("tile", f"tile {tile}", id=tile)
    if aoi is None:
        raise typer.BadParameter("name what is meant: AOI [SCENE[/TILE]], --scene ID or --tile ID")
    return None if name is None else _named(aoi, name)


def one(aoi: str | None, name: str | None, scene: int | None, tile: int | None) -> Target:
    """Return the scene or tile that is asked for. Raises a usage error: an AOI is neither."""
    found = target(aoi, name, scene, tile)
    if found is None:
        raise typer.BadParameter(f"name a scene or tile of {aoi}: SCENE or SCENE/TILE")
    return found


def _named(aoi: str, name: str) -> Target:
    scene, slash, tile = name.rpartition("/")
    if not slash:
        return Target("scene", f"scene {name}", aoi=aoi, scene=name)
    return Target("tile", f"tile {tile} of scene {scene}", aoi=aoi, scene=scene, tile=tile)

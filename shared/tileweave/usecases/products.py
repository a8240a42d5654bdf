"""What use cases need of satellite products: their tiles."""

from __future__ import annotations

from typing import NoReturn, Protocol

from tileweave.domain.errors import PlaceRefused, TileweaveError
from tileweave.domain.ingestion import NewTile


class BadProduct(TileweaveError):
    """Raised when a product does not tell its bursts; names the product and the file in it."""


class Products(Protocol):
    """Satellite products, at their places."""

    def tiles(self, href: str) -> list[NewTile]:
        """Return a tile for each burst, from the annotation.

        Raises BadProduct, PlaceRefused, NothingThere, Unavailable.
        """


class NoProducts:
    """The products of who reads none: every address is refused."""

    def tiles(self, href: str) -> NoReturn:
        """Raise PlaceRefused."""
        raise PlaceRefused(href, "no products are read here.")


NO_PRODUCTS: Products = NoProducts()

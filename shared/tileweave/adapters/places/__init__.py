"""Files in object storage, behind HTTPS, and on this machine.

Importing this imports no client: each is made by the first address that needs it.
"""

from tileweave.adapters.places.allowed import AllowedPlaces
from tileweave.adapters.places.anywhere import AnyPlace

__all__ = ["AllowedPlaces", "AnyPlace"]

"""Sentinel-1 products, of which only the annotation is read."""

from tileweave.adapters.sentinel1.products import Sentinel1Products

__all__ = ["Sentinel1Products"]

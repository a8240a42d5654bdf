"""The documents that a run finds: those of all AOIs."""

from __future__ import annotations


def hand_out_again() -> int:
    """Go on where the last run stopped; return how many jobs were handed out again.

    The environment names the emulators.
    """
    from tileweave import compose
    from tileweave.cli.resume import resume

    services = compose.for_messages()
    return resume(services, [aoi.name for aoi, _ in services.store.aois()])

"""The documents that a run finds: those of all AOIs."""

from __future__ import annotations


def hand_out_again(project: str) -> int:
    """Go on where the last run stopped; return how many jobs were handed out again.

    The environment names the emulators.
    """
    from google.cloud.firestore import Client

    from tileweave import compose
    from tileweave.cli.resume import resume

    aois = Client(project=project).collection("aois").stream()
    return resume(compose.for_messages(), [each.get("name") for each in aois])

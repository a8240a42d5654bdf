"""Ports of this machine's loopback interface."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack

from tileweave_emulators.errors import PortInUse

LOOPBACK = "127.0.0.1"


def choose(wanted: Sequence[int]) -> list[int]:
    """Return the ports wanted, with a free one for each 0; all differ.

    Raises:
        PortInUse: one that was named is taken.
    """
    with ExitStack() as held:
        # All are held until all are chosen, or the system could give the same one twice.
        return [_hold(port, held) for port in wanted]


def _hold(port: int, held: ExitStack) -> int:
    listener = held.enter_context(socket.socket())
    # As servers do: a port that only waits for old connections to fade is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError as error:
        raise PortInUse(f"port {port} of {LOOPBACK} cannot be used: {error.strerror}") from error
    chosen: int = listener.getsockname()[1]
    return chosen

"""Ports of this machine's loopback interface."""

import random
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from tileweave_emulators.errors import PortInUse

LOOPBACK = "127.0.0.1"

FREE = range(15_000, 32_000)
"""Where free ports are looked for: none that systems give to outgoing connections, which could take
it between being chosen and being listened at."""

TRIES = 100


def choose(wanted: Sequence[int]) -> list[int]:
    """Return the ports wanted, with a free one for each 0; all differ.

    Raises:
        PortInUse: one that was named is taken.
    """
    with ExitStack() as held:
        # All are held until all are chosen, or the same one could be taken twice.
        return [_hold(port, held) if port else _hold_any(held) for port in wanted]


def _hold_any(held: ExitStack) -> int:
    for port in random.sample(FREE, TRIES):
        with suppress(PortInUse):
            return _hold(port, held)
    return _hold(0, held)


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

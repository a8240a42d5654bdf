"""Choosing ports."""

import socket

import pytest

from tileweave_emulators.errors import PortInUse
from tileweave_emulators.ports import choose


def test_free_ports_are_chosen_and_differ() -> None:
    """Each 0 becomes a port of its own."""
    chosen = choose([0] * 20)

    assert len(set(chosen)) == 20
    assert all(chosen)


def test_a_port_that_is_named_is_kept_and_one_in_use_is_one_clear_line() -> None:
    """Whether it is taken is known before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} of 127.0.0.1 cannot be used"):
            choose([0, port])

    assert choose([port]) == [port]

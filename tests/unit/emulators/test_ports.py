"""Choosing ports."""

import socket

import pytest

from tileweave_emulators.errors import PortInUse
from tileweave_emulators.ports import FREE, LOOPBACK, choose


def test_free_ports_are_chosen_and_differ() -> None:
    """Each 0 becomes a port of its own."""
    chosen = choose([0] * 20)

    assert len(set(chosen)) == 20
    assert all(chosen)


def test_free_ports_are_none_that_connections_get() -> None:
    """One could be taken by a connection before anybody listens at it."""
    with socket.create_server((LOOPBACK, 0)) as server:
        given = server.getsockname()[1]

    assert set(choose([0, 0, 0])) <= set(FREE)
    assert given not in FREE


def test_where_all_of_these_are_taken_the_system_gives_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("random.sample", lambda *_: [port])
        [chosen] = choose([0])

    assert chosen not in {0, port}


def test_a_port_that_is_named_is_kept_and_one_in_use_is_one_clear_line() -> None:
    """Whether it is taken is known before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} of 127.0.0.1 cannot be used"):
            choose([0, port])

    assert choose([port]) == [port]

"""What is to run where: found out before anything is started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tileweave.cli import functions
from tileweave.cli.errors import CommandError
from tileweave.topology import Topology, load
from tileweave_emulators import PortInUse, ports


@dataclass(frozen=True)
class Plan:
    """The functions' folder, the topics, and a port for everything."""

    source: Path
    topology: Topology
    gateway: int
    functions: Mapping[str, int]

    @property
    def url(self) -> str:
        """The one base URL."""
        return functions.url(self.gateway)

    def url_of(self, name: str) -> str:
        """Return where a function is served."""
        return functions.url(self.functions[name])

    def commands(self) -> dict[str, list[str]]:
        """Return the command line of every process, by its name; the gateway comes first."""
        gateway = functions.gateway_command(self.gateway, self.functions)
        served = {
            name: functions.command(self.source, name, port)
            for name, port in self.functions.items()
        }
        return {"gateway": gateway, **served}

    def names_of_topics(self) -> dict[str, str]:
        """Return the variables of the environment that give topics other names."""
        variables = sorted(topic.env for topic in self.topology.topics.values())
        return {name: os.environ[name] for name in variables if name in os.environ}


def planned(port: int) -> Plan:
    """Return what is to run, behind this port (0: a free one). Raises CommandError."""
    source, topology = functions.folder(), _topology()
    _check_places()
    names = functions.wanted(os.environ)
    try:
        gateway, *others = ports.choose([port] + [0] * len(names))
    except PortInUse as error:
        said = f"port {port} is in use: stop what listens there, or choose another with --port"
        raise CommandError(said) from error
    return Plan(source, topology, gateway, dict(zip(names, others, strict=True)))


def _check_places() -> None:
    from tileweave.adapters.places import AllowedPlaces
    from tileweave.settings import Settings

    try:
        AllowedPlaces.of(Settings.of(os.environ).places)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _topology() -> Topology:
    try:
        return load().named(os.environ)
    except ValueError as error:
        raise CommandError(str(error)) from error

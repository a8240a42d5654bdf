"""The functions of the repository are found and served."""

from pathlib import Path

import pytest

from tileweave.cli import functions
from tileweave.cli.errors import CommandError


def test_every_function_of_the_repository_is_started() -> None:
    here = {each.parent.name for each in functions.folder().glob("*/main.py")}
    assert here == set(functions.NAMES)


def test_results_are_collected_where_a_queue_is_configured() -> None:
    assert "collect" not in functions.wanted({})
    assert set(functions.wanted({"TILEWEAVE_RESULTS_QUEUE": "https://a"})) == set(functions.NAMES)


def test_an_installation_without_the_functions_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="from a checkout of Tileweave's repository"):
        functions.folder(tmp_path / "lib" / "tileweave" / "__init__.py")


def test_a_function_is_served_on_this_machine_only(tmp_path: Path) -> None:
    line = functions.command(tmp_path, "aoi", 8101)
    assert line[line.index("--host") + 1] == "127.0.0.1"
    assert line[line.index("--source") + 1] == str(tmp_path / "aoi" / "main.py")


def test_the_gateway_knows_every_function() -> None:
    line = functions.gateway_command(8080, {"aoi": 1, "dashboard": 2})
    assert line[-1] == "tileweave.cli.gateway:gateway(aoi=1, dashboard=2)"
    assert "127.0.0.1:8080" in line

"""All tests of this folder break things on purpose; what they tried is summed up at the end."""

from pathlib import Path

import pytest

from tests.faults import figures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was tried."""
    if found := figures.lines():
        terminalreporter.section("what was tried")
        terminalreporter.write_line("\n".join(found))

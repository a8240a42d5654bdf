"""Under CI, a test that did not really run fails the run: CI has everything that a test needs.

A skip tells a developer what to install; in CI it would hide that nothing was tested. So with `CI`
set in the environment, a session with a skipped test, or one that is expected to fail, exits 1 and
names each of them.
"""

import os

import pytest

_OFF = {"", "0", "false", "no"}


class NoSkips:
    """Collects what was skipped, or failed as expected, and fails the session for it."""

    def __init__(self) -> None:
        self.not_run: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that was skipped as a whole."""
        if report.skipped:
            self._note(report, "skipped")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped, or is expected to fail."""
        if hasattr(report, "wasxfail"):
            self._note(report, "expected to fail")
        elif report.skipped:
            self._note(report, "skipped")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a session that is otherwise in order into a failed one."""
        if self.not_run and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what did not run."""
        for line in self.not_run:
            terminalreporter.write_line(f"not allowed in CI: {line}", red=True)

    def _note(self, report: pytest.CollectReport | pytest.TestReport, how: str) -> None:
        self.not_run.append(f"{report.nodeid} was {how}: {_reason(report)}")


def pytest_configure(config: pytest.Config) -> None:
    """Register the rule where CI is on."""
    if os.environ.get("CI", "").lower() not in _OFF:
        config.pluginmanager.register(NoSkips(), "tileweave-no-skips")


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    xfail: str | None = getattr(report, "wasxfail", None)
    if xfail is not None:
        return xfail or "no reason given"
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return "no reason given"

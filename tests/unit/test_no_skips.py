import pytest

pytest_plugins = ["pytester"]

SKIPPED = [
    "@pytest.mark.skip(reason='no dot')\ndef test_it(): ...",
    "@pytest.mark.skipif(True, reason='no dot')\ndef test_it(): ...",
    "def test_it():\n    pytest.skip('no dot')",
    "@pytest.fixture\ndef dot(): pytest.skip('no dot')\ndef test_it(dot): ...",
]
XFAILED = [
    "@pytest.mark.xfail(reason='known')\ndef test_it(): assert False",
    "@pytest.mark.xfail(reason='known', strict=False)\ndef test_it(): ...",
    "def test_it():\n    pytest.xfail('known')",
]


@pytest.fixture(autouse=True)
def the_plugin_alone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "tests.plugins.no_skips")
    monkeypatch.setenv("PYTHONPATH", str(request.config.rootpath))


@pytest.fixture
def in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")


@pytest.mark.usefixtures("in_ci")
@pytest.mark.parametrize("source", SKIPPED)
def test_in_ci_a_skipped_test_fails_the_session(pytester: pytest.Pytester, source: str) -> None:
    pytester.makepyfile(f"import pytest\n{source}\ndef test_other(): ...")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["not allowed in CI: *::test_it was skipped: no dot"])


@pytest.mark.usefixtures("in_ci")
@pytest.mark.parametrize("source", XFAILED)
def test_in_ci_an_expected_failure_fails_the_session(
    pytester: pytest.Pytester, source: str
) -> None:
    pytester.makepyfile(f"import pytest\n{source}\ndef test_other(): ...")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["not allowed in CI: *::test_it was expected to fail: *known"])


@pytest.mark.usefixtures("in_ci")
def test_in_ci_a_skipped_module_fails_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_one="import pytest\npytest.importorskip('no_such_module')",
        test_two="def test_other(): ...",
    )

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["not allowed in CI: test_one.py was skipped: *no_such_module*"])


@pytest.mark.usefixtures("in_ci")
def test_in_ci_a_skip_in_a_parallel_run_fails_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\ndef test_it(): pytest.skip('no dot')")

    result = pytester.runpytest_subprocess("-p", "xdist", "-n", "1")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["not allowed in CI: *::test_it was skipped: no dot"])


@pytest.mark.usefixtures("in_ci")
def test_in_ci_a_session_that_runs_every_test_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): ...")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("not allowed in CI*")


@pytest.mark.parametrize("ci", [None, "", "false", "0"])
def test_elsewhere_a_skip_is_only_a_skip(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str | None
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    pytester.makepyfile("import pytest\ndef test_it(): pytest.skip('no dot')")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(skipped=1)

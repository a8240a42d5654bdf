"""The pages of the documentation: their commands are run, and name what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from tests.aws import Aws
from tests.e2e.system import Machine, Up, environment, up
from tileweave.cli.app import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUN = ("ingest", "cli", "links", "places", "snapshots", "workers")
"""Pages whose commands are run, as far as they are there."""

SECONDS = 30
"""How long one block may take on a slow machine."""

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """The commands of a fenced block, and the line that they begin at."""

    line: int
    script: str


def text_of(page: Path) -> str:
    """Return the text of a page."""
    return page.read_text("utf-8")


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are run."""
    text = text_of(page)
    return [Block(text.count("\n", 0, each.start()) + 2, each[1]) for each in BLOCK.finditer(text)]


PAGES = [DOCS / f"{name}.md" for name in RUN if (DOCS / f"{name}.md").exists()]
EVERY_PAGE = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]


@pytest.fixture(scope="module")
def system(moto: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One `tileweave up` for all pages, beside an archive that it may read and write."""
    moto.reset()
    places = {"TILEWEAVE_PLACES": "s3://archive"}
    machine = Machine(tmp_path_factory.mktemp("machine"), {**moto.environment, **places})
    with up(machine) as running:
        yield running


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_do_what_they_say(system: Up, tmp_path: Path, page: Path) -> None:
    """One block after the other, by bash, in a folder with the examples."""
    shutil.copytree(DOCS / "examples", tmp_path, dirs_exist_ok=True)
    found = blocks(page)
    assert found
    for block in found:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.script],
            cwd=tmp_path,
            env=_environment(system),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = f"{page.name}, line {block.line}:\n{block.script}\n{ran.stdout}\n{ran.stderr}"
        assert ran.returncode == 0, said


def _environment(system: Up) -> dict[str, str]:
    """Return an environment with the command on its path, and the service named."""
    here = str(Path(sys.executable).parent)
    found = environment(system.machine.home) | system.machine.environment
    return found | {
        "TILEWEAVE_URL": system.url,
        "PATH": os.pathsep.join([here, found["PATH"]]),
        "LC_ALL": "C.UTF-8",
    }


def sections(page: Path) -> dict[str, str]:
    """Return the text below each heading of the second level."""
    _, *parts = HEADING.split(text_of(page))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Return every command of the app by its name, those of groups by both."""
    yield from _below("tileweave", get_command(app))


def _below(name: str, command: object) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    if isinstance(command, typer.core.TyperGroup):
        for each, inner in command.commands.items():
            yield from _below(f"{name} {each}", inner)
    if name != "tileweave":
        yield name, command  # type: ignore[misc]


SHARED = {"--json", "--url", "--help"}
"""Options that the page explains once for all commands."""


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=str)
def test_the_page_names_every_command_and_option(
    name: str, command: typer.core.TyperCommand
) -> None:
    """A command in a heading, its options below it."""
    found = sections(DOCS / "cli.md")
    own = [f"{title}\n{text}" for title, text in found.items() if f"`{name}" in title]
    assert own, f"{name} has no heading in docs/cli.md"
    options = {
        each
        for one in command.params
        for each in [*one.opts, *one.secondary_opts]
        if each[0] == "-"
    }
    missing = [each for each in options - SHARED if not re.search(rf"{re.escape(each)}\b", own[0])]
    assert missing == []


def test_the_page_names_what_all_commands_share() -> None:
    """And the options of the command itself."""
    text = text_of(DOCS / "cli.md")
    named = {each for one in get_command(app).params for each in one.opts}
    assert [each for each in (SHARED | named) if each not in text] == []


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file of this repository, and to a heading in it if it names one."""
    text = FENCED.sub("", text_of(page))
    for target, anchor in LINK.findall(text):
        if "://" in target:
            continue
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if anchor:
            assert anchor[1:] in anchors(file), f"{target}{anchor}"


def anchors(page: Path) -> set[str]:
    """Return what links may name of a page: its headings, as they are written in addresses."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", text_of(page)), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", each.lower()) for each in titles)
    return {each.replace(" ", "-") for each in kept}

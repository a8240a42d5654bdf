"""Generated requests over HTTP, with a token, against `tileweave up`: nothing undocumented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

import tests.ndjson  # noqa: F401 - registers how lines are written
from tests.e2e.system import Machine, Up, up
from tileweave.cli.denmark import features
from tileweave.client import Client
from tileweave.web.openapi import document

TOKEN = "operate-1"
AREA = "Generated"
EXAMPLES = 4

load_all_checks()
EXCLUDED = {
    "positive_data_acceptance": "what is valid JSON may still be no date, no polygon, no chain",
    "negative_data_rejection": "a scene that is wrong is an outcome among others of many",
}
IDS: dict[str, int] = {}
"""A scene and a tile that exist while the tests run."""

API = schemathesis.openapi.from_dict(document())


@API.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Aim at what exists, but for deletions."""
    if not path_parameters or context.operation.method.upper() == "DELETE":
        return path_parameters
    kind = context.operation.path.split("/")[1]
    existing = {"aoi": AREA, "id": IDS.get(kind, 1)}
    return {name: existing.get(name, value) for name, value in path_parameters.items()}


@pytest.fixture(scope="module")
def system(machine: Machine) -> Iterator[Up]:
    """One `tileweave up` with a token, and Denmark in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILEWEAVE_OPERATOR_TOKENS", TOKEN)
        with up(machine) as running, Client(running.url, TOKEN) as client:
            client.create_aoi(AREA)
            added = client.add_scenes(AREA, features()).scenes
            IDS["scene"] = added[0].id or 1
            IDS["tile"] = next(client.tiles(AREA))["id"]
            yield running


@API.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_call_over_http_answers_what_is_not_documented(
    case: schemathesis.Case[Any], system: Up
) -> None:
    """No other status, no other content, no crash, no answer without the token."""
    excluded: list[Any] = [CHECKS.get_one(name) for name in EXCLUDED]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    case.call_and_validate(base_url=system.url, headers=headers, excluded_checks=excluded)

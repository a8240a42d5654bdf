"""Tokens over HTTP: every function asks for them, when `tileweave up` runs with them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.system import Machine, Up, up
from tileweave.client import Client, Denied

VIEWER, OPERATOR, NEXT = "view-1", "operate-1", "operate-2"
ORIGIN = "https://maps.example"


@pytest.fixture(scope="module")
def system(machine: Machine) -> Iterator[Up]:
    """One `tileweave up` with tokens, one of them on its way in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILEWEAVE_VIEWER_TOKENS", f"map:{VIEWER}")
        patch.setenv("TILEWEAVE_OPERATOR_TOKENS", f"{OPERATOR},{NEXT}")
        patch.setenv("TILEWEAVE_CORS_ORIGINS", ORIGIN)
        with up(machine) as running:
            yield running


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/aoi/", "/scene/1", "/tile/1", "/docs", "/openapi.json", "/no"])
@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"Authorization": "Basic eA=="}])
def test_without_a_token_nothing_is_answered(
    system: Up, path: str, headers: dict[str, str]
) -> None:
    """Not even whether there is anything."""
    answer = httpx.get(system.url + path, headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="tileweave"')


@pytest.mark.parametrize("path", ["/", "/health"])
def test_health_needs_no_token(system: Up, path: str) -> None:
    """Whoever watches the service has none."""
    assert httpx.get(system.url + path, trust_env=False).json()["status"] == "ok"


def test_viewers_read_and_operators_write(system: Up) -> None:
    """Each with any of its tokens."""
    with Client(system.url, OPERATOR) as operator, Client(system.url, VIEWER) as viewer:
        operator.create_aoi("Seen")
        assert viewer.overview("Seen").name == "Seen"
        with pytest.raises(Denied) as denied:
            viewer.delete_aoi("Seen")
        assert denied.value.status == 403
    with Client(system.url, NEXT) as rotated:
        rotated.delete_aoi("Seen")


def test_pages_of_the_configured_origin_may_call(system: Up) -> None:
    """The browser asks first, without a token; others get no leave."""
    asked = {"Access-Control-Request-Method": "PUT", "Origin": ORIGIN}
    other = {**asked, "Origin": "https://elsewhere.example"}
    allowed, refused = (
        httpx.options(f"{system.url}/tile/1/retry", headers=each, trust_env=False)
        for each in (asked, other)
    )
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in refused.headers

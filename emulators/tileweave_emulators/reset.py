"""Deleting what the emulators hold of a project."""

from collections.abc import Iterator
from http import HTTPStatus

import httpx

from tileweave_emulators.errors import ResetFailed
from tileweave_emulators.readiness import local_client

_SECONDS = 60


def delete_documents(host: str, project: str) -> None:
    """Delete every document of the project's default database in the Firestore emulator.

    Raises:
        ResetFailed: the emulator refused, or did not answer.
    """
    url = f"http://{host}/emulator/v1/projects/{project}/databases/(default)/documents"
    try:
        with local_client(_SECONDS) as client:
            client.delete(url).raise_for_status()
    except httpx.HTTPError as error:
        raise ResetFailed(f"the documents could not be deleted: {error}") from error


def delete_messaging(host: str, project: str) -> None:
    """Delete every subscription, then every topic, of the project in the Pub/Sub emulator.

    Raises:
        ResetFailed: the emulator refused, or did not answer.
    """
    try:
        # Its JSON interface: Google's client would take more than a second to import.
        with local_client(_SECONDS) as client:
            for collection in ("subscriptions", "topics"):
                for name in list(_names(client, host, project, collection)):
                    _delete(client, f"http://{host}/v1/{name}")
    except httpx.HTTPError as error:
        raise ResetFailed(f"topics and subscriptions could not be deleted: {error}") from error


def _names(client: httpx.Client, host: str, project: str, collection: str) -> Iterator[str]:
    page = ""
    while True:
        answer = client.get(
            f"http://{host}/v1/projects/{project}/{collection}", params={"pageToken": page}
        )
        listed = answer.raise_for_status().json()
        yield from (one["name"] for one in listed.get(collection, ()))
        page = listed.get("nextPageToken", "")
        if not page:
            return


def _delete(client: httpx.Client, url: str) -> None:
    answer = client.delete(url)
    if answer.status_code != HTTPStatus.NOT_FOUND:  # gone already is as good
        answer.raise_for_status()

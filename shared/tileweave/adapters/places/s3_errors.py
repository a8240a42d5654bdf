"""What S3 and its client say, as errors of places: what is wrong, and how to mend it."""

from __future__ import annotations

from boto3.exceptions import Boto3Error, S3UploadFailedError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from tileweave.adapters.places.ranged import changed
from tileweave.domain.errors import NothingThere, PlaceRefused, TileweaveError, Unavailable

CREDENTIALS = "there are no AWS credentials here: set AWS_ACCESS_KEY_ID, AWS_PROFILE, or a role."

WHY = {
    "NoSuchBucket": "there is no such bucket.",
    "InvalidAccessKeyId": "S3 does not know the credentials of this process.",
    "SignatureDoesNotMatch": "S3 does not take the credentials of this process.",
    "ExpiredToken": "the credentials of this process have run out.",
    "InvalidObjectState": "it is archived: have S3 restore it first.",
    "PermanentRedirect": "its bucket is in another region: set AWS_REGION to that.",
    "AuthorizationHeaderMalformed": "its bucket is in another region: set AWS_REGION to that.",
    "IllegalLocationConstraintException": "its bucket is in another region: set AWS_REGION to it.",
    "301": "its bucket is in another region: set AWS_REGION to that.",
    "400": "S3 does not take the request: look at AWS_REGION and the credentials.",
}
FORBIDDEN = (
    "S3 forbids it (403): the credentials of this process may not do that, or it is no more."
)

NOT_FOUND, FAILED_CONDITION, NOT_IN_RANGE, SERVER_ERRORS = 404, 412, 416, 500
TOO_MANY = ("SlowDown", "Throttling", "RequestLimitExceeded", "TooManyRequests", "429")
TOO_LATE = ("RequestTimeout", "RequestTimeTooSkewed")


def error_of(error: ClientError, href: str) -> TileweaveError:
    """Return what an answer of S3 means for a file."""
    said = error.response.get("Error", {})
    code = said.get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in WHY:
        return PlaceRefused(href, WHY[code])
    if status == NOT_FOUND:
        return NothingThere(href)
    if status in (FAILED_CONDITION, NOT_IN_RANGE):
        return changed(href)
    if status >= SERVER_ERRORS or code in TOO_MANY or code in TOO_LATE:
        return Unavailable(f"{href}: S3 does not answer now: {code}.")
    if status == 403:  # noqa: PLR2004 - what HTTP calls forbidden
        return PlaceRefused(href, FORBIDDEN)
    return PlaceRefused(href, f"S3 refuses it: {code} {said.get('Message', '')}".rstrip(" .") + ".")


def error_of_client(error: BotoCoreError | Boto3Error, href: str) -> TileweaveError:
    """Return what its client means, without an answer of S3."""
    if isinstance(error, S3UploadFailedError) and isinstance(error.__cause__, ClientError):
        return error_of(error.__cause__, href)
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
        return PlaceRefused(href, CREDENTIALS)
    if isinstance(error, HTTPClientError | ConnectionError):
        return Unavailable(f"{href}: {error}.")
    return PlaceRefused(href, f"{error}".rstrip(".") + ".")

"""S3 and SQS on a loopback port, played by moto, with a count of what is asked of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import requests
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "eu-central-1"

BUCKET = "archive"
"""A bucket that is there in every test."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and how many bytes answered it."""

    method: str
    path: str
    size: int


@dataclass
class Aws:
    """A moto server; `asked` holds what was asked of it since the test began."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def environment(self) -> Mapping[str, str]:
        """What has every AWS client of a process find this, and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    @property
    def s3(self) -> S3Client:
        """A client of its own, for the test to put there and look at what is there."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def put(self, key: str, body: bytes, bucket: str = BUCKET) -> str:
        """Put an object there; return its address."""
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)
        self.asked.clear()
        return f"s3://{bucket}/{key}"

    def get(self, key: str, bucket: str = BUCKET) -> bytes:
        """Return the content of an object."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str = BUCKET) -> list[str]:
        """Return the keys of all objects."""
        found = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [each["Key"] for each in found]

    def reset(self) -> None:
        """Forget everything, but for an empty bucket."""
        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()
        where: Any = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        self.asked.clear()


@contextmanager
def serving() -> Iterator[Aws]:
    """Serve S3 and SQS on a free loopback port while the block runs."""
    aws = Aws("")
    app = DomainDispatcherApplication(create_backend_app)

    def counted(environ: Any, start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        body = b"".join(app(environ, start_response))
        path = environ.get("RAW_URI") or environ["PATH_INFO"]
        aws.asked.append(Asked(environ["REQUEST_METHOD"], path, len(body)))
        return [body]

    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=MotoRequestHandler)
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="moto", daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

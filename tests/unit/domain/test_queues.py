"""Addresses of queues on AWS, and which of them may be contacted."""

from __future__ import annotations

import pytest

from tileweave.domain.queues import AllowedQueues, queue_of

HOST = "https://sqs.eu-central-1.amazonaws.com"
URL = f"{HOST}/123456789012/jobs"
ARN = "arn:aws:sqs:eu-central-1:123456789012:jobs"


@pytest.mark.parametrize(
    ("address", "endpoint", "region", "name", "fifo"),
    [
        (URL, HOST, "eu-central-1", "jobs", False),
        (f"{URL}.fifo", HOST, "eu-central-1", "jobs.fifo", True),
        (ARN, "", "eu-central-1", "jobs", False),
        (ARN.replace("aws", "aws-us-gov", 1), "", "eu-central-1", "jobs", False),
        ("http://127.0.0.1:5000/123456789012/a_b-c", "http://127.0.0.1:5000", "", "a_b-c", False),
        (
            "https://us-east-2.queue.amazonaws.com/123456789012/jobs",
            "https://us-east-2.queue.amazonaws.com",
            "us-east-2",
            "jobs",
            False,
        ),
    ],
)
def test_a_queue_is_named_by_its_url_or_its_arn(
    address: str, endpoint: str, region: str, name: str, *, fifo: bool
) -> None:
    queue = queue_of(address)
    assert (queue.endpoint, queue.region, queue.name) == (endpoint, region, name)
    assert (queue.account, queue.is_fifo) == ("123456789012", fifo)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jobs",
        "123456789012/jobs",
        "ftp://host/123456789012/jobs",
        f"{HOST}/jobs",
        f"{HOST}/1234567890123/jobs",
        f"{URL}/more",
        f"{URL}?Action=DeleteQueue",
        f"{URL}#",
        f"{URL}\n",
        "https://somebody@sqs.eu-central-1.amazonaws.com/123456789012/jobs",
        f"{HOST}/123456789012/../jobs",
        "arn:aws:sns:eu-central-1:123456789012:jobs",
        f"{ARN}:more",
    ],
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ValueError, match="neither the URL of an SQS queue"):
        queue_of(address)


@pytest.mark.parametrize(
    ("prefix", "address", "allowed"),
    [
        (URL, URL, True),
        (f"{HOST}/123456789012/", URL, True),
        (f"{HOST}/123456789012", URL, True),
        (f"{HOST}/", URL, True),
        (HOST, URL, True),
        (f"{HOST}/123456789012/jo", URL, True),
        (f"{HOST}/123456789012/jobs", f"{URL}-of-tiles", True),
        (f"{HOST}/123456789012/tiles", URL, False),
        (f"{HOST}/1234567", URL, False),
        ("https://sqs.eu-central-1.amazon", URL, False),
        (HOST.upper().replace("HTTPS", "https"), URL, True),
        ("http://sqs.eu-central-1.amazonaws.com", URL, False),
        (HOST, "https://sqs.eu-central-1.amazonaws.com.example.org/123456789012/jobs", False),
        (HOST, "https://sqs.eu-central-1.amazonaws.com:8443/123456789012/jobs", False),
        ("arn:aws:sqs:eu-central-1:123456789012:", ARN, True),
        ("arn:aws:sqs:eu-central-1:123456789012", ARN, True),
        ("arn:aws:sqs:eu-central-1:123456789012:jo", ARN, True),
        ("arn:aws:sqs:eu-central-1", ARN, True),
        ("arn:aws:sqs:eu-", ARN, False),
        ("arn:aws:sqs:eu-central-1:123", ARN, False),
        (HOST, ARN, False),
        (ARN, URL, False),
        ("nothing of the kind", URL, False),
        (URL, "nothing of the kind", False),
        (f"{URL}/and/more", URL, False),
    ],
)
def test_hosts_regions_and_accounts_count_as_a_whole(
    prefix: str, address: str, *, allowed: bool
) -> None:
    assert AllowedQueues((prefix,)).allows(address) is allowed


def test_any_of_a_list_allows() -> None:
    """By commas; an empty list allows nothing."""
    assert AllowedQueues.of(f" {ARN} , {HOST}/,").allows(URL)
    assert not AllowedQueues.of(" ,").allows(URL)

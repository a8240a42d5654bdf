"""What the tests play AWS with counts what is asked of it."""

from __future__ import annotations

import boto3

from tests.aws import Aws


def test_a_client_of_the_environment_finds_it_and_is_counted(aws: Aws) -> None:
    aws.put("a", b"12345")

    found = boto3.client("s3").get_object(Bucket="archive", Key="a", Range="bytes=1-2")

    assert found["Body"].read() == b"23"
    assert [(each.method, each.size) for each in aws.asked] == [("GET", 2)]
    assert aws.keys() == ["a"]


def test_nothing_of_another_test_is_left(aws: Aws) -> None:
    assert aws.keys() == []

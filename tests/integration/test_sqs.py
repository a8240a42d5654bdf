"""Queues on AWS, played by moto: jobs arrive whole and once accepted, results come back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws import Aws
from tests.builders import AOI, World, a_chain
from tests.unit.cli.doubles import a_tile_job
from tests.unit.usecases.test_collect import results_of_scenes
from tileweave.adapters.sqs import publisher as publishing
from tileweave.adapters.sqs.clients import READ_TIMEOUT, WAIT_SECONDS, Clients, is_final
from tileweave.adapters.sqs.inbox import Inbox
from tileweave.adapters.sqs.publisher import SqsPublisher
from tileweave.domain.errors import NotAccepted, Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.domain.queues import AllowedQueues, Queue, queue_of
from tileweave.domain.status import Status
from tileweave.jobs import sources
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.job import Outcome, result_of
from tileweave.usecases.collect import LONGEST_WAIT, collect

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ACCOUNT = "123456789012"


@pytest.fixture
def sqs(aws: Aws) -> Iterator[SQSClient]:
    """A client of its own, for the test to make queues and look into them."""
    client = boto3.client("sqs", endpoint_url=aws.url)
    yield client
    client.close()


def a_queue(sqs: SQSClient, name: str = "jobs") -> str:
    """Make a queue; return its URL."""
    fifo = name.endswith(".fifo")
    made = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})
    return made["QueueUrl"]


def a_job(queue: str, number: int = 1, **body: object) -> Message:
    """Return a job with a name beyond ASCII."""
    attributes = {"type": "tile", "aoi": AOI, "id": str(number), "attempt": "1", "lease": "60.0"}
    return Message(
        Topic.TILE_JOBS, {"id": number, "source_id": "Kø\ufffe", **body}, attributes, queue
    )


def a_publisher(*prefixes: str, **options: int) -> SqsPublisher:
    """Return a publisher to all queues, or to those that begin so."""
    allows = AllowedQueues(prefixes).allows if prefixes else lambda _: True
    return SqsPublisher(Clients(), allows, **options)


def taken(sqs: SQSClient, queue: str) -> list[Any]:
    """Return all messages of a queue."""
    found: list[Any] = []
    while got := sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    ).get("Messages"):
        found += got
    return found


# --- publishing ---


def test_a_job_arrives_with_its_body_and_attributes(sqs: SQSClient) -> None:
    queue = a_queue(sqs)
    job = a_job(queue)
    a_publisher().publish([job])

    [found] = taken(sqs, queue)

    assert json.loads(found["Body"]) == job.body
    attributes = {name: each["StringValue"] for name, each in found["MessageAttributes"].items()}
    assert attributes == job.attributes


def test_more_jobs_than_a_request_takes_arrive_at_their_queues(sqs: SQSClient, aws: Aws) -> None:
    """Ten a request, by URL or ARN."""
    first, second = a_queue(sqs, "first"), a_queue(sqs, "second")
    arn = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:second"
    aws.asked.clear()

    a_publisher().publish([a_job(each, n) for each in (first, arn) for n in range(1, 26)])

    assert len(aws.asked) == 3 + 1 + 3
    for each in (first, second):
        ids = [json.loads(found["Body"])["id"] for found in taken(sqs, each)]
        assert sorted(ids) == list(range(1, 26))


def test_a_request_holds_no_more_bytes_than_it_may(sqs: SQSClient, aws: Aws) -> None:
    queue = a_queue(sqs)
    aws.asked.clear()
    jobs = [a_job(queue, number, padding="x" * 1_500) for number in range(5)]
    a_publisher(most_bytes=4_096).publish(jobs)
    assert len(aws.asked) == 3
    assert len(taken(sqs, queue)) == 5


def test_a_job_that_is_too_large_keeps_no_other_back(sqs: SQSClient) -> None:
    """Whoever published it is told which, and why."""
    queue = a_queue(sqs)
    jobs = [a_job(queue, 1), a_job(queue, 2, padding="x" * 4_000), a_job(queue, 3)]
    with pytest.raises(NotAccepted) as caught:
        a_publisher(most_bytes=2_048).publish(jobs)
    [(refused, why)] = caught.value.refused
    assert (refused, caught.value.waiting) == (jobs[1], ())
    assert "too large for a queue: 4" in why
    assert len(taken(sqs, queue)) == 2


def test_a_fifo_queue_has_a_group_for_each_chain_and_no_job_twice(sqs: SQSClient) -> None:
    queue = a_queue(sqs, "jobs.fifo")
    root = a_job(queue, 7, tile_reference={"id": 0})
    later = a_job(queue, 9, tile_reference={"id": 7})
    a_publisher().publish([root, later, root])
    a_publisher().publish([later])

    found = [each["Attributes"] for each in taken(sqs, queue)]

    assert {each["MessageGroupId"] for each in found} == {f"{AOI}/7"}
    assert sorted(each["MessageDeduplicationId"] for each in found) == ["tile/7/1", "tile/9/1"]


def test_the_group_of_a_long_name_is_short_enough(sqs: SQSClient) -> None:
    queue = a_queue(sqs, "jobs.fifo")
    job = a_job(queue)
    long = Message(job.topic, job.body, {**job.attributes, "aoi": "x" * 128}, queue)
    a_publisher().publish([long])
    [found] = taken(sqs, queue)
    assert len(found["Attributes"]["MessageGroupId"]) == 64


def test_a_fifo_queue_takes_every_result(sqs: SQSClient) -> None:
    """Two of one attempt are two: heartbeats, say."""
    queue = a_queue(sqs, "results.fifo")
    result = result_of(a_tile_job(), Outcome("RETRY", "again"))
    both = [Message(result.topic, result.body, result.attributes, queue)] * 2
    a_publisher().publish(both)
    assert len(taken(sqs, queue)) == 2


def test_a_queue_that_is_not_listed_is_not_contacted(sqs: SQSClient, aws: Aws) -> None:
    """Its jobs wait, until it is listed again or their AOI names another."""
    queue = a_queue(sqs)
    aws.asked.clear()
    with pytest.raises(NotAccepted, match="is not among the queues of TILEWEAVE_QUEUES") as caught:
        a_publisher("arn:aws:sqs:eu-central-1").publish([a_job(queue)])
    assert caught.value.waiting == (a_job(queue),)
    assert aws.asked == []


def test_a_queue_that_is_gone_keeps_no_other_back(sqs: SQSClient) -> None:
    """And is left alone for a moment."""
    queue = a_queue(sqs)
    gone, lost = f"{queue}-gone", f"arn:aws:sqs:eu-central-1:{ACCOUNT}:lost"
    publisher = a_publisher()
    with pytest.raises(NotAccepted) as caught:
        publisher.publish([a_job(gone), a_job(lost), a_job(queue)])
    assert [each.queue for each in caught.value.waiting] == [gone, lost]
    assert len(taken(sqs, queue)) == 1

    with pytest.raises(NotAccepted, match="has not answered a moment ago"):
        publisher.publish([a_job(gone)])


def test_a_host_that_does_not_answer_is_a_queue_that_waits(aws: Aws) -> None:
    """Within seconds."""
    queue = f"http://127.0.0.1:1/{ACCOUNT}/jobs"
    with pytest.raises(NotAccepted, match="Could not connect"):
        a_publisher().publish([a_job(queue)])


# --- requests that fail in part ---


class Half:
    """A client whose answers are given, as SQS would; it notes the numbers of the jobs."""

    def __init__(self, *answers: Mapping[int, bool] | ClientError, code: str = "Code") -> None:
        self.answers = list(answers)
        self.code = code
        self.asked: list[list[int]] = []

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Any]) -> Any:  # noqa: ANN401, N803
        ids = [json.loads(each["MessageBody"])["id"] for each in Entries]
        self.asked.append(ids)
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, ClientError):
            raise answer
        failed = [
            {"Id": each["Id"], "SenderFault": answer[id_], "Code": self.code, "Message": "why"}
            for each, id_ in zip(Entries, ids, strict=True)
            if id_ in answer
        ]
        return {"Failed": failed} if failed else {}


class Given:
    """Clients that are this one."""

    def __init__(self, client: Half) -> None:
        self.client = client

    def of(self, queue: Queue) -> tuple[Half, str]:
        return self.client, queue.address


JOBS = f"https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/jobs"


def sent(client: Half, *numbers: int) -> tuple[list[int], list[int]]:
    """Publish jobs; return which wait, and which are refused."""
    clients: Any = Given(client)
    try:
        SqsPublisher(clients, lambda _: True).publish([a_job(JOBS, each) for each in numbers])
    except NotAccepted as error:
        waiting = [each.body["id"] for each in error.waiting]
        return waiting, [each.body["id"] for each, _ in error.refused]
    return [], []


def error_of(code: str) -> ClientError:
    """Return an error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": "said"}}, "SendMessageBatch")


@pytest.mark.parametrize("code", ["RequestThrottled", "KMS.DisabledException", "AccessDenied"])
def test_what_passes_is_no_fault_of_a_message(code: str) -> None:
    """Though SQS says that the sender is to blame: the job waits, and is not rejected."""
    always = {1: True}
    assert sent(Half(always, always, always, code=code), 1, 2) == ([1], [])
    assert sent(Half(always), 1, 2) == ([], [1])


def test_a_queue_is_not_waited_for_longer_than_its_client_waits() -> None:
    """Or an idle queue would look like one that does not answer."""
    assert max(LONGEST_WAIT, WAIT_SECONDS) < READ_TIMEOUT


def test_only_those_that_failed_are_sent_again() -> None:
    client = Half({2: False, 3: False}, {3: False})
    assert sent(client, 1, 2, 3) == ([], [])
    assert client.asked == [[1, 2, 3], [2, 3], [3]]


def test_what_fails_again_and_again_waits() -> None:
    client = Half(*[{2: False}] * publishing.TRIES)
    assert sent(client, 1, 2) == ([2], [])
    assert len(client.asked) == publishing.TRIES


def test_what_is_the_senders_fault_is_refused_and_the_rest_sent() -> None:
    client = Half({1: True, 2: False})
    assert sent(client, 1, 2, 3) == ([], [1])
    assert client.asked == [[1, 2, 3], [2]]


def test_a_request_that_is_too_long_is_sent_job_by_job() -> None:
    """Its own limit may be lower than the one that is configured."""
    too_long = error_of("AWS.SimpleQueueService.BatchRequestTooLong")
    client = Half(too_long, {}, too_long, {})
    assert sent(client, 1, 2, 3) == ([], [2])
    assert client.asked == [[1, 2, 3], [1], [2], [3]]


def test_a_request_that_is_denied_waits() -> None:
    """Somebody has to see to that; no job is lost by it."""
    assert sent(Half(error_of("AccessDenied")), 1, 2) == ([1, 2], [])


# --- taking ---


def test_a_message_is_hidden_until_it_is_given_back(sqs: SQSClient) -> None:
    """Then others get it, and are told that it came before; once deleted it is gone."""
    queue = a_queue(sqs)
    a_publisher().publish([a_job(queue)])
    inbox = Inbox(Clients(), queue, 30)
    [first] = inbox.pull(5, 0)
    assert (first.again, first.attributes["lease"]) == (False, "60.0")
    inbox.extend([first.ack_id])
    assert inbox.pull(5, 0) == []

    inbox.give_back([first.ack_id])
    [second] = inbox.pull(5, 0)
    assert second.again
    assert second.delivery.message_id == first.delivery.message_id
    assert "@2" in second.delivery.message_id

    inbox.acknowledge(second.ack_id)
    inbox.give_back([second.ack_id])
    assert inbox.pull(5, 0) == []


def test_a_message_whose_lease_is_over_comes_again(sqs: SQSClient) -> None:
    queue = a_queue(sqs)
    a_publisher().publish([a_job(queue)])
    Inbox(Clients(), queue, 0).pull(1, 0)
    assert len(Inbox(Clients(), queue, 0).pull(1, 2)) == 1


def test_many_are_deleted_ten_at_a_time(sqs: SQSClient) -> None:
    queue = a_queue(sqs)
    a_publisher().publish([a_job(queue, number) for number in range(25)])
    inbox = Inbox(Clients(), queue, 30)
    found = [each.ack_id for _ in range(3) for each in inbox.pull(100, 0)]
    inbox.acknowledge(*found)
    assert len(found) == 25
    assert sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"] == {"ApproximateNumberOfMessagesNotVisible": "0"}


def test_a_queue_that_is_gone_is_unavailable(sqs: SQSClient) -> None:
    """The scheduler's next call asks again."""
    inbox = Inbox(Clients(), f"{a_queue(sqs)}-gone", 30)
    for call in (
        lambda: inbox.pull(1, 0),
        lambda: inbox.extend(["handle"]),
        lambda: inbox.acknowledge("handle"),
    ):
        with pytest.raises(Unavailable) as caught:
            call()
        assert is_final(caught.value.__cause__)


def test_results_of_a_queue_are_taken(sqs: SQSClient) -> None:
    """And deleted; what is no result is kept where operators see it."""
    queue = a_queue(sqs, "results")
    world = World(*a_chain(12))
    for body in (*results_of_scenes(world), b"no result"):
        sqs.send_message(QueueUrl=queue, MessageBody=body.decode())

    collected = collect(world.services, Inbox(Clients(), queue, 30), 1)

    assert (collected.taken, collected.left) == (13, 0)
    assert {world.scene(number).status for number in range(12)} == {Status.DONE}
    assert [each.kind for each in world.store.rejected()] == ["malformed"]
    assert taken(sqs, queue) == []


# --- workers ---


def test_a_worker_takes_jobs_and_answers_by_queues(sqs: SQSClient) -> None:
    jobs, results = a_queue(sqs), a_queue(sqs, "results")
    a_publisher().publish([a_job(jobs)])
    to = sources.of_queues(jobs, results)
    [received] = to.source.pull(3)
    to.source.extend([received.ack_id])
    to.publisher.publish([result_of(a_tile_job(), Outcome("DONE"))])
    to.source.acknowledge(received.ack_id)
    to.source.give_back([received.ack_id])

    [found] = taken(sqs, results)

    assert json.loads(found["Body"])["status"] == "DONE"
    assert taken(sqs, jobs) == []


def test_a_worker_whose_queue_is_not_there_says_so(sqs: SQSClient) -> None:
    """It would wait for ever."""
    there = a_queue(sqs)
    with pytest.raises(WorkerError, match="jobs-gone"):
        sources.of_queues(f"{there}-gone", there).source.pull(1)


def test_a_worker_whose_queue_does_not_answer_waits(aws: Aws) -> None:
    there = f"http://127.0.0.1:1/{ACCOUNT}/jobs"
    with pytest.raises(Unavailable):
        sources.of_queues(there, there).source.pull(1)


@pytest.mark.parametrize("queues", [("jobs", JOBS), (JOBS, "results")])
def test_a_worker_is_told_what_is_no_queue(queues: tuple[str, str]) -> None:
    with pytest.raises(WorkerError, match="neither the URL of an SQS queue"):
        sources.of_queues(*queues)


def test_a_queue_on_aws_is_asked_in_its_own_region(aws: Aws) -> None:
    """Whatever endpoint the environment names: only the host of its URL is contacted."""
    client, url = Clients().of(queue_of(JOBS.replace("eu-central-1", "us-west-2")))
    assert client.meta.endpoint_url == "https://sqs.us-west-2.amazonaws.com"
    assert client.meta.region_name == "us-west-2"
    assert url == JOBS.replace("eu-central-1", "us-west-2")

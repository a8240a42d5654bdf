"""The real emulators: started, used through Google's clients, saved, reset, killed."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from tileweave.topology import Topology, load
from tileweave_emulators import Emulators, ProvisionFailed, Running, SaveFailed
from tileweave_emulators.provision import provision

pytestmark = [pytest.mark.emulators, pytest.mark.timeout(120)]

HOSTS = ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST")
ENVIRON = {name: value for name, value in os.environ.items() if name not in HOSTS}
ENDPOINTS = dict.fromkeys(("results", "dependencies", "rejected"), "http://127.0.0.1:9/")
PROJECT = "tileweave-local"


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """Start both emulators once for the module."""
    with Emulators(project=PROJECT, environ=ENVIRON).start() as running:
        yield running


@pytest.fixture
def running(shared: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Point Google's clients at the emulators, and leave these empty."""
    for name, value in shared.environment().items():
        monkeypatch.setenv(name, value)
    yield shared
    shared.reset()


def documents(running: Running, monkeypatch: pytest.MonkeyPatch) -> firestore.Client:
    """Return a client of the Firestore emulator."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", running.firestore_host)
    return firestore.Client(project=running.project, credentials=AnonymousCredentials())


# --- Starting and stopping --------------------------------------------------------------------


def test_google_clients_work_with_what_was_started(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document is written and read, a message published and pulled."""
    db = documents(running, monkeypatch)
    db.document("tiles/1").set({"status": "NEW"})
    assert db.document("tiles/1").get().to_dict() == {"status": "NEW"}

    provision(load(), PROJECT, running.pubsub_host, ENDPOINTS)
    publish("tile-jobs", b"a job")
    assert pulled("tile-jobs") == [b"a job"]


def test_a_reset_leaves_neither_documents_nor_topics_nor_subscriptions(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents of subcollections too; and everything can be made again."""
    db = documents(running, monkeypatch)
    db.document("aois/a/counters/1").set({"new": 1})
    created = provision(load(), PROJECT, running.pubsub_host, ENDPOINTS).created

    running.reset()

    assert list(db.collection_group("counters").stream()) == []
    with PublisherClient() as publisher, SubscriberClient() as subscriber:
        assert list(publisher.list_topics(project=f"projects/{PROJECT}")) == []
        assert list(subscriber.list_subscriptions(project=f"projects/{PROJECT}")) == []
    assert provision(load(), PROJECT, running.pubsub_host, ENDPOINTS).created == created


def test_documents_are_kept_between_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of value, and documents below documents."""
    emulators = Emulators(data_dir=tmp_path / "data", environ=ENVIRON)
    at = datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)
    tile: dict[str, Any] = {
        "n": 1,
        "x": 2.5,
        "on": True,
        "none": None,
        "raw": b"\x00\xff",
        "at": at,
    }
    tile |= {"text": "æøå", "list": [1, "a"], "data": {"tiles": {"A44_IW1_8951": {"nr": 3}}}}
    with emulators.start() as running:
        documents(running, monkeypatch).document("tiles/1").set(tile)
        documents(running, monkeypatch).document("tiles/1/history/1").set({"to": "DONE"})

    with emulators.start() as running:
        db = documents(running, monkeypatch)
        assert db.document("tiles/1").get().to_dict() == tile
        assert db.document("tiles/1/history/1").get().to_dict() == {"to": "DONE"}


def test_a_kill_during_a_save_leaves_what_was_saved_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator is held while it exports, then killed."""
    emulators = Emulators(data_dir=tmp_path / "data", environ=ENVIRON)
    running = emulators.start()
    db = documents(running, monkeypatch)
    db.document("tiles/1").set({"status": "saved"})
    running.save()
    db.document("tiles/1").set({"status": "lost"})
    process = running.processes[0]
    process.suspend()
    killer = threading.Timer(0.5, process.kill)
    killer.start()
    with pytest.raises(SaveFailed, match="those saved before are kept"):
        running.save()
    killer.join()
    with pytest.raises(SaveFailed):
        running.stop()

    with emulators.start() as again:
        saved = documents(again, monkeypatch).document("tiles/1").get().to_dict()
    assert saved == {"status": "saved"}


@pytest.fixture
def foreground(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m tileweave_emulators`."""
    environ = {**ENVIRON, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environ["TMPDIR"] = str(tmp_path)  # one that is killed leaves its logs
    with subprocess.Popen(
        [sys.executable, "-m", "tileweave_emulators", "--data", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    ) as process:
        yield process
        process.kill()


def printed(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the variables of the three lines that it prints when it is ready."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    return dict(re.fullmatch(r"export (\w+)=(.*)\n", line).groups() for line in lines)  # type: ignore[union-attr, misc]


def emulators_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the Java processes that it started."""
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_foreground_run_and_all_it_started(
    number: signal.Signals, foreground: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Within five seconds, with exit status 0 and the documents saved."""
    assert set(printed(foreground)) == {*HOSTS, "GOOGLE_CLOUD_PROJECT"}
    started = emulators_of(foreground)
    assert len(started) == 2

    foreground.send_signal(number)

    assert foreground.wait(timeout=5) == 0
    assert not any(process.is_running() for process in started)
    assert (tmp_path / "data" / "current").is_file()


def test_the_foreground_run_ends_with_an_error_when_an_emulator_dies(
    foreground: subprocess.Popen[str],
) -> None:
    """The other one ends with it."""
    printed(foreground)
    started = emulators_of(foreground)

    started[1].kill()

    assert foreground.wait(timeout=20) == 1
    assert not any(process.is_running() for process in started)


def test_emulators_do_not_outlive_whoever_started_them_and_was_killed(
    foreground: subprocess.Popen[str],
) -> None:
    """SIGKILL leaves no time to stop anything; on Linux the kernel sees to it."""
    printed(foreground)
    started = emulators_of(foreground)

    foreground.kill()

    gone, alive = psutil.wait_procs(started, timeout=10)
    assert (len(gone), alive) == (2, [])


# --- Topics, subscriptions, pushes ------------------------------------------------------------


@dataclass
class Endpoint:
    """A function's stand-in: refuses what it is told to, and notes what it accepts."""

    url: str = ""
    refuse: int = 0
    """How many pushes are refused before the first is accepted."""
    refused: int = 0
    accepted: list[bytes] = field(default_factory=list)
    attributes: list[dict[str, str]] = field(default_factory=list)
    expected: int = 1
    complete: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, pushed: dict[str, Any]) -> int:
        """Return the HTTP status for a push."""
        with self.lock:
            if self.refused < self.refuse:
                self.refused += 1
                return 500
            self.accepted.append(base64.b64decode(pushed["message"]["data"]))
            self.attributes.append(pushed["message"].get("attributes", {}))
            if len(set(self.accepted)) >= self.expected:
                self.complete.set()
            return 200


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Serve the endpoint on 127.0.0.1."""
    function = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            pushed = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(function.receive(pushed))
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        function.url = f"http://127.0.0.1:{server.server_port}/"
        try:
            yield function
        finally:
            server.shutdown()
            thread.join()


def topology(max_delivery_attempts: int = 100) -> Topology:
    """Return the shared topology, with another limit of attempts."""
    written = load().model_dump()
    for subscription in written["subscriptions"].values():
        if policy := subscription["dead_letter_policy"]:
            policy["max_delivery_attempts"] = max_delivery_attempts
    return Topology.model_validate(written)


def publish(key: str, *contents: bytes) -> None:
    """Publish messages to the topic, as results of a tile of the AOI denmark."""
    publisher = PublisherClient()
    try:
        topic = publisher.topic_path(PROJECT, key)
        for future in [
            publisher.publish(topic, one, type="tile", aoi="denmark") for one in contents
        ]:
            future.result(timeout=10)
    finally:
        publisher.stop()


def pulled(key: str) -> list[bytes]:
    """Wait for a message of the subscription, and return what comes with it."""
    with closing(SubscriberClient()) as subscriber:
        name = subscriber.subscription_path(PROJECT, key)
        answer = subscriber.pull(subscription=name, max_messages=10, timeout=30)
        return [received.message.data for received in answer.received_messages]


def subscription(key: str) -> Any:  # noqa: ANN401 (a message class of the client, made at run time)
    """Return the subscription as the emulator has it."""
    with SubscriberClient() as subscriber:
        return subscriber.get_subscription(subscription=subscriber.subscription_path(PROJECT, key))


def test_provisioning_makes_what_is_described(running: Running) -> None:
    """Names, deadlines, endpoints, dead letters, and no expiration."""
    provision(load(), PROJECT, running.pubsub_host, ENDPOINTS)

    results, jobs = subscription("results"), subscription("tile-jobs")
    assert results.push_config.push_endpoint == ENDPOINTS["results"]
    assert results.dead_letter_policy.dead_letter_topic == f"projects/{PROJECT}/topics/dead-letters"
    assert results.dead_letter_policy.max_delivery_attempts == 100
    assert results.ack_deadline_seconds == 60
    assert results.message_retention_duration.days == 7
    assert "expiration_policy" in results
    assert "ttl" not in results.expiration_policy
    assert jobs.topic == f"projects/{PROJECT}/topics/tile-jobs"
    assert jobs.push_config.push_endpoint == ""
    assert jobs.ack_deadline_seconds == 600


def test_provisioning_again_changes_only_what_differs(running: Running) -> None:
    """A function that moved gets its pushes at the new address."""
    first = provision(load(), PROJECT, running.pubsub_host, ENDPOINTS)
    same = provision(load(), PROJECT, running.pubsub_host, ENDPOINTS)
    moved = ENDPOINTS | {"results": "http://127.0.0.1:10/"}
    changed = provision(topology(), PROJECT, running.pubsub_host, moved)

    assert (len(first.created), first.updated, first.unchanged) == (5, (), ())
    assert (same.created, same.updated, same.unchanged) == ((), (), first.created)
    assert changed.updated == ("results",)
    assert subscription("results").push_config.push_endpoint == "http://127.0.0.1:10/"


def test_policies_that_differ_are_brought_to_what_is_described(running: Running) -> None:
    """The retry policies are there only where they are asked for."""
    provision(topology(5), PROJECT, running.pubsub_host, ENDPOINTS, retry_policies=True)
    assert subscription("results").retry_policy.maximum_backoff.total_seconds() == 10
    assert subscription("results").dead_letter_policy.max_delivery_attempts == 5

    again = provision(topology(100), PROJECT, running.pubsub_host, ENDPOINTS)

    assert again.updated == ("results", "dependency-updates", "dead-letters")
    assert "retry_policy" not in subscription("results")
    assert subscription("results").dead_letter_policy.max_delivery_attempts == 100


def test_a_subscription_whose_topic_was_deleted_is_made_anew(
    running: Running, endpoint: Endpoint
) -> None:
    """It would stay for ever without a message, though the topic is there again."""
    endpoints = ENDPOINTS | {"results": endpoint.url}
    provision(load(), PROJECT, running.pubsub_host, endpoints)
    with PublisherClient() as publisher:
        publisher.delete_topic(topic=publisher.topic_path(PROJECT, "results"))

    assert provision(load(), PROJECT, running.pubsub_host, endpoints).updated == ("results",)
    publish("results", b"a result")
    assert endpoint.complete.wait(timeout=20)


def test_subscriptions_follow_the_names_of_their_topics(running: Running) -> None:
    """Dead letters too."""
    names = {"TILEWEAVE_RESULTS_TOPIC": "my-results", "TILEWEAVE_DEAD_LETTERS_TOPIC": "my-dead"}
    provision(load().named(names), PROJECT, running.pubsub_host, ENDPOINTS)

    results = subscription("my-results")
    assert results.topic == f"projects/{PROJECT}/topics/my-results"
    assert results.dead_letter_policy.dead_letter_topic == f"projects/{PROJECT}/topics/my-dead"


def test_a_function_without_an_endpoint_and_a_host_that_is_not_there_are_clear_errors(
    running: Running,
) -> None:
    """The first before anything is made."""
    with pytest.raises(ProvisionFailed, match="no endpoint for the function dependencies"):
        provision(load(), PROJECT, running.pubsub_host, {"results": "http://127.0.0.1:9/"})
    with pytest.raises(ProvisionFailed, match=r"the Pub/Sub emulator at 127\.0\.0\.1:9: 503"):
        provision(load(), PROJECT, "127.0.0.1:9", ENDPOINTS)


def test_a_push_that_is_refused_comes_again_until_it_is_accepted(
    running: Running, endpoint: Endpoint
) -> None:
    """Three times here; with its attributes, which carry no attempt of the delivery."""
    endpoint.refuse = 3
    provision(load(), PROJECT, running.pubsub_host, ENDPOINTS | {"results": endpoint.url})

    publish("results", b"a result")

    assert endpoint.complete.wait(timeout=20)
    assert endpoint.refused == 3
    assert endpoint.accepted == [b"a result"]
    assert endpoint.attributes == [{"type": "tile", "aoi": "denmark"}]


def test_no_message_is_lost_when_many_are_refused_for_a_while(
    running: Running, endpoint: Endpoint
) -> None:
    """As when a function restarts; with a retry policy this emulator would lose most of them."""
    contents = [b"%d" % number for number in range(20)]
    endpoint.refuse, endpoint.expected = 80, len(contents)
    provision(load(), PROJECT, running.pubsub_host, ENDPOINTS | {"results": endpoint.url})

    publish("results", *contents)

    assert endpoint.complete.wait(timeout=30)
    assert set(endpoint.accepted) == set(contents)


def test_what_is_refused_too_often_becomes_a_dead_letter(
    running: Running, endpoint: Endpoint
) -> None:
    """After five attempts here, with all it held."""
    endpoint.refuse = 1000
    endpoints = ENDPOINTS | {"dependencies": endpoint.url}
    provision(topology(5), PROJECT, running.pubsub_host, endpoints)

    publish("dependency-updates", b"a poisonous one")

    assert pulled("dead-letters") == [b"a poisonous one"]
    assert endpoint.refused == 5

"""A worker acknowledges a job only after its result was published, and never loses one."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from tileweave.adapters.memory import MemoryPublisher
from tileweave.cli.errors import CommandError
from tileweave.cli.troubles import Troubles
from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.job import Job, Outcome
from tileweave.jobs.loop import Work, Worker
from tileweave.usecases.received import Received

SCENE = {"id": 3, "source_id": "S1A", "aoi": "DenmarkDemo", "data": {}, "attempt": 2}


@dataclass
class Jobs:
    """A subscription in memory: what is given back is not delivered again."""

    waiting: list[Received]
    path: str = "projects/here/subscriptions/scene-jobs"
    done: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def pull(self, most: int) -> list[Received]:
        self.asked.append(most)
        if self.errors:
            raise self.errors.pop(0)
        taken, self.waiting = self.waiting[:most], self.waiting[most:]
        return taken

    def extend(self, ack_ids: Sequence[str]) -> None:
        raise Unavailable("not now")

    def give_back(self, ack_ids: Sequence[str]) -> None:
        self.back.extend(ack_ids)

    def acknowledge(self, *ack_ids: str) -> None:
        self.done.extend(ack_ids)


def messages(count: int) -> list[Received]:
    bodies = [SCENE | {"id": number + 1} for number in range(count)]
    return [Received(f"ack-{body['id']}", json.dumps(body).encode()) for body in bodies]


def at_once(job: Job, stop: threading.Event) -> Outcome | None:
    return Outcome("DONE")


class Watched(MemoryPublisher):
    """Notes what was acknowledged before each publication."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.jobs = jobs
        self.acknowledged_before: list[str] = []
        self.beats = threading.Event()
        """Set by the second heartbeat."""

    def publish(self, messages: Sequence[Message]) -> None:
        self.acknowledged_before += self.jobs.done
        super().publish(messages)
        if len([each for each in self.messages if each.body["status"] == "HEARTBEAT"]) > 1:
            self.beats.set()


def a_worker(jobs: Jobs, work: Work = at_once, **options: object) -> tuple[Worker, list[str]]:
    said: list[str] = []
    stop = threading.Event()
    worker = Worker(jobs, Watched(jobs), work, said.append, stop, until_idle=0.05)
    for name, value in options.items():
        setattr(worker, name, value)
    return worker, said


def test_a_job_has_one_result_and_is_acknowledged_after_it() -> None:
    jobs = Jobs(messages(1))
    worker, said = a_worker(jobs)
    worker.run()
    assert isinstance(worker.publisher, Watched)
    (result,) = worker.publisher.messages
    assert (result.body["id"], result.body["status"], result.body["attempt"]) == (1, "DONE", 2)
    assert worker.publisher.acknowledged_before == []
    assert jobs.done == ["ack-1"]
    assert said == ["scene S1A, attempt 2: taken", "scene S1A, attempt 2: DONE"]


def test_where_nobody_hears_it_its_jobs_are_given_back_and_it_ends() -> None:
    """Its output is closed, and with it that of its commands: they would fail for good."""

    def unheard(line: str) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    jobs = Jobs(messages(3))
    worker, _ = a_worker(jobs, say=unheard)
    with pytest.raises(WorkerError, match="output cannot be written: Broken pipe"):
        worker.run()
    assert (jobs.done, jobs.back) == ([], ["ack-1"])


def test_it_ends_when_it_was_idle_for_long_enough_and_not_before() -> None:
    jobs = Jobs(messages(5))
    worker, _ = a_worker(jobs)
    worker.run()
    assert len(jobs.done) == 5


def test_it_takes_no_more_jobs_than_it_works_on() -> None:
    enough, together = threading.Event(), threading.Barrier(3, timeout=10)

    def work(job: Job, stop: threading.Event) -> Outcome | None:
        together.wait()
        enough.wait(10)
        return Outcome("DONE")

    jobs = Jobs(messages(6))
    worker, _ = a_worker(jobs, work, parallel=2)
    thread = threading.Thread(target=worker.run)
    thread.start()
    together.wait()
    assert len(jobs.waiting) == 4
    together.reset()
    worker.work = at_once
    enough.set()
    thread.join(10)
    assert len(jobs.done) == 6
    assert max(jobs.asked) == 2


def test_a_stop_gives_back_what_is_worked_on() -> None:
    def work(job: Job, stop: threading.Event) -> Outcome | None:
        worker.stop.set()
        return None

    jobs = Jobs(messages(3))
    worker, said = a_worker(jobs, work)
    worker.run()
    assert (jobs.done, jobs.back) == ([], ["ack-1"])
    assert said[-1] == "scene S1A, attempt 2: given back"


def test_a_result_that_cannot_be_published_gives_the_job_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tileweave.jobs.loop.RESULT_SECONDS", 0.0)

    class Down(MemoryPublisher):
        def publish(self, messages: Sequence[Message]) -> None:
            raise Unavailable("no answer")

    jobs = Jobs(messages(1))
    worker, said = a_worker(jobs, publisher=Down())
    worker.run()
    assert (jobs.done, jobs.back) == ([], ["ack-1"])
    assert said[-1] == "a job is given back: no answer"


def test_work_that_breaks_gives_the_job_back() -> None:
    def work(job: Job, stop: threading.Event) -> Outcome | None:
        raise RuntimeError("broken")

    jobs = Jobs(messages(1))
    worker, _ = a_worker(jobs, work)
    worker.run()
    assert (jobs.done, jobs.back) == ([], ["ack-1"])


def test_a_message_that_is_no_job_is_dropped_and_told() -> None:
    jobs = Jobs([Received("ack-1", b"not a job")])
    worker, said = a_worker(jobs)
    worker.run()
    assert jobs.done == ["ack-1"]
    assert said[0].startswith("a message that is no job is dropped")


def test_a_service_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tileweave.jobs.loop.PAUSE_SECONDS", 0.0)
    checked: list[bool] = []
    jobs = Jobs(messages(1), errors=[Unavailable("restarting")])
    worker, said = a_worker(jobs, check=lambda: checked.append(True))
    worker.run()
    assert jobs.done == ["ack-1"]
    assert checked == [True]
    assert "no jobs for the moment" in said[0]


def test_a_run_that_has_ended_ends_its_worker() -> None:
    def check() -> None:
        raise CommandError("the `tileweave up` has ended")

    worker, _ = a_worker(Jobs([], errors=[Unavailable("gone")]), check=check)
    with pytest.raises(CommandError, match="has ended"):
        worker.run()


def test_a_subscription_that_is_not_there_is_told() -> None:
    worker, _ = a_worker(Jobs([], errors=[WorkerError("there is no such subscription")]))
    with pytest.raises(WorkerError, match="there is no such"):
        worker.run()


def test_the_lease_is_extended_while_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tileweave.jobs.loop.LEASE_SECONDS", 0.03)
    extended = threading.Event()

    class Leased(Jobs):
        def extend(self, ack_ids: Sequence[str]) -> None:
            if list(ack_ids) == ["ack-1"]:
                extended.set()
                return
            super().extend(ack_ids)

    def work(job: Job, stop: threading.Event) -> Outcome | None:
        assert extended.wait(10)
        return Outcome("DONE")

    jobs = Leased(messages(1))
    worker, _ = a_worker(jobs, work)
    worker.run()
    assert jobs.done == ["ack-1"]


def test_a_result_on_its_way_may_be_lost_or_come_twice() -> None:
    """On purpose; the job is acknowledged all the same, as its worker is gone."""
    for troubles, sent in ((Troubles(drop=1.0), 0), (Troubles(duplicate=1.0), 2)):
        jobs = Jobs(messages(3))
        worker, _ = a_worker(jobs, deliveries=troubles.deliveries)
        worker.run()
        assert isinstance(worker.publisher, Watched)
        assert len(worker.publisher.messages) == 3 * sent
        assert sorted(jobs.done) == ["ack-1", "ack-2", "ack-3"]


def test_a_result_that_is_late_is_given_back_by_a_stop() -> None:
    """It is not sent any more; the job comes again."""
    jobs = Jobs(messages(1))
    worker, said = a_worker(jobs, deliveries=Troubles(delay=600.0).deliveries)
    threading.Timer(0.2, worker.stop.set).start()
    worker.run()
    assert isinstance(worker.publisher, Watched)
    assert worker.publisher.messages == []
    assert (jobs.done, jobs.back) == ([], ["ack-1"])
    assert said[-1].endswith("given back")


def test_a_job_is_told_of_before_its_lease_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third of it, from when it was published; and no more once it has its result."""
    monkeypatch.setattr("tileweave.jobs.heartbeats.LOOK_SECONDS", 0.01)
    published = Watched(Jobs([]))

    def work(job: Job, stop: threading.Event) -> Outcome | None:
        assert published.beats.wait(10)
        return Outcome("DONE")

    [job] = messages(1)
    jobs = Jobs([replace(job, attributes={"lease": "0.3"})])
    worker, _ = a_worker(jobs, work, publisher=published)
    worker.run()

    *beats, result = [each.body for each in published.messages]
    assert len(beats) >= 2
    assert {(each["status"], each["id"], each["attempt"]) for each in beats} == {
        ("HEARTBEAT", 1, 2)
    }
    assert result["status"] == "DONE"


def test_a_heartbeat_that_is_not_sent_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again."""
    monkeypatch.setattr("tileweave.jobs.heartbeats.LOOK_SECONDS", 0.01)
    tried = threading.Event()

    class Deaf(MemoryPublisher):
        def publish(self, messages: Sequence[Message]) -> None:
            if messages[0].body["status"] == "HEARTBEAT":
                tried.set()
                raise Unavailable("no answer")
            super().publish(messages)

    def work(job: Job, stop: threading.Event) -> Outcome | None:
        assert tried.wait(10)
        return Outcome("DONE")

    [job] = messages(1)
    jobs = Jobs([replace(job, attributes={"lease": "0"})])
    worker, said = a_worker(jobs, work, publisher=Deaf())
    worker.run()

    assert "a heartbeat was not sent: no answer" in said
    assert jobs.done == ["ack-1"]


def test_a_result_is_tried_again_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that took hours is not done again for a moment without an answer."""
    monkeypatch.setattr("tileweave.jobs.loop.PAUSE_SECONDS", 0.01)

    class Once(MemoryPublisher):
        failed = False

        def publish(self, messages: Sequence[Message]) -> None:
            if not self.failed:
                type(self).failed = True
                raise Unavailable("restarting")
            super().publish(messages)

    jobs = Jobs(messages(1))
    publisher = Once()
    worker, _ = a_worker(jobs, publisher=publisher)
    worker.run()

    assert [each.body["status"] for each in publisher.messages] == ["DONE"]
    assert jobs.done == ["ack-1"]


def test_a_job_of_the_other_kind_waits_for_a_person() -> None:
    """Its AOI names the wrong queue."""
    jobs = Jobs(messages(1))
    worker, said = a_worker(jobs, kind="tile")
    worker.run()
    assert said[-1].endswith("RETRY the job of a scene came to a worker on tiles")
    assert jobs.done == ["ack-1"]


def test_a_job_that_comes_with_the_stop_is_given_back_untouched() -> None:
    """It was on its way when the worker was asked."""

    class Late(Jobs):
        def pull(self, most: int) -> list[Received]:
            worker.stop.set()
            return super().pull(most)

    jobs = Late(messages(1))
    worker, said = a_worker(jobs)
    worker.run()
    assert (jobs.done, jobs.back) == ([], ["ack-1"])
    assert said == ["scene S1A, attempt 2: given back"]


def test_a_job_that_cannot_be_given_back_comes_again_by_itself() -> None:
    """When its lease is over: nothing else breaks by that."""

    class Deaf(Jobs):
        def give_back(self, ack_ids: Sequence[str]) -> None:
            raise Unavailable("no answer")

    def work(job: Job, stop: threading.Event) -> Outcome | None:
        if job.id == 1:
            raise RuntimeError("broken")
        return Outcome("DONE")

    jobs = Deaf(messages(2))
    worker, _ = a_worker(jobs, work)
    worker.run()
    assert jobs.done == ["ack-2"]


def test_a_job_whose_result_is_out_is_not_given_back() -> None:
    """It would be worked on again at once, and for ever where acknowledging is not allowed."""

    class Denying(Jobs):
        def acknowledge(self, *ack_ids: str) -> None:
            raise Unavailable("not allowed to delete")

    jobs = Denying(messages(1))
    worker, said = a_worker(jobs, until_idle=0.05)
    worker.run()
    assert jobs.back == []
    assert "a job was not acknowledged, and may come again: not allowed to delete" in said

"""What a deployment sets, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from tileweave import topics
from tileweave.domain.messages import Topic

LEAST_QUEUE_BYTES, MOST_QUEUE_BYTES = 1_024, 1_048_576
"""What the messages of an SQS queue may be limited to."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The project that everything is in, and who may call.

    Tokens are separated by commas or lines, each perhaps as `name:token`; origins by commas, and so
    are the places (buckets, hosts, prefixes, folders) whose files are read and written.
    """

    project: str
    viewer_tokens: str = field(default="", repr=False)
    operator_tokens: str = field(default="", repr=False)
    cors_origins: str = ""
    places: str = ""
    queues: str = ""
    """URLs and ARNs, by commas, as which the SQS queues begin that AOIs may name for their jobs."""
    results_queue: str = ""
    """The SQS queue that results are taken from, besides the topic."""
    queue_bytes: int = MOST_QUEUE_BYTES
    """What a message to a queue may hold."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Return what these variables say.

        Raises:
            ValueError: the project is named by nothing, or a queue or size is none.
        """
        project = environ.get("GOOGLE_CLOUD_PROJECT", "tileweave-local")
        if not project:
            raise ValueError("GOOGLE_CLOUD_PROJECT is set, but names no project")
        return cls(
            project,
            environ.get("TILEWEAVE_VIEWER_TOKENS", ""),
            environ.get("TILEWEAVE_OPERATOR_TOKENS", ""),
            environ.get("TILEWEAVE_CORS_ORIGINS", ""),
            environ.get("TILEWEAVE_PLACES", ""),
            environ.get("TILEWEAVE_QUEUES", ""),
            environ.get("TILEWEAVE_RESULTS_QUEUE", ""),
            _bytes(environ.get("TILEWEAVE_QUEUE_BYTES", "")),
        )

    @property
    def topic_paths(self) -> dict[Topic, str]:
        """The full name of each topic that is published to.

        Raises:
            ValueError: a variable such as TILEWEAVE_SCENE_JOBS_TOPIC names no possible topic.
        """
        named = topics.published(os.environ)
        prefix = f"projects/{self.project}/topics"
        return {topic: f"{prefix}/{named[topic]}" for topic in Topic if topic in named}


def _bytes(written: str) -> int:
    size = int(written) if written.isascii() and written.isdigit() else 0
    if written and not LEAST_QUEUE_BYTES <= size <= MOST_QUEUE_BYTES:
        said = f"a number of bytes from {LEAST_QUEUE_BYTES} to {MOST_QUEUE_BYTES}"
        raise ValueError(f"TILEWEAVE_QUEUE_BYTES is {written!r}, and not {said}")
    return size or MOST_QUEUE_BYTES

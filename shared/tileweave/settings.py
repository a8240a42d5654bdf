"""What a deployment sets, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from tileweave import topics
from tileweave.domain.messages import Topic


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

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Return what these variables say.

        Raises:
            ValueError: the project is named by nothing.
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

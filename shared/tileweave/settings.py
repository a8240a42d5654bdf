"""What a deployment sets, read from the environment."""

from __future__ import annotations

import os

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tileweave import topology
from tileweave.domain.messages import Topic


class Settings(BaseSettings):
    """The project that everything is in, and who may call.

    Tokens are separated by commas or lines, each perhaps as `name:token`; origins by commas.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # tokens are among it
    )

    project: str = Field("tileweave-local", validation_alias="GOOGLE_CLOUD_PROJECT", min_length=1)
    viewer_tokens: SecretStr = Field(SecretStr(""), validation_alias="TILEWEAVE_VIEWER_TOKENS")
    operator_tokens: SecretStr = Field(SecretStr(""), validation_alias="TILEWEAVE_OPERATOR_TOKENS")
    cors_origins: str = Field("", validation_alias="TILEWEAVE_CORS_ORIGINS")

    @property
    def topic_paths(self) -> dict[Topic, str]:
        """The full name of each topic that is published to.

        Raises:
            ValueError: a variable such as TILEWEAVE_SCENE_JOBS_TOPIC names no possible topic.
        """
        named = topology.load().named(os.environ)
        published = [topic for topic in Topic if named.publishes(topic, os.environ)]
        prefix = f"projects/{self.project}/topics"
        return {topic: f"{prefix}/{named.topic_name(topic)}" for topic in published}

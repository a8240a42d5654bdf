"""What a deployment sets, read from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tileweave.domain.messages import Topic


class Settings(BaseSettings):
    """The project, and the names of its topics (`TILEWEAVE_SCENE_JOBS_TOPIC`, ...)."""

    model_config = SettingsConfigDict(env_prefix="TILEWEAVE_", frozen=True, populate_by_name=True)

    project: str = Field("tileweave-local", validation_alias="GOOGLE_CLOUD_PROJECT")
    scene_jobs_topic: str = "scene-jobs"
    tile_jobs_topic: str = "tile-jobs"
    results_topic: str = "results"
    dependency_updates_topic: str = "dependency-updates"
    events_topic: str = ""
    """Published to only where it is set."""

    @property
    def topic_paths(self) -> dict[Topic, str]:
        """The full name of each topic that is published to."""
        names = {
            Topic.SCENE_JOBS: self.scene_jobs_topic,
            Topic.TILE_JOBS: self.tile_jobs_topic,
            Topic.RESULTS: self.results_topic,
            Topic.DEPENDENCY_UPDATES: self.dependency_updates_topic,
            Topic.EVENTS: self.events_topic,
        }
        prefix = f"projects/{self.project}/topics"
        return {topic: f"{prefix}/{name}" for topic, name in names.items() if name}

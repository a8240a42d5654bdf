"""Topics and subscriptions: the one description that local runs and Terraform both read.

It is `messaging.json`, beside this file. Durations are written as the service writes them ("0.1s").
A subscription is keyed by its topic's key and has its topic's name, whatever that is set to.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from tileweave.topics import DESCRIPTION, check_that_all_differ, check_topic_name, name_of

Settings = Mapping[str, str]
"""Names and values of environment variables."""


def parse_duration(written: object) -> timedelta:
    """Return the duration that is written in seconds with an "s" behind: "600s", "0.1s".

    Raises:
        ValueError: it is not written so.
    """
    if isinstance(written, timedelta):
        return written
    try:
        number = Decimal(str(written).removesuffix("s"))
        if str(written).endswith("s") and number.is_finite():
            return timedelta(microseconds=int(number * 1_000_000))
    except InvalidOperation:
        pass
    raise ValueError(f"{written!r} is not a duration such as '0.1s'")


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]

TopicName = Annotated[str, AfterValidator(check_topic_name)]


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Described):
    """A topic, and the environment variable that may set its name."""

    name: TopicName
    env: str
    description: str
    optional: bool = False
    """Made everywhere, published to only where its variable is set."""

    def named(self, settings: Settings) -> Self:
        """Return the topic with the name it has under these settings.

        Raises:
            ValueError: the name that is set is none for a topic; the text names the variable.
        """
        return self.model_copy(update={"name": name_of(self.env, self.name, settings)})


class RetryPolicy(_Described):
    """How long a message that was refused waits before it is pushed again."""

    minimum_backoff: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(seconds=600))]
    maximum_backoff: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(seconds=600))]


class DeadLetterPolicy(_Described):
    """Where a message goes that was refused too often; `topic` is a key of the topics."""

    topic: str
    max_delivery_attempts: Annotated[int, Field(ge=5, le=100)]


class Subscription(_Described):
    """How the messages of the topic with the same key are taken."""

    ack_deadline_seconds: Annotated[int, Field(ge=10, le=600)]
    push_function: str | None = None
    """The function that gets the messages; None: they are pulled."""
    retry_policy: RetryPolicy | None = None
    dead_letter_policy: DeadLetterPolicy | None = None


class Topology(_Described):
    """All topics and subscriptions, by their keys; subscriptions never expire."""

    retention: Duration
    """How long a subscription keeps a message that was not acknowledged."""
    topics: dict[str, Topic]
    subscriptions: dict[str, Subscription]

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        dead = [one.dead_letter_policy for one in self.subscriptions.values()]
        named = {*self.subscriptions, *(policy.topic for policy in dead if policy)}
        if unknown := named - set(self.topics):
            raise ValueError(f"no such topics: {sorted(unknown)}")
        return self

    def named(self, settings: Settings) -> Self:
        """Return the topology with the topics' names under these settings.

        Raises:
            ValueError: a name is none for a topic, or two topics have the same one.
        """
        topics = {key: topic.named(settings) for key, topic in self.topics.items()}
        check_that_all_differ({topic.env: topic.name for topic in topics.values()})
        return self.model_copy(update={"topics": topics})

    def without_retry_policies(self) -> Self:
        """Return the topology with every refused message pushed again as the service pleases."""
        plain = {
            key: one.model_copy(update={"retry_policy": None})
            for key, one in self.subscriptions.items()
        }
        return self.model_copy(update={"subscriptions": plain})

    def pulled(self, keys: Collection[str]) -> Self:
        """Return the topology with these subscriptions pulled, by a batch consumer."""
        pulled = {
            key: self.subscriptions[key].model_copy(update={"push_function": None}) for key in keys
        }
        return self.model_copy(update={"subscriptions": {**self.subscriptions, **pulled}})

    def only(self, keys: Collection[str]) -> Self:
        """Return the topology with these subscriptions and no others."""
        some = {key: self.subscriptions[key] for key in keys}
        return self.model_copy(update={"subscriptions": some})

    def topic_name(self, key: str) -> str:
        """Return the name of the topic with this key, which is also its subscription's."""
        return self.topics[key].name

    def publishes(self, key: str, settings: Settings) -> bool:
        """Tell whether messages are to be published to the topic under these settings."""
        topic = self.topics[key]
        return not topic.optional or bool(settings.get(topic.env))


def load() -> Topology:
    """Return the topology of `messaging.json`, with the default names."""
    return Topology.model_validate_json(DESCRIPTION.read_bytes())

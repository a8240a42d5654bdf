"""The names of topics, as `messaging.json` and the environment set them.

Apart from `topology.py`, which describes all of it: a function that is called asks for no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DESCRIPTION = Path(__file__).with_name("messaging.json")

_TOPIC_NAME = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")


def check_topic_name(name: str) -> str:
    """Return the name if Pub/Sub accepts it; what starts with "goog" is the service's own.

    Raises:
        ValueError: it does not.
    """
    if not _TOPIC_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name that a topic can have")
    return name


def name_of(env: str, default: str, environ: Mapping[str, str]) -> str:
    """Return the name that a variable sets, or the default.

    Raises:
        ValueError: it is none for a topic; the text names the variable.
    """
    try:
        return check_topic_name(environ.get(env) or default)
    except ValueError as error:
        raise ValueError(f"{env}: {error}") from error


def check_that_all_differ(names: Mapping[str, str]) -> None:
    """Do nothing if no name is there twice; `names` maps variables to the names they set.

    Raises:
        ValueError: two topics have the same one.
    """
    envs: dict[str, str] = {}
    for env, name in names.items():
        if (other := envs.setdefault(name, env)) != env:
            raise ValueError(f"{other} and {env} both name the topic {name!r}")


def published(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the topics that are published to, by their keys.

    Raises:
        ValueError: a variable such as TILEWEAVE_SCENE_JOBS_TOPIC names no possible topic.
    """
    described: dict[str, dict[str, Any]] = json.loads(DESCRIPTION.read_bytes())["topics"]
    names = {key: name_of(each["env"], each["name"], environ) for key, each in described.items()}
    check_that_all_differ({described[key]["env"]: name for key, name in names.items()})
    return {
        key: name
        for key, name in names.items()
        if not described[key].get("optional") or environ.get(described[key]["env"])
    }

"""The schemas of the OpenAPI document, from the models of requests and answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonSchemaMode,
    JsonSchemaValue,
    models_json_schema,
)
from pydantic_core.core_schema import CoreSchema, WithDefaultSchema

from tileweave.domain.model import Json
from tileweave.web import schemas, schemas_geojson
from tileweave.web.schemas_requests import REQUESTS, completed


class _Plain(GenerateJsonSchema):
    """Leaves out what is Python's: names of fields in words, defaults that stand for nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - of many kinds
        del schema
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        inner: CoreSchema = schema["schema"]
        return self.generate_inner(inner)


def component_schemas() -> Json:
    """Return the schemas of all requests and answers, by name."""
    answers = [each for module in (schemas, schemas_geojson) for each in _models(module)]
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((each, "serialization") for each in answers),
        *((each, "validation") for each in REQUESTS),
    ]
    _, found = models_json_schema(
        modes, ref_template="#/components/schemas/{model}", schema_generator=_Plain
    )
    named: Json = found["$defs"]
    completed(named)
    return dict(sorted(named.items()))


def _models(module: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - a module
    for each in vars(module).values():
        own = isinstance(each, type) and each.__module__ == module.__name__
        if own and issubclass(each, BaseModel) and each is not schemas.Answer:
            yield each

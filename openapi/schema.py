"""Parts of JSON Schema, as OpenAPI 3.1 uses it."""

from collections.abc import Iterable, Mapping
from typing import Any

type Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
}
DAY: Schema = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
CURRENCY: Schema = {"type": "string", "pattern": "^[a-z]{3}$"}


def fields(
    required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    """Return the schema of an object; further fields may be added to it one day."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def list_of(members: Schema) -> Schema:
    return {"type": "array", "items": members}


def or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def one_of(words: Iterable[str]) -> Schema:
    return {"type": "string", "enum": [str(word) for word in words]}


def text(description: str, **limits: Any) -> Schema:  # noqa: ANN401 - of JSON Schema
    return {"type": "string", "description": description, **limits}


def component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}

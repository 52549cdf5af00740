"""
A request's body as a pydantic model, and the types of its fields.

Only the functions that read a body import this module: pydantic adds 257 million
instructions to a cold start (docs/adr/0013-small-at-cold-start.md).

The models describe their fields for people, too: `make openapi` takes their limits and
the texts below them. A limit that a validator checks is repeated for it in
`json_schema_extra`. A `title` is what the documentation calls the type.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LONGEST_ID = 128


class RequestBody(BaseModel):
    """Types are enforced as declared, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# Not `type` statements: pydantic would not apply its strict mode to them.
Identifier = Annotated[
    Annotated[int, Field(ge=0, lt=10**18)]
    | Annotated[str, Field(min_length=1, max_length=LONGEST_ID)],
    Field(title="id"),
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        title="URL",
        json_schema_extra={
            "pattern": r"^[hH][tT][tT][pP][sS]?://[0-9A-Za-z\[][!-\[\]-~]*$"
        },
    ),
]

"""
A request's body as a pydantic model, and the types of its fields.

Only the functions that read a body import this module: pydantic adds 257 million
instructions to a cold start (docs/adr/0013-small-at-cold-start.md).
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LONGEST_ID = 128


class RequestBody(BaseModel):
    """Types are enforced as declared, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# Not `type` statements: pydantic would not apply its strict mode to them.
Identifier = (
    Annotated[int, Field(ge=0, lt=10**18)]
    | Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
)
Url = Annotated[str, Field(min_length=1, max_length=2048)]

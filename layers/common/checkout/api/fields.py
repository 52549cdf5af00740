"""
The types of a request body's fields, for pydantic.

Only modules that declare a body import this one: annotated_types adds 41 million
instructions to a cold start.
"""

from dataclasses import dataclass
from typing import Annotated, dataclass_transform

from annotated_types import Ge, Len, Lt

# Not `type` statements: pydantic would not apply its strict mode to them.
Identifier = Annotated[int, Ge(0), Lt(10**18)] | Annotated[str, Len(1, 128)]
Url = Annotated[str, Len(1, 2048)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def request_body[T](cls: type[T]) -> type[T]:
    """Declare the body of a request: types are enforced, unknown fields are refused."""
    shape = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    shape.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    return shape

"""What a request body may hold: the types of its fields, and nothing else."""

from dataclasses import dataclass
from typing import Annotated, dataclass_transform

from annotated_types import Ge, Len, Lt

# No `type` statements: pydantic would read those without the request's strictness.
Identifier = Annotated[int, Ge(0), Lt(10**18)] | Annotated[str, Len(1, 128)]
Url = Annotated[str, Len(1, 2048)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def request_body[T](cls: type[T]) -> type[T]:
    """Declare a create request: its types are enforced, and nothing else is let in."""
    shape = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    shape.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    return shape

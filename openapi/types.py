"""The types of the fields in answers and parameters."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Described(BaseModel):
    """Fields that are described; further ones may be added one day."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Parameters(Described):
    """The parameters of a route in its query or its headers."""


def absent(**described: str) -> Any:  # noqa: ANN401 - a default of any type
    """Return the default of a field that may be left out, and is then not null."""
    # The document has a default, but not what a factory makes.
    return Field(default_factory=dict, **described)  # type: ignore[call-overload]


def one_of(words: Iterable[str], **described: str | None) -> Any:  # noqa: ANN401
    schema = {"enum": [str(word) for word in words]}
    return Field(json_schema_extra=schema, **described)  # type: ignore[call-overload]


Count = Annotated[int, Field(ge=0)]
Time = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
        json_schema_extra={"format": "date-time"},
    ),
]
Day = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}-\d{2}$", json_schema_extra={"format": "date"}),
]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]

"""The fields of one's own on Stripe's page, one of Checkout's options."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from checkout.api.fields import RequestBody

Words = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
ALPHANUMERIC = {"pattern": "^[A-Za-z0-9]+$"}
Length = Annotated[int, Field(ge=1, le=255)]


class Options(RequestBody):
    """What the fields of this module share: they are compiled when they are used."""

    model_config = ConfigDict(defer_build=True, validate_default=True)


class Label(Options):
    type: Literal["custom"]
    custom: Words


class TextInput(Options):
    minimum_length: Length | None = None
    maximum_length: Length | None = None
    default_value: Annotated[str, Field(max_length=255)] | None = None

    @field_validator("maximum_length")
    @classmethod
    def _is_not_below(cls, longest: int | None, given: ValidationInfo) -> int | None:
        if longest is not None and longest < (given.data.get("minimum_length") or 0):
            raise ValueError("must be at least minimum_length")
        return longest


class Choice(Options):
    label: Words
    value: Annotated[
        str, Field(min_length=1, max_length=100, json_schema_extra=ALPHANUMERIC)
    ]

    @field_validator("value")
    @classmethod
    def _is_alphanumeric(cls, value: str) -> str:
        return alphanumeric(value)


class Dropdown(Options):
    options: Annotated[list[Choice], Field(min_length=1, max_length=200)]
    default_value: str | None = None

    @field_validator("options")
    @classmethod
    def _differ(cls, options: list[Choice]) -> list[Choice]:
        if len({option.value for option in options}) < len(options):
            raise ValueError("must have different values")
        return options

    @field_validator("default_value")
    @classmethod
    def _is_an_option(cls, value: str | None, given: ValidationInfo) -> str | None:
        values = [option.value for option in given.data.get("options", ())]
        if value is not None and value not in values:
            raise ValueError("must be the value of one of the options")
        return value


class CustomField(Options):
    key: Annotated[
        str, Field(min_length=1, max_length=200, json_schema_extra=ALPHANUMERIC)
    ]
    label: Label
    type: Literal["text", "numeric", "dropdown"]
    optional: bool | None = None
    text: TextInput | None = None
    numeric: TextInput | None = None
    dropdown: Dropdown | None = None

    @field_validator("key")
    @classmethod
    def _is_alphanumeric(cls, key: str) -> str:
        return alphanumeric(key)

    @field_validator("text", "numeric", "dropdown")
    @classmethod
    def _is_of_the_type[T](cls, value: T | None, given: ValidationInfo) -> T | None:
        type_ = given.data.get("type")
        if value is not None and type_ and given.field_name != type_:
            raise ValueError(f"is not for a field of the type {type_}")
        if value is None and given.field_name == type_ == "dropdown":
            raise ValueError("is missing")
        return value


def alphanumeric(text: str) -> str:
    if not (text.isascii() and text.isalnum()):
        raise ValueError("must have only letters and digits")
    return text

"""
Read the payment page's form of a session's options.

Its fields have the names of the page's parameters, so a form is read as an API call is.
"""

from typing import Any

from .checkouts import Checkout
from .errors import ApiError, invalid
from .money import format_amount
from .option_fields import Field
from .page_params import PageParams
from .parameters import fields, validate
from .shapes import Json


def entered(form: Json) -> Json:
    """Return what the form enters, where an empty field enters nothing."""
    given = {name: form[name] for name in fields(PageParams) if name in form}
    kept: Json = _without_blanks(given)
    if "promotion_code" in given:
        kept.setdefault("promotion_code", "")
    for answer in _parts(kept, "custom_fields"):
        answer.setdefault("value", "")
    details = kept.get("customer_details")
    # A type alone is no tax ID.
    if isinstance(details, dict) and not any(
        "value" in each for each in _parts(details, "tax_ids")
    ):
        details.pop("tax_ids", None)
    return validate(kept, PageParams)


def check_total(checkout: Checkout, form: Json) -> None:
    """Refuse to take another total than the page has shown."""
    session = checkout.session
    total = session["amount_total"]
    if form.get("expected_amount", str(total)) != str(total):
        raise invalid(
            "expected_amount",
            f"The total is now {format_amount(total, session['currency'])}. Check it, "
            "and pay.",
        )


def field_of(checkout: Checkout, error: ApiError) -> str | None:
    """Return the field that an error is about, if it is one of an option."""
    param = str(error.error.get("param"))
    if param == "customer_details[tax_ids]":
        return "customer_details[tax_ids][0][value]"
    for index, field in enumerate(checkout.session["custom_fields"]):
        if param == f"custom_fields[{field['key']}]":
            return f"custom_fields[{index}][value]"
    heads = fields(PageParams)
    return param if param.partition("[")[0] in heads else None


def message_of(shown: list[Field], field: str | None, error: ApiError) -> str:
    """Return the words for the customer."""
    missing = error.error.get("code") == "parameter_missing"
    labels = [each.label for each in shown if missing and each.name == field]
    return f"This is missing: {labels[0]}." if labels else str(error)


def _without_blanks(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value.strip()
    inner = {name: _without_blanks(each) for name, each in value.items()}
    return {name: each for name, each in inner.items() if each}


def _parts(value: Any, name: str) -> list[Json]:  # noqa: ANN401 - JSON
    """Return the members of a list in the form, if it has the form of one."""
    parts = value.get(name) if isinstance(value, dict) else None
    return [
        each
        for each in (parts.values() if isinstance(parts, dict) else ())
        if isinstance(each, dict)
    ]

"""
The tables of fields in the documentation, made from the models.

A page has a table where it has these two comments, with the name of a model's schema:

    <!-- fields: ContentOffer -->
    <!-- end -->

`offers` stands for the tables of all offers, `items` for the table of their items.
"""

import re
from collections.abc import Mapping

from checkout.api.checkout_options import CheckoutOptions
from checkout.api.offer_body import OfferBody
from openapi.models import (
    ItemType,
    JsonSchema,
    described,
    item_types,
    schema_of,
    schemas_of,
    without,
)

MARKED = re.compile(r"<!-- fields: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
# More words than these are no list that anybody reads.
MOST_WORDS = 8


def with_tables(page: str) -> str:
    """Return the text of a page with its tables as the models are now."""
    return MARKED.sub(
        lambda found: (
            f"<!-- fields: {found[1]} -->\n\n{made(found[1])}\n\n<!-- end -->"
        ),
        page,
    )


def made(name: str) -> str:
    if name == "items":
        return _stored_items()
    if name == "offers":
        return "\n\n".join([_of_every_offer(), *map(_of_item, item_types())])
    schema = schemas_of(*described())[name]
    # The path of its route has the id.
    return table(without(schema, ["orderId"]))


def table(schema: JsonSchema, leave_out: Mapping[str, JsonSchema] | None = None) -> str:
    required = schema.get("required", [])
    rows = [
        f"| `{name}` | {type_of(field)} | {meaning(field, name in required)} |"
        for name, field in schema["properties"].items()
        if (leave_out or {}).get(name) != field
    ]
    return "\n".join(["| Field | | |", "|---|---|---|", *rows])


def meaning(field: JsonSchema, is_required: bool) -> str:
    default = field.get("default")
    texts = [
        "Required." if is_required else "",
        " ".join(field.get("description", "").split()),
        f"Default: `{default}`." if default not in (None, "") else "",
    ]
    return " ".join(filter(None, texts)) or "Optional."


def type_of(field: JsonSchema) -> str:  # noqa: C901, PLR0911 - one for each type
    """Say in words what a field may hold."""
    match field:
        case {"$ref": ref} if ref.endswith(CheckoutOptions.__name__):
            return "[Checkout's options](#checkouts-options)"
        case {"$ref": ref}:
            return f"[{_words(ref)}](#{_words(ref).replace(' ', '-')})"
        case {"title": title}:
            return str(title)
        case {"anyOf": [inner, {"type": "null"}]}:
            return type_of(inner)
        case {"enum": words} if len(words) <= MOST_WORDS:
            *others, last = (f"`{word}`" for word in words)
            return f"{', '.join(others)} or {last}" if others else last
        case {"type": "array", "items": members}:
            return f"list of {_range(field, 'Items')}, each {type_of(members)}"
        case {"type": "integer"}:
            return f"whole number{_limits(field)}"
        case {"format": "uuid"}:
            return "UUID"
        case {"format": "date-time"}:
            return "time with an offset"
        case {"type": "string"}:
            return f"text of {_range(field, 'Length')} characters"
    raise ValueError(f"no words for {field}")


def _words(ref: str) -> str:
    return "a " + ref.rpartition("/")[2].lower()


def _range(field: JsonSchema, of: str) -> str:
    # A pattern here says that a text is not blank.
    least = field.get(f"min{of}", 1 if "pattern" in field else 0)
    most = field[f"max{of}"]
    return f"{least} to {most}" if least else f"up to {most}"


def _limits(field: JsonSchema) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if most is not None:
        return f", {least} to {most}"
    return f", {least} or more" if least is not None else ""


def _stored_items() -> str:
    """Return the attributes and statuses of the items in the Offers table."""
    common = _common()["properties"]
    rows = [
        "| Item | Attributes | For sale | Sold | Returned |",
        "|---|---|---|---|---|",
    ]
    for item in item_types():
        own = [n for n in schema_of(item.model)["properties"] if n not in common]
        shown = ", ".join(f"`{name}`" for name in (f"{item.name}_id", *own))
        for_sale, _, sold, returned = item.model.STATUSES
        statuses = (for_sale, sold, returned)
        words = " | ".join(f"`{word}`" if word else "never" for word in statuses)
        rows.append(f"| `{item.name}#<id>` | {shown} | {words} |")
    return "\n".join(rows)


def _of_every_offer() -> str:
    """Return the fields that every kind has, and the models that fields name."""
    parts = ["#### Every offer", table(_common())]
    of_items = [item.model for item in item_types()]
    # Stripe describes what is in Checkout's options.
    known = {*schemas_of(CheckoutOptions), *(model.__name__ for model in of_items)}
    models = schemas_of(*of_items)
    for name, schema in sorted(models.items()):
        if name in known:
            continue
        parts += [f"#### A {name.lower()}", *_description(schema), table(schema)]
    return "\n\n".join(parts)


def _common() -> JsonSchema:
    return schema_of(OfferBody)


def _of_item(item: ItemType) -> str:
    """Return the fields that an item type has beside those of every offer."""
    schema = schema_of(item.model)
    parts = [f"#### `{item.name}`", *_description(schema), _statuses(item)]
    return "\n\n".join([*parts, table(schema, leave_out=_common()["properties"])])


def _description(schema: JsonSchema) -> list[str]:
    return [" ".join(schema["description"].split())] if "description" in schema else []


def _statuses(item: ItemType) -> str:
    for_sale, withdrawn, sold, returned = item.model.STATUSES
    said = f"For sale as `{for_sale}`, withdrawn as `{withdrawn}`."
    if sold is None:
        return said
    return (
        f"{said} Checkout itself makes it `{sold}` when it is sold, "
        f"and `{returned}` when all the money went back."
    )

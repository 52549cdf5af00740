"""The schemas of the pydantic models: what is sent to the API, and stored offers."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pkgutil import iter_modules
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from checkout import kinds
from checkout.api.offer_body import OfferBody
from checkout.kinds import Kind, kind_named
from openapi.schema import COUNT, FLAG, TEXT, TIME, Schema, fields, one_of

REF = "#/components/schemas/{model}"


class _WithoutTitles(GenerateJsonSchema):
    """Keeps only titles that a model gives: those that it makes say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002
        return False


@dataclass(frozen=True)
class ItemType:
    """A sort of item in the Offers table, and the kind that it belongs to."""

    name: str
    kind: str
    model: type[OfferBody]

    @property
    def title(self) -> str:
        return self.model.__name__

    @property
    def id_schema(self) -> Schema:
        return {"type": "string", **self.model.ID_SCHEMA}

    @property
    def statuses(self) -> list[str]:
        """Return every status of such an item, those that checkout gives included."""
        given = schema_of(self.model)["properties"]["status"]["enum"]
        sold = (self.model.STATUSES.sold, self.model.STATUSES.returned)
        return [*given, *(status for status in sold if status)]


def kind_names() -> list[str]:
    return sorted(module.name for module in iter_modules(kinds.__path__))


def all_kinds() -> Iterator[tuple[str, Kind]]:
    for name in kind_names():
        yield name, kind_named(name)


def item_types() -> list[ItemType]:
    """Return the item types of all kinds, by name."""
    found = [
        ItemType(name, kind_name, model)
        for kind_name, kind in all_kinds()
        for name, model in kind.ITEMS.items()
    ]
    return sorted(found, key=lambda each: each.name)


def schema_of(model: type[BaseModel]) -> Schema:
    """Return a model's schema, with the texts below its fields as descriptions."""
    return deepcopy(_schema_of(model))


@cache
def _schema_of(model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema(ref_template=REF, schema_generator=_WithoutTitles)
    schema.pop("$defs", None)
    del schema["title"]
    if own := _own_docstring(model):
        schema["description"] = own
    else:
        schema.pop("description", None)
    for name, description in descriptions(model).items():
        schema["properties"][name]["description"] = description
    return schema


def _own_docstring(model: type[BaseModel]) -> str | None:
    """Return what is written in the class itself: pydantic inherits docstrings."""
    own = vars(model).get("__doc__")
    return " ".join(own.split()) if own else None


def nested(model: type[BaseModel]) -> dict[str, Schema]:
    """Return the schemas of the models in a model's fields, by name."""
    defs = model.model_json_schema().get("$defs", {})
    classes = {
        each.__name__: each for each in _subclasses(BaseModel) if each.__name__ in defs
    }
    return {name: schema_of(classes[name]) for name in defs}


def _subclasses(of: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """
    Return the texts below the fields of a model, by the field's name.

    They are read from the source, at the desk: pydantic's `use_attribute_docstrings`
    would read it at each cold start.
    """
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base.__module__.startswith("checkout."):
            # A field that is declared again has its own text, or none.
            own = dict(_texts_below_fields(base))
            found = {n: t for n, t in found.items() if n not in own} | {
                n: t for n, t in own.items() if t and n in model.model_fields
            }
    return found


def _texts_below_fields(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    source = textwrap.dedent(inspect.getsource(model))
    [definition] = ast.parse(source).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign):
            continue
        match statement.target, following:
            case ast.Name(id=name), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())
            case ast.Name(id=name), _:
                yield name, ""


def typed_fields(module: Kind, name: str) -> Schema | None:
    """Return the schema of a TypedDict of a kind's module, None if it has none."""
    declared = getattr(module, name, None)
    if declared is None:
        return None
    schema = TypeAdapter(declared).json_schema(schema_generator=_WithoutTitles)
    inlined: Schema = _inlined(schema, schema.pop("$defs", {}))
    return inlined


def _inlined(part: Any, defs: Mapping[str, Schema]) -> Any:  # noqa: ANN401 - any JSON
    """Return a schema with its definitions in their places, and without titles."""
    match part:
        case {"$ref": ref}:
            return _inlined(defs[ref.rpartition("/")[2]], defs)
        case dict():
            is_title = {"title"} if isinstance(part.get("title"), str) else set()
            return {k: _inlined(v, defs) for k, v in part.items() if k not in is_title}
        case list():
            return [_inlined(each, defs) for each in part]
    return part


def without(schema: Schema, names: list[str]) -> Schema:
    """Return the schema of a body whose fields *names* are given by the path."""
    return {
        **schema,
        "properties": {n: s for n, s in schema["properties"].items() if n not in names},
        "required": [n for n in schema.get("required", []) if n not in names],
    }


def stored(item_type: ItemType) -> Schema:
    """Return the schema of an offer as it is shown to its writer."""
    schema = schema_of(item_type.model)
    shown = {name: _not_null(each) for name, each in schema["properties"].items()}
    shown["status"] = {**shown["status"], "enum": item_type.statuses}
    always = {*schema.get("required", [])} | {
        name for name, each in shown.items() if each.pop("default", None) is not None
    }
    required = {
        "kind": {"const": item_type.name},
        "id": item_type.id_schema,
        **{name: each for name, each in shown.items() if name in always},
        "version": COUNT,
        "created_at": TIME,
        "updated_at": TIME,
    }
    by_checkout = {"purchase_id": TEXT} if item_type.model.STATUSES.sold else {}
    optional = {n: s for n, s in shown.items() if n not in always} | by_checkout
    if item_type.name == "row":
        optional["purchased_bid_id"] = TEXT
    return fields(required, optional)


def _not_null(schema: Schema) -> Schema:
    """Return the schema of a field that is left out instead of being null."""
    match schema:
        case {"anyOf": [inner, {"type": "null"}], **rest}:
            return {**inner, **{k: v for k, v in rest.items() if v is not None}}
    return dict(schema)


def written(item_type: ItemType) -> Schema:
    """Return the schema of the answer to whoever writes an offer."""
    return fields_with(stored(item_type), EXPIRED)


EXPIRED: dict[str, Schema] = {
    "expired_sessions": {**COUNT, "description": "How many were expired at Stripe."},
    "open_sessions": {
        **FLAG,
        "description": "Whether others are open: repeat the request.",
    },
}
# What the host application wrote itself may have other fields, of other types.
WITHDRAWN: Schema = {
    **fields(
        {
            "kind": TEXT,
            "id": TEXT,
            "status": TEXT,
            "version": COUNT,
            "updated_at": TIME,
            **EXPIRED,
        }
    ),
    "additionalProperties": True,
}


def fields_with(schema: Schema, more: Mapping[str, Schema]) -> Schema:
    return {
        **schema,
        "properties": {**schema["properties"], **more},
        "required": [*schema["required"], *more],
    }


def kind_schema(names: list[str] | None = None) -> Schema:
    return one_of(names or kind_names())

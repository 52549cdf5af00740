"""
The models of what is sent and answered; their names are those in the document.

What differs by kind of offer is made here from the kind's own models: its create
requests and their answers, how its offers are written and shown, and its purchases.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pkgutil import iter_modules
from types import NoneType
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from checkout import kinds
from checkout.api.offer_body import SHOWN, OfferBody
from checkout.api.refund_body import RefundBody
from checkout.kinds import Kind, kind_named
from openapi import answers
from openapi.types import Count, Described, Time, absent, one_of

type JsonSchema = dict[str, Any]
type Model = type[BaseModel]
type Fields = dict[str, Any]  # a type, or one with its default

# The package has these fields of create responses as texts.
KNOWN: Fields = {"payment_window": answers.PaymentWindow, "expires_at": Time}


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
    def id_schema(self) -> JsonSchema:
        return {"type": "string", **self.model.ID_SCHEMA}

    @property
    def statuses(self) -> list[str]:
        """Return every status of such an item, those that checkout gives included."""
        given = get_args(self.model.model_fields["status"].annotation)
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


class _WithoutTitles(GenerateJsonSchema):
    """Keeps the titles that a field is given: pydantic's own say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002
        return False


def schemas_of(*models: Model) -> dict[str, JsonSchema]:
    """Return the schemas of models, and of those in their fields, by name."""
    _, made = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
        schema_generator=_WithoutTitles,
    )
    found: dict[str, JsonSchema] = made["$defs"]
    for schema in found.values():
        schema.pop("title", None)  # the name once more
    return found


def schema_of(model: Model) -> JsonSchema:
    return schemas_of(model)[model.__name__]


def without(schema: JsonSchema, names: Collection[str]) -> JsonSchema:
    """Return the schema of a body whose fields *names* are given by the path."""
    kept = {n: s for n, s in schema["properties"].items() if n not in names}
    required = [n for n in schema.get("required", []) if n not in names]
    return {**schema, "properties": kept, "required": required}


def described() -> list[Model]:
    """Return all models whose schemas the document has."""
    of_kinds = [*of_sessions(), *of_purchases(), *of_offers(), *of_writers()]
    return [*answers.ALL, *of_kinds, RefundBody]


def of_sessions() -> Iterator[Model]:
    """Yield what is sent to create a session of each kind, and what is answered."""
    for name, kind in all_kinds():
        title = name.title()
        yield create_model(f"Create{title}", __base__=kind.Request)
        own = getattr(kind, "CreateFields", None)
        fields = get_type_hints(own) if own else {}
        # An embedded page has no address.
        is_embedded = "client_secret" in fields
        yield create_model(
            f"Created{title}",
            __base__=answers.CreatedSession if is_embedded else answers.CreatedPage,
            **{n: KNOWN.get(n, type_) for n, type_ in fields.items()},
        )


def of_purchases() -> Iterator[Model]:
    """Yield a purchase of any kind, and lists of them."""
    own: Fields = {
        name: (type_, absent())
        for _, kind in all_kinds()
        if (declared := getattr(kind, "PurchaseFields", None))
        for name, type_ in get_type_hints(declared).items()
    }
    purchase = create_model("Purchase", __base__=answers.ForBuyer, **own)
    sale = create_model("Sale", __base__=answers.ForCreator, **own)
    yield create_model("Purchases", __base__=answers.Numbered, data=_list_of(purchase))
    yield create_model("Sales", __base__=answers.SalesPage, data=_list_of(sale))


def of_offers() -> Iterator[Model]:
    """Yield an offer as anybody sees it, and as its buyer does."""
    public = {name for item in item_types() for name in item.model.PUBLIC}
    names = sorted({*SHOWN, *public} - {"price"})
    texts: Fields = {name: (str | None, absent()) for name in names}
    yield create_model("OfferForAnybody", __base__=answers.ShownOffer, **texts)
    yield create_model("OfferForBuyer", __base__=answers.BuyableOffer, **texts)


def of_writers() -> Iterator[Model]:
    """Yield how offers are written, shown to their writers, and listed."""
    for item in item_types():
        title, text = item.title, item.model.__doc__
        yield create_model(f"{title}Offer", __base__=item.model, __doc__=text)
        fields = _stored_fields(item)
        stored = create_model(f"Stored{title}", __base__=Described, **fields)
        yield create_model(f"Written{title}", __base__=(stored, answers.Expired))
        yield create_model(f"{title}Page", __base__=answers.Page, data=_list_of(stored))


def _list_of(model: Model) -> Any:  # noqa: ANN401 - a type that mypy cannot know
    return list[model]  # type: ignore[valid-type]


def _stored_fields(item: ItemType) -> Fields:
    found = {name: _stored(field) for name, field in item.model.model_fields.items()}
    text = item.model.model_fields["status"].description
    found["status"] = Annotated[str, one_of(item.statuses, description=text)], ...
    by_checkout = ["purchase_id"] if item.model.STATUSES.sold else []
    by_checkout += ["purchased_bid_id"] if item.name == "row" else []
    return {
        "kind": Annotated[str, Field(json_schema_extra={"const": item.name})],
        "id": Annotated[str, Field(json_schema_extra=item.id_schema)],
        **found,
        "version": Count,
        "created_at": Time,
        "updated_at": Time,
        **{name: (str, absent()) for name in by_checkout},
    }


def _stored(field: FieldInfo) -> tuple[Any, Any]:
    """Return the type and the default of a field as it is stored: it is never null."""
    types = [each for each in get_args(field.annotation) if each is not NoneType]
    is_nullable = len(types) < len(get_args(field.annotation))
    given: Any = types[0] if is_nullable else field.annotation
    given = Annotated[given, *field.metadata, _extra(field)]
    is_always_there = field.is_required() or field.default is not None
    return given, ... if is_always_there else absent()


def _extra(field: FieldInfo) -> Any:  # noqa: ANN401 - as pydantic's Field
    """Return what a field says of itself beside its type."""
    names = ("title", "description", "json_schema_extra")
    return Field(**{n: getattr(field, n) for n in names if getattr(field, n)})

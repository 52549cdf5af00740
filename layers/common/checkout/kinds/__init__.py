"""
The registry of the kinds of offer: one module of this package for each kind.

A kind defines what it sells and to whom. The payment itself is the same for all kinds.
To add a kind, add a module: docs/adding-an-offer-kind.md.
"""

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

from checkout.domain.buyer import Buyer
from checkout.domain.offer import Offer
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession
from checkout.errors import NotFoundError
from checkout.tables.offers import Offers

if TYPE_CHECKING:
    from checkout.api.fields import RequestBody
    from checkout.api.offer_body import OfferBody

type Items = Mapping[str, type[OfferBody]]


class Kind(Protocol):
    """
    What each module of this package defines; its functions only read.

    Two TypedDicts describe what only this kind has, for the OpenAPI document:
    `PurchaseFields` what its purchases show, `CreateFields` what its create responses
    have beside the common fields. A kind without such fields has neither.
    """

    ANONYMOUS: bool
    """Whether a buyer may pay without logging in."""

    Request: "type[RequestBody]"
    """The fields of the create request, path parameters included."""

    ITEMS: "Items"
    """
    The items of the Offers table that are the kind's, by item type.

    The first is the one that is bought, if there are several.
    """

    def find_offer(self, request: Any, buyer: Buyer | None, offers: Offers) -> Offer:  # noqa: ANN401
        """Return what this buyer can buy now; raises the errors of docs/api.md."""

    def request_for(self, offer_id: str, item: OfferItem, url: str) -> dict[str, Any]:
        """
        Return the create request of a buyer who names no more than the offer.

        *item* is the offer's item, which is empty if there is none, and *url* stands
        for each URL that the request must have. A kind without this function shows no
        buyer what they can buy.
        """

    def create_response(
        self, session: PaymentSession, client_secret: str | None
    ) -> dict[str, Any]:
        """Return the body of the create response, with this frontend's field names."""

    def requested_key(self, request: Any, buyer: Buyer) -> str | None:  # noqa: ANN401
        """
        Return the sale key of what is requested, whether or not it is for sale.

        The answer to a buyer whose payment is under way names it, also after the
        offer has changed.
        """


def kind_named(name: str) -> Kind:
    """Return the kind called *name*; raises NotFoundError if there is none."""
    check_kind(name)
    return cast("Kind", import_module(f"{__name__}.{name}"))


def item_of(kind: Kind) -> tuple[str, "type[OfferBody]"]:
    """Return the item type that is bought of a kind, and its model."""
    return next(iter(kind.ITEMS.items()))


def model_of(item_type: str) -> tuple[str, "type[OfferBody]"]:
    """Return the kind of an item type, and its model; raises NotFoundError."""
    names = [item_type, *(module.name for module in iter_modules(__path__))]
    for name in names:
        with suppress(NotFoundError):
            if model := kind_named(name).ITEMS.get(item_type):
                return name, model
    raise NotFoundError("There is no such kind of offer.")


def check_kind(name: str) -> None:
    """Raise NotFoundError unless there is a kind called *name*; it is not loaded."""
    # Python's own names begin with an underscore: __init__, __pycache__.
    is_name = name.isascii() and name.isidentifier() and not name.startswith("_")
    if not (is_name and find_spec(f"{__name__}.{name}")):
        raise NotFoundError("There is no such kind of offer.")

"""Show an offer to anybody, and to a buyer with what create would answer."""

from http import HTTPStatus
from typing import Any, NamedTuple

from checkout.api import body
from checkout.api.fields import RequestBody
from checkout.api.offer_body import SHOWN, OfferBody
from checkout.domain.buyer import Buyer
from checkout.domain.offer import is_there
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import payment_window
from checkout.domain.terms import Terms
from checkout.errors import (
    CheckoutError,
    InvalidRequestError,
    NotFoundError,
    NotPurchasableError,
)
from checkout.flows.check_buyable import BuyableCheck
from checkout.flows.offer_terms import terms_offered
from checkout.kinds import Kind, item_of, kind_named
from checkout.tables.offers import Offers

NO_SUCH_OFFER = "There is no such offer."
# A create request with one of these would be the same tomorrow, or until something
# changes; what has another status says nothing of the offer.
REFUSALS = frozenset([HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT])
NOTHING = OfferItem({})


def show_to_anybody(kind_name: str, offer_id: str, offers: Offers) -> dict[str, Any]:
    """
    Return the public fields of an offer that is for sale, or was sold.

    Raises NotFoundError for any other, and for a kind that is nobody else's business.
    """
    item_type, model = item_of(kind_named(kind_name))
    item = offers.get(item_type, offer_id) if model.PUBLIC else None
    if not is_there(item) or item.get("status") not in model.STATUSES.public:
        raise NotFoundError(NO_SUCH_OFFER)
    return _fields(kind_name, offer_id, model, item)


class BuyersOffers(NamedTuple):
    """What a buyer can buy: the kind decides, and the check that create makes too."""

    offers: Offers
    check: BuyableCheck
    frontend_url: str

    def show(self, kind_name: str, offer_id: str, buyer: Buyer) -> dict[str, Any]:
        """
        Return the fields of an offer, and whether the buyer can buy it now.

        Raises NotFoundError where a create request would.
        """
        kind = kind_named(kind_name)
        item_type, model = item_of(kind)
        item = self.offers.get(item_type, offer_id)
        if item is None and model.id_problem(offer_id):
            raise NotFoundError(NO_SUCH_OFFER)
        request = self._request(kind, offer_id, item or NOTHING)
        try:
            terms = terms_offered(
                kind_name,
                request,
                buyer,
                self.offers,
                self.check,
                frontend_url=self.frontend_url,
                request_key=None,
            )
        except CheckoutError as refusal:
            # To a buyer whose payment is under way, the offer may not exist any more.
            is_hidden = isinstance(refusal.__cause__, NotFoundError)
            known = NOTHING if is_hidden or item is None else item
            return _fields(kind_name, offer_id, model, known) | _refused(refusal)
        fields = _fields(kind_name, offer_id, model, item or NOTHING) | _offered(terms)
        try:
            self.check.check(terms)
        except CheckoutError as refusal:
            return fields | _refused(refusal)
        return fields | {"buyable": True}

    def _request(self, kind: Kind, offer_id: str, item: OfferItem) -> RequestBody:
        """Return the create request for the offer; raises NotFoundError without one."""
        request_for = getattr(kind, "request_for", None)
        if request_for is None:
            raise NotFoundError(NO_SUCH_OFFER)
        named = request_for(offer_id, item, self.frontend_url)
        try:
            return body.parse(kind.Request, b"", named)
        except InvalidRequestError as error:
            raise NotFoundError(NO_SUCH_OFFER) from error


def _fields(
    kind_name: str, offer_id: str, model: type[OfferBody], item: OfferItem
) -> dict[str, Any]:
    """Return what the kind shows of its item; what cannot be read is null."""
    fields: dict[str, Any] = {"kind": kind_name, "id": offer_id}
    for name in model.PUBLIC or SHOWN:
        fields |= _price(item) if name == "price" else {name: _text(item, name, model)}
    return fields


def _text(item: OfferItem, name: str, model: type[OfferBody]) -> str | None:
    field = model.model_fields.get(name)
    if field and item and name not in item:
        return field.default if isinstance(field.default, str) else None
    return item.decoration(name)


def _price(item: OfferItem) -> dict[str, Any]:
    """Return the price, also if Stripe would not charge it; 0 for what is free."""
    stored = item.get("price")
    price = OfferItem(stored if isinstance(stored, dict) else {})
    try:
        money = price.money("amount", price.currency("currency"))
    except NotPurchasableError:
        return {"price_cents": None, "currency": None}
    return {"price_cents": money.amount, "currency": money.currency}


def _offered(terms: Terms) -> dict[str, Any]:
    """Return what create would sell, and until when."""
    price = terms.offer.total
    window = payment_window(terms.offer.details)
    return {
        "title": terms.offer.title,
        "price_cents": price.amount,
        "currency": price.currency,
        **({"payment_window": window} if window else {}),
    }


def _refused(refusal: CheckoutError) -> dict[str, Any]:
    """Return why the buyer cannot buy; raises what says nothing of the offer."""
    if refusal.status not in REFUSALS:
        raise refusal
    reason = {"code": refusal.code, "error": str(refusal)}
    return {"buyable": False, "reason": reason}

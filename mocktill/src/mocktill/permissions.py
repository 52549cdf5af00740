"""
What a restricted key may do.

The names are those of https://docs.stripe.com/keys/permissions-reference. A GET needs
the permission to read, a POST or DELETE the permission to write, which includes it. An
expanded object needs its own permission to read.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from http import HTTPStatus

from .errors import ApiError

# The resource of each address, under the name that its permissions have.
ADDRESSES = {
    "/v1/account": "connected_account",
    "/v1/accounts": "connected_account",
    "/v1/balance_transactions": "balance",
    "/v1/charges": "charge",
    "/v1/checkout/sessions": "checkout_session",
    "/v1/coupons": "coupon",
    "/v1/customers": "customer",
    "/v1/disputes": "dispute",
    "/v1/events": "event",
    "/v1/payment_intents": "payment_intent",
    "/v1/payment_methods": "payment_method",
    "/v1/payment_pages": "checkout_session",
    "/v1/prices": "plan",
    "/v1/products": "product",
    "/v1/promotion_codes": "promotion_code",
    "/v1/radar/early_fraud_warnings": "charge",
    "/v1/refunds": "charge",
    "/v1/shipping_rates": "shipping_rate",
    "/v1/webhook_endpoints": "webhook",
}
KINDS = {
    "balance_transaction": "balance",
    "charge": "charge",
    "coupon": "coupon",
    "customer": "customer",
    "dispute": "dispute",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "plan",
    "product": "product",
    "promotion_code": "promotion_code",
    "refund": "charge",
    "shipping_rate": "shipping_rate",
}
SOURCE = "balance_transaction_source"
# The resources as Stripe's dashboard names them.
TITLES = {
    "balance": "Balance",
    SOURCE: "Balance Transaction Source",
    "charge": "Charges and Refunds",
    "checkout_session": "Checkout Sessions",
    "connected_account": "Accounts",
    "coupon": "Coupons",
    "customer": "Customers",
    "dispute": "Disputes",
    "event": "Events",
    "payment_intent": "PaymentIntents",
    "payment_method": "PaymentMethods",
    "plan": "Prices",
    "product": "Products",
    "promotion_code": "Promotion Codes",
    "shipping_rate": "Shipping Rates",
    "webhook": "Webhook Endpoints",
}
READ_ONLY = ("balance", SOURCE, "connected_account", "event")
# https://docs.stripe.com/stripe-apps/reference/permissions
IMPLIED = {
    SOURCE: ("balance_read",),
    "checkout_session": ("payment_intent_read", "product_read"),
    "payment_intent": ("product_read",),
}
NAMES = frozenset(
    f"{name}_{verb}"
    for name in TITLES
    for verb in ("read", "write")
    if not (verb == "write" and name in READ_ONLY)
)


class Key:
    """A restricted key, with all permissions that its own ones imply."""

    def __init__(self, key: str, account: str, names: Iterable[str]) -> None:
        named = frozenset(names)
        if unknown := named - NAMES:
            raise ValueError(f"Stripe has no permission {', '.join(sorted(unknown))}")
        self._key = key
        self._account = account
        granted = set(named)
        for permission in named:
            name, _, _ = permission.rpartition("_")
            granted |= {f"{name}_read", *IMPLIED.get(name, ())}
        self.named = named
        self._granted = granted

    def check_call(self, method: str, path: str) -> None:
        for address, name in ADDRESSES.items():
            if path == address or path.startswith(f"{address}/"):
                writes = method != "GET" and name not in READ_ONLY
                self._require(name, "write" if writes else "read")

    def check_expansion(self, parent: str | None, field: str, kind: str) -> None:
        """Check that the key may read an object in a *field* of its *parent*."""
        if parent == "balance_transaction" and field == "source":
            self._require(SOURCE, "read")
        if kind in KINDS:
            self._require(KINDS[kind], "read")

    def _require(self, name: str, verb: str) -> None:
        permission = f"{name}_{verb}"
        if permission in self._granted:
            return
        masked = f"{self._key[:8]}{'*' * 20}{self._key[-6:]}"
        title = f"{TITLES[name]} {verb.capitalize()}"
        raise ApiError(
            HTTPStatus.FORBIDDEN,
            f"Permission denied. The provided key '{masked}' does not have the "
            f"required permissions for this endpoint on account '{self._account}'. "
            f"Enabling \"{title}\" ('{permission}') permissions on this key would "
            "allow this request to continue. You can edit permissions at "
            "https://dashboard.stripe.com/test/apikeys.",
            code="more_permissions_required",
            saved=False,
        )


# The restricted key of the call, or None if the call may do everything.
current_key: ContextVar[Key | None] = ContextVar("current_key", default=None)

"""What the sandbox knows of a Checkout Session."""

from dataclasses import dataclass, field

from .shapes import Json


@dataclass
class Checkout:
    """A session with the data that Stripe's object does not show."""

    session: Json
    line_items: list[Json]
    # The parameters that made the session.
    params: Json
    client_secret: str | None = None
    completed_event: Json | None = None
    # The application of a coupon, as Stripe's object.
    discount: Json | None = None
    # What the customer has entered so far, in the form of the page's parameters.
    entered: Json = field(default_factory=dict)

    # The rate of the made-up tax: by whether prices include it.
    tax_rates: dict[bool, Json] = field(default_factory=dict)
    # What the address has at its end that recovers this session, once it has expired.
    recovery_token: str | None = None

    @property
    def payment_intent_data(self) -> Json:
        data: Json = self.params.get("payment_intent_data", {})
        return data

    @property
    def path(self) -> str:
        """Return the path of the payment page."""
        if self.client_secret:
            return f"/c/embedded/{self.client_secret}"
        return f"/c/pay/{self.session['id']}"

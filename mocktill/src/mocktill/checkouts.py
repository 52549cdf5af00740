"""What the sandbox knows of a Checkout Session."""

from dataclasses import dataclass

from .shapes import Json


@dataclass
class Checkout:
    """A session with the data that Stripe's object does not show."""

    session: Json
    line_items: list[Json]
    payment_intent_data: Json
    client_secret: str | None = None
    completed_event: Json | None = None

    @property
    def path(self) -> str:
        """Return the path of the payment page."""
        if self.client_secret:
            return f"/c/embedded/{self.client_secret}"
        return f"/c/pay/{self.session['id']}"

"""What the sandbox keeps of a Checkout Session beyond Stripe's object."""

from dataclasses import dataclass

from .shapes import Json


@dataclass
class Checkout:
    """A session, and what its object does not show."""

    session: Json
    line_items: list[Json]
    payment_intent_data: Json
    client_secret: str | None = None
    completed_event: Json | None = None

    @property
    def path(self) -> str:
        """Where its payment page is."""
        if self.client_secret:
            return f"/c/embedded/{self.client_secret}"
        return f"/c/pay/{self.session['id']}"

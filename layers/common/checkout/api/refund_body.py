"""What an operator sends to refund a purchase."""

from typing import Annotated

from pydantic import Field

from checkout.api.fields import RequestBody


class RefundBody(RequestBody):
    amountCents: Annotated[int, Field(ge=1)] | None = None  # noqa: N815 - as in a purchase
    """
    An amount that exists in the currency: a multiple of 100 in ISK and UGX, of 10 in
    BHD, JOD, KWD, OMR and TND. Default: everything that is left.
    """
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """The buyer sees it."""

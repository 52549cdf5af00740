"""A buyer: the subject of the caller's token."""

import re
from dataclasses import dataclass, field

# A rough check, so that Stripe does not refuse the whole Checkout Session.
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def is_email(text: str) -> bool:
    return EMAIL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Buyer:
    """The token's subject, and its e-mail address if the token has one."""

    id: str
    email: str | None = field(default=None, repr=False)

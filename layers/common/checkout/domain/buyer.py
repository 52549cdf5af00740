"""Who is buying."""

import re
from dataclasses import dataclass, field

# As much as it takes to say no before Stripe does.
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def is_email(text: str) -> bool:
    return EMAIL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is logged in: the token's subject, and its e-mail address if it has one."""

    id: str
    email: str | None = field(default=None, repr=False)

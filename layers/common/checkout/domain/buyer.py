"""A buyer: the subject of the caller's token."""

import re
from typing import NamedTuple

# A rough check, so that Stripe does not refuse the whole Checkout Session.
# Python and JavaScript differ in what \s is: what either counts is excluded.
_PART = r"[^@.\s\x1c-\x1f\x85\ufeff]"
EMAIL = rf"({_PART}|\.)+@{_PART}+(\.{_PART}+)+"


def is_email(text: str) -> bool:
    return re.fullmatch(EMAIL, text) is not None


class Buyer(NamedTuple):
    """The token's subject, and its e-mail address if the token has one."""

    id: str
    email: str | None = None

    def __repr__(self) -> str:
        """Leave the address out, so that no log shows it by accident."""
        return f"Buyer({self.id!r})"

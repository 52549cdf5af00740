"""A cursor: a place in a list of purchases, as callers carry it from page to page."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple, Self

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
DECODED = rf"({MOMENT}) (pur_\w{{1,255}})"


class Cursor(NamedTuple):
    """The last purchase of a page; the next page begins after it."""

    purchased_at: str
    id: str

    def encode(self) -> str:
        return urlsafe_b64encode(" ".join(self).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the cursor that `encode` wrote; raises ValueError for other texts."""
        # Compiled here: most functions that load this module decode no cursor.
        decoded = re.fullmatch(DECODED, urlsafe_b64decode(text).decode(), re.ASCII)
        if not decoded:
            raise ValueError("not a cursor")
        return cls(*decoded.groups())

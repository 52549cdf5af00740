"""Who is buying."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is logged in: the token's subject, and its e-mail address if it has one."""

    id: str
    email: str | None = field(default=None, repr=False)

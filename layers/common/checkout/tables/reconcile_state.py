"""The lease and the cursors of reconcile, in PaymentSessions."""

from datetime import datetime
from typing import NamedTuple, Self

from checkout.clock import iso, now
from checkout.tables.item import Value, read
from checkout.tables.transaction import (
    Condition,
    execute,
    execute_alone,
    insertion,
    item_update,
)
from checkout.telemetry import logger

STATE = "reconcile#state"


class Progress(NamedTuple):
    """
    How far a list of Stripe's has been read; times are Unix seconds.

    Everything before *until* has been read. A run that ended within a window left its
    bounds *first* and *last*, and the id *after* which it continues: Stripe lists the
    newest first.
    """

    until: int
    first: int | None = None
    last: int | None = None
    after: str | None = None

    def to_dict(self) -> dict[str, Value]:
        return {
            name: value for name, value in self._asdict().items() if value is not None
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Value]) -> Self:
        """Return the progress; raises TypeError or ValueError if it is none."""
        progress = cls(**stored)  # type: ignore[arg-type]
        within = (progress.first, progress.last)
        if not (
            _is_past(progress.until) and all(n is None or _is_past(n) for n in within)
        ):
            raise ValueError("a time is no number, or has not come yet")
        return progress


def _is_past(moment: object) -> bool:
    return type(moment) is int and moment <= now().timestamp()


class ReconcileState:
    """
    One run at a time may write here: the owner of the lease.

    A run that lost its lease, because it was stopped for longer than expected, can
    write no cursor any more.
    """

    def __init__(self, table: str) -> None:
        self._table = table

    def take_lease(self, owner: str, until: datetime) -> bool:
        """Make *owner* the only run until *until*; False if another run is."""
        is_free = Condition(
            "lease_is_free",
            "attribute_not_exists(#owner) OR #expires_at < :now",
            "another run is in progress",
            values={"now": iso(now())},
        )
        lease: dict[str, Value] = {"owner": owner, "expires_at": iso(until)}
        return execute_alone(item_update(self._table, STATE, is_free, set_=lease))

    def renew_lease(self, owner: str, until: datetime) -> bool:
        """Let *owner* be the only run until *until*; False if it has lost the lease."""
        owned = _is_owned_by(owner)
        renewed = item_update(
            self._table, STATE, owned, set_={"expires_at": iso(until)}
        )
        return execute_alone(renewed)

    def release_lease(self, owner: str) -> None:
        released = item_update(
            self._table, STATE, _is_owned_by(owner), remove=("owner", "expires_at")
        )
        # Its failure needs no answer: another run has taken the expired lease.
        execute_alone(released)

    def progress(self, stream: str) -> Progress | None:
        """Return the cursor of *stream*, None if there is none or it is unreadable."""
        stored = (read(self._table, STATE) or {}).get(stream)
        if stored is None:
            return None
        try:
            return Progress.from_dict(stored)
        except (TypeError, ValueError):
            logger.exception("cursor_unreadable", stream=stream)
            return None

    def queued_ids(self, stream: str) -> list[str]:
        """Return the ids of the events of *stream* that must not be queued again."""
        return list((read(self._table, _queued(stream)) or {}).get("ids", []))

    def store(
        self,
        owner: str,
        stream: str,
        progress: Progress,
        queued_ids: list[str] | None = None,
    ) -> bool:
        """
        Store the cursor and, unless None, the *queued_ids*.

        False if *owner* has lost the lease; then nothing is written.
        """
        writes = {
            "cursor": item_update(
                self._table,
                STATE,
                _is_owned_by(owner),
                set_={stream: progress.to_dict()},
            )
        }
        if queued_ids is None:
            return execute_alone(writes["cursor"])
        item: dict[str, Value] = {"id": _queued(stream), "ids": [*queued_ids]}
        return not execute(writes | {"queued": insertion(self._table, item)})

    def undelivered(self) -> int:
        """Return how many events in a row no webhook has delivered."""
        number = (read(self._table, STATE) or {}).get("undelivered")
        return number if type(number) is int else 0

    def store_undelivered(self, owner: str, number: int) -> bool:
        """Store that number; False as in `store`."""
        owned = _is_owned_by(owner)
        return execute_alone(
            item_update(self._table, STATE, owned, set_={"undelivered": number})
        )

    def set_back(self, owner: str, stream: str, until: int) -> bool:
        """
        Let the next run read *stream* again from *until* on; False as in `store`.

        What was queued once may be queued again. A stream that is further behind stays.
        """
        progress = self.progress(stream)
        if progress and (progress.first or progress.until) <= until:
            return True
        forgotten: list[str] | None = [] if self.queued_ids(stream) else None
        return self.store(owner, stream, Progress(until), forgotten)

    def endpoint_checked_at(self) -> str | None:
        checked_at = (read(self._table, STATE) or {}).get("endpoint_checked_at")
        return checked_at if isinstance(checked_at, str) else None

    def store_endpoint_check(self, owner: str) -> bool:
        """Note that the endpoint has been checked now; False as in `store`."""
        checked = {"endpoint_checked_at": iso(now())}
        return execute_alone(
            item_update(self._table, STATE, _is_owned_by(owner), set_={**checked})
        )


def _queued(stream: str) -> str:
    return f"reconcile#queued#{stream}"


def _is_owned_by(owner: str) -> Condition:
    return Condition(
        "lease_is_owned",
        "#owner = :own",
        "the lease is another run's",
        values={"own": owner},
    )

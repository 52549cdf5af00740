"""Reconcile's lease, held by a command for as long as it works."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from checkout import clock
from checkout.errors import CheckoutError
from checkout.tables.item import read
from checkout.tables.reconcile_state import STATE, ReconcileState
from cli.console import CommandError
from cli.stack import Stack

# If the command is killed, reconcile and the next command wait for so long.
LEASE = timedelta(minutes=15)
RENEWED_EVERY = LEASE / 5


@contextmanager
def held_lease(stack: Stack, state: ReconcileState) -> Iterator[str]:
    """
    Yield the owner of the lease, which is renewed until the block ends.

    Raises CommandError if a run of reconcile or another command has it.
    """
    owner = uuid4().hex
    if not state.take_lease(owner, clock.now() + LEASE):
        lease = read(stack.output("PaymentSessionsTable"), STATE) or {}
        raise CommandError(
            "A run of reconcile, or another restore, is in progress, or was killed. "
            "Nothing was changed: repeat the command when it has ended, or after "
            f"{lease.get('expires_at', 'some minutes')}, when its lease ends."
        )
    ended = Event()
    renewing = Thread(target=_renew, args=(state, owner, ended), daemon=True)
    renewing.start()
    try:
        yield owner
    finally:
        ended.set()
        renewing.join()
        state.release_lease(owner)


def _renew(state: ReconcileState, owner: str, ended: Event) -> None:
    while not ended.wait(RENEWED_EVERY.total_seconds()):
        # The next attempt may succeed. Who has lost the lease can set no cursor back.
        with suppress(CheckoutError, ClientError, BotoCoreError):
            state.renew_lease(owner, clock.now() + LEASE)

"""Erase again what a restored table has brought back of erased buyers."""

from contextlib import suppress
from datetime import datetime

from checkout.domain.audit_action import AuditAction
from checkout.domain.purchase import id_for
from checkout.errors import TryAgainError
from checkout.flows.erase_buyer import Erasure, Payment
from checkout.tables.readable import UnreadableItemError
from cli.audit_entries import entries_since
from cli.stack import Stack


def erase_again(stack: Stack, since: datetime) -> tuple[int, list[str]]:
    """
    Erase the payments that the audit log says were erased from *since* on.

    Return how many had something again, and a sentence about each that cannot be
    erased now.
    """
    erasure = Erasure(
        records=stack.buyer_records,
        purchases=stack.purchases,
        audit_log=stack.audit_log,
    )
    erased, problems = 0, []
    entries = entries_since(stack, since, {AuditAction.PERSONAL_DATA_ERASED})
    for session_id in dict.fromkeys(entry["payment_session_id"] for entry in entries):
        try:
            payment = _payment(stack, session_id)
        except UnreadableItemError as error:
            problems.append(f"{session_id} was erased, and is to be again: {error}")
            continue
        if not (payment.session or payment.purchases):
            continue
        if not any(erasure.preview([payment])):
            continue
        if _is_erased(erasure, payment, stack.operator):
            erased += 1
            continue
        about = payment.session or payment.purchases[0]
        problems.append(
            f"{session_id} was erased, and the copy has it again. When it has ended: "
            f"./checkout erase-buyer {about.buyer_id or session_id}"
        )
    return erased, problems


def _is_erased(erasure: Erasure, payment: Payment, operator: str) -> bool:
    """Erase the payment, unless it has not ended or is being changed."""
    if payment.is_unfinished:
        return False
    with suppress(TryAgainError):
        erasure.erase(payment, operator)
        return True
    return False


def _payment(stack: Stack, session_id: str) -> Payment:
    entries = stack.audit_log.entries(session_id)
    named = [entry["purchase_id"] for entry in entries if "purchase_id" in entry]
    ids = dict.fromkeys([id_for(session_id), *named])
    return Payment(
        session=stack.sessions.get(session_id),
        purchases=tuple(stack.purchases.get_all(ids)),
        entries=tuple(entries),
    )

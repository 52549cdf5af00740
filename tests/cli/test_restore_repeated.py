"""`restore` is cut off, or repeated with more tables: nothing of it is forgotten."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from time_machine import Traveller

from checkout.tables.reconcile_state import ReconcileState
from cli import held_lease, purchase_counters
from cli.console import CommandError
from cli.rebuild import Rebuild
from mocktill.faults import Fault
from tests.aws_calls import AwsCall, intercepted
from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    COMPLETED,
    MINUTES,
    START,
    check_sums,
    everything,
    lose,
    pay,
    restore,
    restored_copy,
)
from tests.functional.test_pending_purchases import pay_by_bank
from tests.shop import Shop

DAYS = timedelta(days=1)
pytestmark = pytest.mark.frozen_at(START)


@pytest.mark.parametrize("as_json", [True, False])
def test_what_a_person_must_do_is_said_also_if_it_is_cut_off(
    shop: Shop,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    *,
    as_json: bool,
) -> None:
    """The purchase is recorded: when it is repeated, nothing of it is news."""
    purchase = pay(shop, "content")
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=9))
    operator("refund", purchase["id"], "--amount", "100", "--reason", "x", "--yes")
    shop.stripe.sandbox.faults.clear()
    shop.aws.delete("PurchasesTable", {"id": purchase["id"]})

    def cut_off(*_: object) -> None:
        raise CommandError("DynamoDB has too many requests.")

    monkeypatch.setattr(purchase_counters.PurchaseCounters, "rebuild", cut_off)
    options = ("--yes", "--json") if as_json else ("--yes",)
    result = operator("restore", "--to-time", datetime.now(UTC).isoformat(), *options)

    assert result.exit_code == 1
    assert "request it again" in result.stderr
    assert "too many requests" in result.stderr


def test_a_decision_that_comes_back_later_leaves_no_mark(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """Only a second restore has the audit log: until then a person must decide."""
    shop.create("order")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = deepcopy(shop.stripe.events(COMPLETED)[-1])
    event["data"]["object"]["amount_subtotal"] = 5
    shop.deliver(event)
    [kept] = shop.purchases()
    at = datetime.now(UTC)
    copies = {
        "PurchasesTable": restored_copy(
            shop, "PurchasesTable", shop.aws.items("PurchasesTable")
        )
    }
    clock.shift(MINUTES)
    dismiss = ("quarantine", "dismiss", kept["id"], "--note", "x", "--yes")
    assert operator(*dismiss).exit_code == 0
    entries = shop.aws.items("AuditLogTable")
    audit_log = {"AuditLogTable": restored_copy(shop, "AuditLogTable", entries)}
    lose(shop, "PurchasesTable", everything)
    lose(shop, "AuditLogTable", everything)

    restore(operator, at, copies)
    assert shop.create("order").status == 409
    restore(operator, at, audit_log)

    assert shop.purchases()[0]["status"] == "failed"
    mark = shop.aws.item("PurchasesTable", f"undecided#{kept['sale_key']}")
    assert kept["id"] not in json.dumps(mark).replace(f"#{kept['sale_key']}", "")
    assert shop.create("order").status == 200


def test_reconcile_waits_however_long_the_command_takes(
    shop: Shop,
    operator: Operator,
    clock: Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Large tables take hours; reconcile would ask about what is not there yet."""
    original_renew, original_run = ReconcileState.renew_lease, Rebuild.run
    renewed = Event()
    later = START + 2 * held_lease.LEASE - MINUTES

    def renew(self: ReconcileState, owner: str, until: datetime) -> bool:
        is_renewed = original_renew(self, owner, until)
        if until >= later:
            held_lease.RENEWED_EVERY = DAYS
            renewed.set()
        return is_renewed

    def run(self: Rebuild) -> None:
        clock.shift(held_lease.LEASE - MINUTES)
        assert renewed.wait(10)
        clock.shift(2 * MINUTES)
        rival = ReconcileState(shop.aws.tables["PaymentSessionsTable"])
        assert not rival.take_lease("rival", datetime.now(UTC) + MINUTES)
        original_run(self)

    monkeypatch.setattr(held_lease, "RENEWED_EVERY", timedelta(milliseconds=9))
    monkeypatch.setattr(ReconcileState, "renew_lease", renew)
    monkeypatch.setattr(Rebuild, "run", run)

    restore(operator, datetime.now(UTC), {})

    state = shop.aws.item("PaymentSessionsTable", "reconcile#state")
    assert not {"owner", "expires_at"} & state.keys()


def test_what_was_bought_again_while_its_purchase_was_lost_is_refunded_once(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """The runbook's remedy: refund one of the two, and repeat the command."""
    first = pay(shop, "content")
    at = datetime.now(UTC)
    items = shop.aws.items("PurchasesTable")
    copies = {"PurchasesTable": restored_copy(shop, "PurchasesTable", items)}
    clock.shift(MINUTES)
    lose(shop, "PurchasesTable", everything)
    shop.forget_live_session(first["sale_key"])
    second = pay(shop, "content")
    command = ("restore", "--to-time", at.isoformat(), "--yes")

    named = operator(*command, "--purchases", copies["PurchasesTable"])
    assert named.exit_code == 1
    assert f"{first['id']} and {second['id']} both want owns#" in named.stdout
    assert operator("refund", second["id"], "--reason", "x", "--yes").exit_code == 0
    shop.deliver()
    repeated = restore(operator, at, copies)["rebuilt"]

    assert repeated["problems"] == []
    [held] = shop.ownerships()
    assert held["purchase_id"] == first["id"]
    check_sums(shop)


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_session_that_is_made_again_is_never_unpaid(
    shop: Shop, operator: Operator, clock: Traveller, *, is_paid: bool
) -> None:
    """The command is killed once it is written, and reconcile finds it."""
    if is_paid:
        pay(shop, "content")
    else:
        shop.deliver(pay_by_bank(shop))
    [purchase] = shop.purchases()
    session_id = purchase["payment_session_id"]
    shop.aws.delete("PaymentSessionsTable", {"id": session_id})
    clock.shift(timedelta(minutes=11))

    def killed(call: AwsCall) -> Any:
        answer = call.answer()
        writes = call.operation in {"TransactWriteItems", "PutItem", "UpdateItem"}
        if writes and session_id in json.dumps(call.parameters, default=str):
            raise call.error("AccessDeniedException")
        return answer

    with intercepted(killed):
        time = datetime.now(UTC).isoformat()
        assert operator("restore", "--to-time", time, "--yes").exit_code == 1
    shop.reconcile()
    shop.work()

    session = shop.aws.item("PaymentSessionsTable", session_id)
    assert session["status"] == ("complete" if is_paid else "processing")
    assert "ttl" not in session
    assert ("due_at" in session) == (not is_paid)

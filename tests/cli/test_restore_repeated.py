"""`restore` is cut off, or repeated with more tables: nothing of it is forgotten."""

import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from time_machine import Traveller

from cli import purchase_counters
from cli.console import CommandError
from mocktill.faults import Fault
from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    COMPLETED,
    MINUTES,
    START,
    everything,
    lose,
    pay,
    restore,
    restored_copy,
)
from tests.shop import Shop

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

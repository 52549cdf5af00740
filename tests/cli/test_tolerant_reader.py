"""Invariant 13: whatever Stripe leaves out, an operator can look at a payment."""

from typing import Any

import pytest

from tests.cli.conftest import Operator
from tests.cli.test_show import buy
from tests.nullable import ABSENT, CLASSES, hide, nullable
from tests.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def purchase(shop: Shop) -> dict[str, Any]:
    """A sale with a refund and a dispute."""
    session = buy(shop)
    intent = session["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount="1")
    shop.stripe.control("charges", intent, "dispute", amount=2)
    shop.stripe.control("charges", intent, "early_fraud_warning")
    shop.deliver()
    [found] = shop.purchases()
    return found


@pytest.mark.parametrize("value", [None, ABSENT])
@pytest.mark.parametrize(
    "kind", sorted(CLASSES.keys() - {"webhook_endpoint", "balance_transaction"})
)
def test_a_payment_is_shown_whatever_stripe_leaves_out(
    operator: Operator,
    purchase: dict[str, Any],
    kind: str,
    value: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = nullable(CLASSES[kind])

    for hidden in ([*names], *([name] for name in names)):
        hide(monkeypatch, kind, hidden, value)
        [told] = operator.json("show", purchase["id"])["payments"]
        assert [each["id"] for each in told["purchases"]] == [purchase["id"]], hidden
        assert told["stripe"], hidden

    # The tables are made of the same report.
    hide(monkeypatch, kind, names, value)
    shown = operator("show", purchase["id"])
    assert shown.exit_code == 0
    assert purchase["id"] in shown.stdout


@pytest.mark.parametrize("value", [None, ABSENT])
def test_what_stripe_knows_by_its_id_is_found_or_said_to_be_unknown(
    shop: Shop, operator: Operator, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event without metadata, for example, may belong to nobody."""
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id)
    [event] = shop.stripe.events("checkout.session.completed")

    for kind in ("checkout.session", "event"):
        for name in nullable(CLASSES[kind]):
            hide(monkeypatch, kind, [name], value)
            assert operator("show", event["id"]).exit_code == 0, name


@pytest.mark.parametrize("value", [None, ABSENT])
def test_the_endpoint_is_checked_whatever_stripe_leaves_out(
    operator: Operator, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operator("webhook-endpoint", "create", "--yes").exit_code == 0

    for name in nullable(CLASSES["webhook_endpoint"]):
        kind = "webhook_endpoint"
        hide(monkeypatch, kind, [name], value)

        checked = operator("webhook-endpoint", "check")
        assert checked.exit_code == (1 if name == "api_version" else 0), name
        operator("webhook-endpoint", "create", "--yes")

    hide(monkeypatch, "webhook_endpoint", ["secret"], value)
    made = operator("webhook-endpoint", "create", "--replace", "--yes")
    assert "Stripe has sent no secret" in made.stderr


@pytest.mark.parametrize("value", [None, ABSENT])
def test_events_are_replayed_whatever_they_lack(
    shop: Shop,
    operator: Operator,
    purchase: dict[str, Any],
    value: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = nullable(CLASSES["event"])
    hide(monkeypatch, "event", names, value)
    day = purchase["purchased_at"][: len("2026-01-31")]

    replayed = operator(
        "replay", "--from", f"{day}T00:00Z", "--to", f"{day}T23:59Z", "--yes"
    )

    assert replayed.exit_code == 0
    assert shop.work() == []


def test_an_unreadable_purchase_hides_no_other_in_quarantine(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    bad = {**purchase, "id": "pur_bad", "quarantine": "open", "refunds": 7}
    other = {**purchase, "id": "pur_other", "quarantine": "open"}
    shop.aws.put("PurchasesTable", bad, other)

    listed = operator.json("quarantine", "list")["quarantined"]

    assert [each["id"] for each in listed] == ["pur_other"]

"""`export-buyer` and `erase-buyer`: everything of a buyer, and no one else's."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from time_machine import Traveller

from checkout.domain.published_events import published_event
from checkout.tables import transaction
from mocktill.faults import Fault
from tests.aws import on_moto_too
from tests.cli.conftest import Operator
from tests.functional.test_checkout_options import ADDRESS, OFFERS, RECOVERY
from tests.functional.test_pending_purchases import EUROS, decide, pay_by_bank
from tests.functional.test_retention import EMAIL, delete_by_ttl
from tests.functional.test_unpaid_end import run_out
from tests.shop import Shop

PHONE = "+442079460000"
NOTE = "Ada rang and wants her money back"
OPTIONS: dict[str, Any] = {
    "phone_number_collection": {"enabled": True},
    "shipping_address_collection": {"allowed_countries": ["GB"]},
}
PERSONAL = (EMAIL, PHONE, NOTE, "d-5", "Ada", ADDRESS["line1"])


def buy(shop: Shop, kind: str = "content", **changes: Any) -> dict[str, Any]:
    """Buy something, with all that a buyer can enter; return the event of it."""
    shop.change_offer(OFFERS[kind], options=OPTIONS)
    answer = shop.create(kind, **changes)
    assert answer.status == 200, answer.body
    stripe_id = shop.stripe.sessions()[0]["id"]
    details = {"phone": PHONE, "address": ADDRESS}
    shipping = {"name": "Ada", "address": ADDRESS}
    shop.stripe.enter(stripe_id, customer_details=details, shipping_details=shipping)
    shop.stripe.pay(stripe_id)
    [event] = shop.stripe.events_of(stripe_id, "checkout.session.completed")
    shop.deliver()
    return event


def refunded(shop: Shop, operator: Operator) -> dict[str, Any]:
    """Let the operator refund the only purchase in part, with a note on why."""
    [purchase] = shop.purchases()
    options = ("--amount", "100", "--reason", NOTE, "--yes")
    assert operator("refund", purchase["id"], *options).exit_code == 0
    shop.deliver()
    return shop.purchases()[0]


def everything(shop: Shop) -> str:
    return json.dumps(shop.aws.snapshot(), default=str, ensure_ascii=False)


def money_of(shop: Shop) -> list[dict[str, Any]]:
    """Return the accounting record: all of a purchase but what identifies a person."""
    erased = {"metadata", "entered", "version", "erased_at", "unresolved", "due_at"}
    purchases = deepcopy(shop.purchases())
    for purchase in purchases:
        for part in (
            *purchase["refunds"].values(),
            *purchase["refund_requests"].values(),
        ):
            part.pop("reason", None)
    return [{n: v for n, v in p.items() if n not in erased} for p in purchases]


# ------------------------------------------------------------ export


@on_moto_too
def test_an_export_has_all_that_is_stored_about_the_buyer(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, email=EMAIL)
    purchase = refunded(shop, operator)
    shop.create("auction", email=EMAIL)

    exported = json.loads(operator("export-buyer", "user_1").stdout)

    sessions = {each["id"]: each for each in exported["payment_sessions"]}
    assert sessions.keys() == {session["id"] for session in shop.sessions()}
    assert EMAIL in json.dumps(sessions)
    assert [each["id"] for each in exported["purchases"]] == [purchase["id"]]
    assert exported["purchases"][0]["entered"]["phone"] == PHONE
    assert [each["purchase_id"] for each in exported["ownerships"]] == [purchase["id"]]
    assert exported["counts"]["completed"] == 1
    assert {each["payment_session_id"] for each in exported["audit_log"]} == {*sessions}
    assert len(exported["audit_log"]) == len(shop.audit.entries)
    assert exported["at_stripe"]["payment_intents"] == [
        purchase["stripe_payment_intent_id"]
    ]
    assert exported["at_stripe"]["refunds"] == [*purchase["refunds"]]


def test_an_export_has_no_address_of_a_page_that_can_be_paid(
    shop: Shop, operator: Operator
) -> None:
    shop.create("content")
    [session] = shop.sessions()

    shown = operator("export-buyer", "user_1").stdout

    assert "/c/pay/" in session["url"]
    assert session["url"] not in shown
    assert session["idempotency_key"] not in shown


def test_an_export_has_nothing_of_another_buyer(shop: Shop, operator: Operator) -> None:
    buy(shop)
    shop.create("content", buyer="user_2", email="bob@example.test")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id)
    shop.deliver()

    assert "user_2" not in operator("export-buyer", "user_1").stdout
    assert "user_1" not in operator("export-buyer", "user_2").stdout


def test_a_payment_without_a_login_is_exported_by_its_id(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, "product", customer_email=EMAIL, metadata={"device_id": "d-5"})
    [session], [purchase] = shop.sessions(), shop.purchases()

    for given in (session["id"], purchase["id"], session["stripe_session_id"]):
        exported = json.loads(operator("export-buyer", given).stdout)
        assert [each["id"] for each in exported["payment_sessions"]] == [session["id"]]
        assert exported["purchases"][0]["metadata"] == {"device_id": "d-5"}


def test_a_payment_with_a_login_is_not_exported_by_its_id(
    shop: Shop, operator: Operator
) -> None:
    """It would be a part of what is stored, and look like all of it."""
    buy(shop)
    [session] = shop.sessions()

    result = operator("export-buyer", session["id"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert "give the buyer's id" in result.stderr


@pytest.mark.parametrize("command", ["export-buyer", "erase-buyer"])
def test_nothing_is_stored_about_a_stranger(operator: Operator, command: str) -> None:
    result = operator(command, "user_9")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nothing is stored about user_9." in result.stderr


# ------------------------------------------------------------ erase


@on_moto_too
@pytest.mark.parametrize("kind", ["content", "product"])
def test_an_erasure_takes_the_person_and_leaves_the_money(
    shop: Shop, operator: Operator, kind: str, clock_after_day: Callable[[], None]
) -> None:
    changes: dict[str, Any] = (
        {"email": EMAIL}
        if kind == "content"
        else {"customer_email": EMAIL, "metadata": {"device_id": "d-5"}}
    )
    buy(shop, kind, **changes)
    refunded(shop, operator)
    before, counters = money_of(shop), shop.ownerships()
    found = [text for text in PERSONAL if text in everything(shop)]
    assert {PHONE, NOTE, "Ada"} <= {*found}
    who = "user_1" if kind == "content" else shop.sessions()[0]["id"]
    clock_after_day()

    erased = operator.json("erase-buyer", who, "--yes")

    assert erased["erased"]["purchases"] == 1
    assert [text for text in PERSONAL if text in everything(shop)] == []
    assert money_of(shop) == before
    assert shop.ownerships() == counters
    access = shop.call(
        "GET /api/purchases/{id}",
        buyer="user_1",
        path={"id": shop.purchases()[0]["id"]},
    )
    assert access.status == (200 if kind == "content" else 404)


@pytest.fixture
def clock_after_day() -> Iterator[Callable[[], None]]:
    """Let a day pass: until then, a product's request may be sent again."""
    travels: list[Any] = []

    def pass_a_day() -> None:
        travel = time_machine.travel(datetime.now(UTC) + timedelta(days=1, hours=1))
        travel.start()
        travels.append(travel)

    yield pass_a_day
    for travel in travels:
        travel.stop()


@pytest.mark.parametrize(
    ("attribute", "value", "stays"),
    [
        ("note", NOTE, False),
        ("recovery_url", "https://buy.stripe.test/r/1", False),
        ("refund_reason", NOTE, False),
        ("refund_reason", "requested_by_customer", True),
        ("reason", "owned_already", True),
        ("dismissed_by", "arn:aws:iam::123456789012:user/operator", True),
    ],
)
def test_of_an_audit_entry_only_what_may_name_the_buyer_goes(
    shop: Shop, operator: Operator, attribute: str, value: str, stays: bool
) -> None:
    buy(shop)
    entry = shop.audit.entries[0] | {"entry_id": "a", attribute: value}
    shop.aws.put("AuditLogTable", entry)

    operator("erase-buyer", "user_1", "--yes")

    [left] = [e for e in shop.audit.entries if e["entry_id"] == "a"]
    assert left == entry if stays else attribute not in left


def test_an_erasure_is_asked_about_and_can_be_tried(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, email=EMAIL)
    before = everything(shop)

    tried = operator("erase-buyer", "user_1", "--dry-run")
    refused = operator("erase-buyer", "user_1", answer="n\n")

    assert (tried.exit_code, refused.exit_code) == (0, 1)
    assert "1 payment session, 1 purchase and 1 audit entry?" in refused.stderr
    assert everything(shop) == before


def test_an_erasure_that_is_repeated_finds_nothing(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, email=EMAIL)
    operator("erase-buyer", "user_1", "--yes")
    before = everything(shop)

    again = operator.json("erase-buyer", "user_1")

    assert again["erased"] == {"sessions": 0, "purchases": 0, "audit_entries": 0}
    assert everything(shop) == before


def test_an_erasure_says_so_in_the_history_and_to_subscribers(
    shop: Shop, operator: Operator
) -> None:
    """They may have copies of the events."""
    buy(shop)
    operator("erase-buyer", "user_1", "--yes")

    [entry] = shop.audit.of("personal_data_erased")
    assert entry["erased_by"].startswith("arn:aws:")
    event = published_event(entry)
    assert event
    assert event.name == "payments.personal_data.erased"
    assert event.detail["buyer_id"] == "user_1"
    assert "erased_by" not in event.detail


@pytest.mark.parametrize("state", ["open", "processing"])
def test_nothing_is_erased_while_a_payment_is_under_way(
    shop: Shop, operator: Operator, state: str
) -> None:
    """Its request may be sent again."""
    if state == "open":
        shop.create("content", email=EMAIL)
    else:
        shop.deliver(pay_by_bank(shop))
    [session] = shop.sessions()
    assert session["status"] == state
    before = everything(shop)

    result = operator("erase-buyer", "user_1", "--yes")

    assert result.exit_code == 1
    assert f"{session['id']} is {state}" in result.stderr
    assert everything(shop) == before


def test_nothing_is_erased_while_a_refund_is_under_way(
    shop: Shop, operator: Operator
) -> None:
    """Its reason may be sent again, byte by byte."""
    buy(shop)
    shop.stripe.sandbox.faults.add(_no_refund())
    [purchase] = shop.purchases()
    operator("refund", purchase["id"], "--reason", NOTE, "--yes")
    before = everything(shop)
    assert NOTE in before

    result = operator("erase-buyer", "user_1", "--yes")

    assert result.exit_code == 1
    assert f"a refund of {purchase['id']} is under way" in result.stderr
    assert everything(shop) == before


def _no_refund() -> Fault:
    return Fault("POST", "/v1/refunds", status=500, times=9)


def test_no_event_that_comes_again_brings_anything_back(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, email=EMAIL)
    refunded(shop, operator)
    operator("erase-buyer", "user_1", "--yes")
    assert NOTE in json.dumps(shop.stripe.events("refund.created"))

    shop.deliver(*shop.stripe.events())
    shop.forget_reconcile_runs()
    shop.reconcile()
    shop.work()

    assert [text for text in PERSONAL if text in everything(shop)] == []


def test_nor_does_a_refund_that_fails_afterwards(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, email=EMAIL)
    refunded(shop, operator)
    operator("erase-buyer", "user_1", "--yes")
    [event] = shop.stripe.events("refund.created")
    failed = deepcopy(event) | {"id": "evt_1", "type": "refund.failed"}
    failed["data"]["object"] |= {"status": "failed", "failure_reason": "lost_or_stolen"}

    shop.deliver(failed)

    [refund] = shop.purchases()[0]["refunds"].values()
    assert refund["status"] == "failed"
    assert shop.audit.count("refund_failed") == 1
    assert NOTE not in everything(shop)


def test_nor_does_money_that_arrives_although_it_was_refused(
    shop: Shop, operator: Operator
) -> None:
    """The purchase is made anew from the session and from what was entered."""
    asked = {"phone_number_collection": OPTIONS["phone_number_collection"]}
    shop.change_offer(OFFERS["content"], options=asked, price=EUROS, currency="eur")
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.enter(stripe_id, customer_details={"phone": PHONE})
    shop.stripe.pay_by_bank(stripe_id)
    [event] = shop.stripe.events("checkout.session.completed")
    assert PHONE in json.dumps(event)
    shop.deliver(event)
    refused = decide(shop, event, pays=False)
    shop.deliver(refused)
    operator("erase-buyer", "user_1", "--yes")
    paid = deepcopy(event) | {
        "id": "evt_1",
        "type": "checkout.session.async_payment_succeeded",
    }
    paid["data"]["object"] |= {"payment_status": "paid"}

    shop.deliver(paid)

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"
    assert "entered" not in purchase
    assert PHONE not in everything(shop)


def test_a_crash_within_an_erasure_is_repaired_by_the_next(
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries of the audit log come first: the payment says what is left to do."""
    buy(shop, email=EMAIL)
    refunded(shop, operator)
    with monkeypatch.context() as patched:
        patched.setattr(transaction, "execute", lambda _: {"session": {}})
        assert operator("erase-buyer", "user_1", "--yes").exit_code == 1

    operator("erase-buyer", "user_1", "--yes")

    assert [text for text in PERSONAL if text in everything(shop)] == []
    assert shop.audit.count("personal_data_erased") == 1


def test_a_session_whose_purchase_alone_is_left_is_erased(
    shop: Shop, operator: Operator
) -> None:
    buy(shop, email=EMAIL)
    for session in shop.sessions():
        shop.aws.delete("PaymentSessionsTable", session)

    operator("erase-buyer", "user_1", "--yes")

    assert [text for text in PERSONAL if text in everything(shop)] == []


# ------------------------------------------------------------ without a session

COMMANDS = ["export-buyer", "erase-buyer"]


@pytest.fixture
def unpaid(shop: Shop, clock: Traveller) -> Callable[..., tuple[str, str]]:
    """Let a checkout be abandoned and DynamoDB delete it; return its two ids."""

    def abandon(kind: str, days: int = 46, **changes: Any) -> tuple[str, str]:
        if kind == "product":
            shop.change_offer(OFFERS[kind], options=RECOVERY)
        assert shop.create(kind, **changes).status == 200
        [session] = shop.sessions()
        run_out(shop, clock)
        shop.deliver()
        clock.shift(timedelta(days=days))
        assert delete_by_ttl(shop) == [session["id"]]
        return session["id"], session["stripe_session_id"]

    return abandon


@on_moto_too
@pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
@pytest.mark.parametrize("by", ["ps_", "cs_", "cs_ at Stripe"])
def test_a_deleted_payment_without_a_login_is_exported_and_erased(
    shop: Shop, operator: Operator, unpaid: Callable[..., tuple[str, str]], by: str
) -> None:
    """Its entries of the audit log are left, with the caller's metadata."""
    days = 95 if by == "cs_ at Stripe" else 46
    metadata = {"device_id": "d-5", "mail": EMAIL}
    session_id, stripe_id = unpaid("product", days, metadata=metadata)
    given = session_id if by == "ps_" else stripe_id

    exported = json.loads(operator("export-buyer", given).stdout)
    erased = operator.json("erase-buyer", given, "--yes")

    assert len(exported["audit_log"]) == 2
    assert exported["audit_log"][0]["metadata"] == metadata
    assert erased["erased"] == {"sessions": 0, "purchases": 0, "audit_entries": 2}
    assert [
        text for text in (EMAIL, "d-5", "/recover/") if text in everything(shop)
    ] == []
    event = published_event(shop.audit.of("personal_data_erased")[0])
    assert event
    assert event.detail["payment_session_id"] == session_id
    assert event.detail["offer_id"] == "hero-me-feelings"


@on_moto_too
@pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
def test_so_are_those_of_a_buyer_and_of_nobody_else(
    shop: Shop, operator: Operator, unpaid: Callable[..., tuple[str, str]]
) -> None:
    session_id, _ = unpaid("content")
    entry = shop.audit.entries[-1] | {"recovery_url": "https://buy.stripe.test/r/1"}
    shop.aws.put("AuditLogTable", entry)
    shop.note_a_reconcile_run()
    shop.create("content", buyer="user_2", email="bob@example.test")
    others = [e for e in shop.audit.entries if e["buyer_id"] == "user_2"]

    exported = json.loads(operator("export-buyer", "user_1").stdout)
    erased = operator.json("erase-buyer", "user_1", "--yes")

    assert {e["payment_session_id"] for e in exported["audit_log"]} == {session_id}
    assert "user_2" not in json.dumps(exported)
    assert erased["erased"]["audit_entries"] == 1
    assert "recovery_url" not in everything(shop)
    assert [e for e in shop.audit.entries if e["buyer_id"] == "user_2"] == others
    assert operator.json("erase-buyer", "user_1")["erased"]["audit_entries"] == 0


@pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
@pytest.mark.parametrize("command", COMMANDS)
def test_a_deleted_payment_with_a_login_is_not_named_by_its_id(
    operator: Operator, unpaid: Callable[..., tuple[str, str]], command: str
) -> None:
    session_id, _ = unpaid("content")

    result = operator(command, session_id)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "give the buyer's id" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("given", ["ps_0123", "cs_test_a0", "pur_0123", "pi_0123"])
def test_an_id_that_nothing_has_is_of_nobody(
    operator: Operator, command: str, given: str
) -> None:
    result = operator(command, given)

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Nothing is stored about {given}." in result.stderr

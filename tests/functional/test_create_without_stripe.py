"""Stripe fails, hangs or refuses: the caller gets a 502, and the next try works."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from checkout.clients import credentials, stripe_api, stripe_sdk
from checkout.domain.unpaid_end import REPLACED
from mocktill.faults import Fault
from tests.shop import FIRST_KEYS, ORIGIN, Answer, Shop

KINDS = ["bid", "auction", "order", "content"]
SESSIONS = "/v1/checkout/sessions"

OTHER_URLS = {
    "bid": {"success_url": f"{ORIGIN}/other"},
    "auction": {"success_url": f"{ORIGIN}/other"},
    "order": {"success_url": f"{ORIGIN}/other", "cancel_url": f"{ORIGIN}/other"},
    "content": {"successUrl": f"{ORIGIN}/other"},
}


def fail(shop: Shop, path: str = SESSIONS, **how: Any) -> None:
    shop.stripe.sandbox.faults.add(Fault("POST", path, **{"times": 99} | how))


def recover(shop: Shop) -> None:
    shop.stripe.sandbox.faults.clear()


def keys_sent(shop: Shop) -> list[str]:
    return [
        call["idempotency_key"]
        for call in shop.stripe.sandbox.requests
        if (call["method"], call["path"]) == ("POST", SESSIONS)
    ]


def unavailable(shop: Shop, answer: Answer) -> None:
    """Check that *answer* blames Stripe in one sentence, and tells nothing else."""
    assert (answer.status, answer.body["code"]) == (502, "stripe_unavailable")
    assert answer.body.keys() == {"error", "code", "request_id"}
    assert "payment provider" in answer.body["error"]
    for secret in (
        shop.stripe.sandbox.secret_key[-4:],
        "sk_test",
        "unknown error",
        "api_key",
    ):
        assert secret not in str(answer.body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_that_stripe_remembers_is_left_behind_by_a_new_attempt(
    shop: Shop, kind: str
) -> None:
    """Stripe replays a stored 5xx under its key for a day."""
    fail(shop, status=500, when="during", times=1)

    unavailable(shop, shop.create(kind))
    assert shop.create(kind).status == 200

    assert set(keys_sent(shop)) == {FIRST_KEYS[kind], f"{FIRST_KEYS[kind]}:2"}
    assert len(shop.stripe.sessions()) == 1
    assert [s["status"] for s in shop.sessions()] == ["discarded", "open"]
    assert ["unresolved" in s for s in shop.sessions()] == [False, True]
    assert shop.audit.has_exactly("checkout_discarded", "checkout_created")


def test_a_failure_of_a_product_under_a_key_is_left_behind_too(shop: Shop) -> None:
    headers = {"idempotency-key": "0d6b1f9e-1111-4222-8333-444455556666"}
    fail(shop, status=500, when="during", times=1)

    unavailable(shop, shop.create("product", headers=headers))

    assert shop.create("product", headers=headers).status == 200
    assert len(shop.stripe.sessions()) == 1


def test_a_moments_failure_is_not_noticed(shop: Shop) -> None:
    fail(shop, status=500, when="before", times=1)

    assert shop.create("bid").status == 200
    assert set(keys_sent(shop)) == {FIRST_KEYS["bid"]}


def test_too_many_requests_at_stripe_change_nothing(shop: Shop) -> None:
    fail(shop, status=429)

    unavailable(shop, shop.create("bid"))
    recover(shop)
    assert shop.create("bid").status == 200

    assert set(keys_sent(shop)) == {FIRST_KEYS["bid"]}
    assert len(shop.stripe.sessions()) == len(shop.sessions()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["bid", "content"])
@pytest.mark.usefixtures("impatient")
def test_an_answer_that_never_comes_is_found_by_the_next_try(
    shop: Shop, kind: str, when: str
) -> None:
    """Invariant 1: whether Stripe did the work or not, there is one session."""
    fail(shop, hang_seconds=60, when=when)

    unavailable(shop, shop.create(kind))
    recover(shop)
    assert [s["status"] for s in shop.sessions()] == ["prepared"]
    assert "unresolved" in shop.sessions()[0]
    assert shop.create(kind).status == 200

    assert set(keys_sent(shop)) == {FIRST_KEYS[kind]}
    [session] = shop.stripe.sessions()
    assert session["status"] == "open"
    shop.stripe.pay(session["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"


@pytest.mark.usefixtures("impatient")
def test_a_request_that_stripe_still_works_on_is_waited_for(shop: Shop) -> None:
    """The first answer is lost; the retry under its key finds Stripe busy with it."""
    fail(shop, hang_seconds=1, when="during", times=1)

    assert shop.create("bid").status == 200

    assert len(shop.stripe.sessions()) == len(shop.sessions()) == 1
    assert 409 in {call["status"] for call in shop.stripe.sandbox.requests}


@pytest.mark.usefixtures("impatient")
def test_a_hang_while_the_old_session_is_closed_keeps_it_the_only_one(
    shop: Shop,
) -> None:
    """Invariant 2: no second session is made before the first one is known closed."""
    shop.create("bid")
    [old] = shop.stripe.sessions()
    fail(shop, f"{SESSIONS}/{old['id']}/expire", hang_seconds=60, when="before")

    shop.change_offer("bid#42", price={"amount": 100, "currency": "usd"})
    unavailable(shop, shop.create("bid"))
    assert [s["status"] for s in shop.stripe.sessions()] == ["open"]
    recover(shop)

    assert shop.create("bid").status == 200
    assert [s["status"] for s in shop.stripe.sessions()] == ["open", "expired"]


def test_a_wrong_api_key_is_not_told_to_the_caller(shop: Shop) -> None:
    shop.aws.set_secret("stripe/secret-key", "sk_test_wrong_and_telling")

    answer = shop.create("bid")

    unavailable(shop, answer)
    assert "telling" not in str(answer.body)
    shop.aws.set_secret("stripe/secret-key", shop.stripe.sandbox.secret_key)
    credentials.forget()
    assert shop.create("bid").status == 200
    assert len(shop.sessions()) == 1


def test_a_rotated_api_key_is_picked_up(shop: Shop) -> None:
    """The first key's last session is Stripe's own business; ours goes on."""
    shop.create("bid")
    shop.stripe.sandbox.secret_key = "sk_test_rotated"
    shop.aws.set_secret("stripe/secret-key", "sk_test_rotated")
    unavailable(shop, shop.create("order"))

    credentials.forget()

    assert shop.create("order").status == 200


def test_a_secret_with_a_line_break_at_its_end_works(shop: Shop) -> None:
    shop.aws.set_secret("stripe/secret-key", f"{shop.stripe.sandbox.secret_key}\n")

    assert shop.create("bid").status == 200


def test_a_prepared_session_that_stripe_refuses_makes_way_for_other_terms(
    shop: Shop,
) -> None:
    fail(shop, status=429)
    unavailable(shop, shop.create("order"))
    recover(shop)
    fail(shop, status=500, when="during", times=1)

    answer = shop.create("order", success_url=f"{ORIGIN}/other")

    assert answer.status == 200
    assert [s["status"] for s in shop.sessions()] == ["discarded", "open"]
    assert [s["status"] for s in shop.stripe.sessions()] == ["open"]


@pytest.mark.parametrize("other_terms", [False, True])
def test_a_prepared_session_that_was_not_opened_in_time_is_discarded(
    shop: Shop, other_terms: bool
) -> None:
    """Invariant 10: its URL was given to nobody, so nobody can pay it."""
    fail(shop, status=429)
    unavailable(shop, shop.create("order"))
    recover(shop)
    urls = {"success_url": f"{ORIGIN}/other"} if other_terms else {}

    with time_machine.travel(timedelta(hours=25)):
        assert shop.create("order", **urls).status == 200

    assert [s["status"] for s in shop.sessions()] == ["discarded", "open"]
    assert keys_sent(shop)[-1] == f"{FIRST_KEYS['order']}:2"


def test_nobody_at_stripes_address_is_a_502(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_sdk, "RETRIES", 0)
    stripe_url = shop.values["StripeApiBase"]
    # Port 9 is the discard service's: nothing of ours listens there.
    shop.values["StripeApiBase"] = "http://127.0.0.1:9"

    unavailable(shop, shop.create("bid"))

    shop.values["StripeApiBase"] = stripe_url
    assert shop.stripe.sandbox.requests == []
    assert [s["status"] for s in shop.sessions()] == ["prepared"]


# ---------------------------------------------------------------- one payable session


# The SDK asks once more: a call that fails twice has failed, and a 5xx that Stripe has
# saved under the call's key is replayed.
EXPIRE_FAULTS = [
    (500, "before", 1),
    (500, "before", 2),
    (500, "during", 1),
    (502, "during", 2),
    (503, "before", 99),
]


@pytest.mark.parametrize(("status", "when", "times"), EXPIRE_FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_session_that_stripe_failed_to_expire_stays_the_only_one(
    shop: Shop, kind: str, status: int, when: str, times: int
) -> None:
    """Invariant 11: a saved 5xx is replayed to the SDK's retry, and says nothing."""
    shop.create(kind)
    [old] = shop.stripe.sessions()
    fail(shop, f"{SESSIONS}/{old['id']}/expire", status=status, when=when, times=times)

    answer = shop.create(kind, **OTHER_URLS[kind])

    open_ones = [s["id"] for s in shop.stripe.sessions() if s["status"] == "open"]
    ours = {s["stripe_session_id"]: s["status"] for s in shop.sessions()}
    assert len(open_ones) == 1
    assert ours[open_ones[0]] == "open"
    if open_ones == [old["id"]]:
        unavailable(shop, answer)
        recover(shop)
        assert shop.create(kind, **OTHER_URLS[kind]).status == 200
        statuses = [s["status"] for s in shop.stripe.sessions()]
        assert statuses == ["open", "expired"]


def test_a_failed_expiry_is_a_502_even_if_it_was_done(shop: Shop) -> None:
    """Stripe has expired it and answers 500: the next try sees that."""
    shop.create("order")
    [old] = shop.stripe.sessions()
    fail(shop, f"{SESSIONS}/{old['id']}/expire", status=500, when="after", times=1)

    unavailable(shop, shop.create("order", **OTHER_URLS["order"]))
    assert [s["status"] for s in shop.sessions()] == ["open"]

    assert shop.create("order", **OTHER_URLS["order"]).status == 200
    assert [s["status"] for s in shop.sessions()] == ["expired", "open"]


def test_the_sessions_of_two_bids_of_a_row_are_never_both_open(shop: Shop) -> None:
    """Invariant 11, for a sale key that two offers share."""
    shop.change_offer("bid#44", price={"amount": 5000, "currency": "usd"})
    shop.create("bid")
    [old] = shop.stripe.sessions()
    fail(shop, f"{SESSIONS}/{old['id']}/expire", status=500, when="during", times=1)

    unavailable(shop, shop.create("bid", bid_id=44))

    assert [s["status"] for s in shop.stripe.sessions()] == ["open"]
    assert [s["status"] for s in shop.sessions()] == ["open"]


@pytest.mark.parametrize("status", ["open", None, "a word of 2031"])
def test_a_session_is_expired_only_if_stripe_calls_it_so(
    shop: Shop, status: str | None
) -> None:
    """Stripe refuses to expire it, and does not say that it cannot be paid."""
    shop.create("order")
    [old] = shop.stripe.sessions()
    shop.stripe.sandbox.checkouts[old["id"]].session["status"] = status
    fail(shop, f"{SESSIONS}/{old['id']}/expire", status=400)

    unavailable(shop, shop.create("order", **OTHER_URLS["order"]))

    assert [s["status"] for s in shop.sessions()] == ["open"]


def test_an_answer_without_a_status_is_no_word_that_it_is_expired(shop: Shop) -> None:
    shop.create("order")
    [old] = shop.stripe.sessions()
    del shop.stripe.sandbox.checkouts[old["id"]].session["status"]
    fail(shop, f"{SESSIONS}/{old['id']}/expire", status=400)

    unavailable(shop, shop.create("order", **OTHER_URLS["order"]))

    assert [s["status"] for s in shop.sessions()] == ["open"]


def test_a_session_that_stripe_does_not_know_any_more_makes_way_after_a_day(
    shop: Shop,
) -> None:
    """The API key is another account's by now; no session stays open for longer."""
    shop.create("order")
    [old] = shop.stripe.sessions()
    fail(shop, f"{SESSIONS}/{old['id']}/expire", status=404)
    del shop.stripe.sandbox.checkouts[old["id"]]
    with time_machine.travel(timedelta(hours=24)):
        unavailable(shop, shop.create("order", **OTHER_URLS["order"]))
        assert [s["status"] for s in shop.sessions()] == ["open"]

    recover(shop)
    with time_machine.travel(timedelta(hours=26)):
        assert shop.create("order", **OTHER_URLS["order"]).status == 200
        assert [s["status"] for s in shop.sessions()] == ["expired", "open"]


def test_a_late_prepared_session_that_was_opened_meanwhile_is_expired_at_stripe(
    shop: Shop,
) -> None:
    """A session that was read as prepared may have been opened since."""
    from functions.create_session import app  # noqa: PLC0415 - as the shop does

    fail(shop, status=429)
    unavailable(shop, shop.create("order"))
    recover(shop)
    creator = app.creator()
    as_it_was_read = creator.sessions.get(shop.sessions()[0]["id"])
    assert shop.create("order").status == 200

    with time_machine.travel(timedelta(hours=23, minutes=1)):
        creator.stripe_checkout.expire(as_it_was_read, REPLACED)

    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]
    assert [s["status"] for s in shop.sessions()] == ["expired"]


def test_another_refusal_is_no_word_that_a_session_is_gone_however_old_it_is(
    shop: Shop,
) -> None:
    shop.create("order")
    [old] = shop.stripe.sessions()
    path = f"{SESSIONS}/{old['id']}"
    shop.stripe.sandbox.faults.add(Fault("*", path, status=400, times=99))

    with time_machine.travel(timedelta(hours=26)):
        unavailable(shop, shop.create("order", **OTHER_URLS["order"]))

    assert [s["status"] for s in shop.sessions()] == ["open"]


def test_a_session_that_was_opened_meanwhile_is_not_discarded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Invariant 11: two requests on one intent, and only the other's reaches Stripe.

    The one that Stripe fails must not end the session that the other has answered.
    """
    fail(shop, status=429)
    unavailable(shop, shop.create("order"))
    recover(shop)
    create = stripe_api.StripeApi.create_session
    calls: list[str] = []

    def overtaken(gateway: Any, request: dict[str, Any], key: str) -> dict[str, Any]:
        calls.append(key)
        if len(calls) == 1:
            assert shop.create("order").status == 200
            fail(shop, status=503, times=2)
        return create(gateway, request, key)

    monkeypatch.setattr(stripe_api.StripeApi, "create_session", overtaken)
    answer = shop.create("order", **OTHER_URLS["order"])

    open_ones = [s["id"] for s in shop.stripe.sessions() if s["status"] == "open"]
    ours = [s["stripe_session_id"] for s in shop.sessions() if s["status"] == "open"]
    assert answer.status == 200, answer.body
    assert len(open_ones) == 1
    assert ours == open_ones

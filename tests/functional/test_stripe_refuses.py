"""What Stripe never accepts: a 400 with the reason, or a sale without decoration."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from time_machine import Traveller

from mocktill.faults import Fault
from tests.crashes import CrashPoint, crash_points
from tests.output import captured_log, metrics_in
from tests.shop import PUBLISHED, Answer, Shop

OFFERS = {
    "bid": "bid#42",
    "auction": "auction#auction_1",
    "order": "order#order_1",
    "product": "product#hero-me-feelings",
    "content": f"content#{PUBLISHED}",
}
NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
SESSIONS = "/v1/checkout/sessions"
# Plausible, and refused by mocktill, whose rules are stricter than ours.
ODD_EMAIL = "ada@b\u00fccher.example"


def charge(shop: Shop, kind: str, amount: int, currency: str) -> None:
    """Let the offer of a kind cost *amount*."""
    if kind == "order":
        line = {"name": "Stalls", "quantity": 1, "unit_price_cents": amount}
        shop.change_offer(OFFERS[kind], items=[line], currency=currency)
    else:
        price = {"amount": amount, "currency": currency}
        shop.change_offer(OFFERS[kind], price=price)


def too_cheap_for_the_account(shop: Shop, kind: str) -> None:
    """Only Stripe knows the minimum of the currency in which the account is paid."""
    shop.stripe.sandbox.settled_in_dollars = True
    charge(shop, kind, 50, "inr")


def asked(shop: Shop) -> list[dict[str, Any]]:
    """Return the requests by which Stripe was asked for a session."""
    return [
        call
        for call in shop.stripe.sandbox.requests
        if (call["method"], call["path"]) == ("POST", SESSIONS)
    ]


def not_purchasable(answer: Answer) -> str:
    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    assert answer.body.keys() == {"error", "code", "request_id"}
    return str(answer.body["error"])


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("kind", OFFERS)
def test_it_is_not_purchasable_recorded_counted_and_logged(
    shop: Shop, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    too_cheap_for_the_account(shop, kind)
    capsys.readouterr()

    with captured_log() as log:
        answer = shop.create(kind)

    assert "small an amount" in not_purchasable(answer)
    [session] = shop.sessions()
    assert session["status"] == "discarded"
    assert "unresolved" not in session
    assert session["refusal_code"] == "amount_too_small"
    assert shop.audit.has_exactly("checkout_refused")
    [entry] = shop.audit.entries
    assert (entry["stripe_code"], entry["stripe_param"]) == (
        "amount_too_small",
        "line_items",
    )
    assert metrics_in(capsys.readouterr().out)["payments.checkout.refused"] == 1
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    [logged] = [line for line in lines if line["message"] == "checkout_refused"]
    assert (logged["level"], logged["stripe_code"], logged["param"]) == (
        "ERROR",
        "amount_too_small",
        "line_items",
    )


@pytest.mark.frozen_at(NOON)
@pytest.mark.parametrize("keys", [False, True], ids=["no keys", "other keys"])
def test_anonymous_clicks_do_not_ask_stripe_again(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
    *,
    keys: bool,
) -> None:
    """Nothing but the terms leads from one click to the next."""
    too_cheap_for_the_account(shop, "product")
    capsys.readouterr()

    def click(number: int) -> Answer:
        headers = {"idempotency-key": f"a-key-of-theirs-{number}"} if keys else {}
        return shop.create("product", headers=headers)

    for number in range(5):
        assert "small an amount" in not_purchasable(click(number))
    assert len(asked(shop)) == len(shop.sessions()) == 1
    assert metrics_in(capsys.readouterr().out)["payments.checkout.refused"] == 1

    # Other terms are tried at once, and the same terms later.
    shop.create("product", metadata={"another": "product"})
    assert len(asked(shop)) == 2
    clock.shift(timedelta(minutes=10, seconds=1))
    click(10)
    assert len(asked(shop)) == 3
    shop.stripe.sandbox.settled_in_dollars = False
    clock.shift(timedelta(minutes=10, seconds=1))
    assert click(11).status == 200


@pytest.mark.parametrize("kind", [kind for kind in OFFERS if kind != "product"])
@pytest.mark.frozen_at(NOON)
def test_further_clicks_do_not_ask_stripe_again(
    shop: Shop, kind: str, clock: Traveller
) -> None:
    too_cheap_for_the_account(shop, kind)
    first = shop.create(kind)

    for _ in range(3):
        clock.shift(timedelta(minutes=3))
        again = shop.create(kind)
        assert again.body | {"request_id": ""} == first.body | {"request_id": ""}

    assert len(asked(shop)) == len(shop.sessions()) == 1
    clock.shift(timedelta(minutes=2))
    not_purchasable(shop.create(kind))
    assert len(asked(shop)) == len(shop.sessions()) == 2


def test_a_product_under_a_key_is_not_asked_for_again(shop: Shop) -> None:
    too_cheap_for_the_account(shop, "product")
    headers = {"idempotency-key": "0d6b1f9e-1111-4222-8333-444455556666"}

    for _ in range(3):
        not_purchasable(shop.create("product", headers=headers))

    assert len(asked(shop)) == 1


@pytest.mark.parametrize("kind", OFFERS)
def test_a_mended_offer_is_sold_at_once(shop: Shop, kind: str) -> None:
    too_cheap_for_the_account(shop, kind)
    not_purchasable(shop.create(kind))

    charge(shop, kind, 5000, "usd")

    assert shop.create(kind).status == 200


@pytest.mark.frozen_at(NOON)
def test_a_mended_account_sells_after_ten_minutes(shop: Shop, clock: Traveller) -> None:
    too_cheap_for_the_account(shop, "content")
    not_purchasable(shop.create("content"))
    shop.stripe.sandbox.settled_in_dollars = False

    clock.shift(timedelta(minutes=11))

    assert shop.create("content").status == 200


def test_an_error_without_a_code_is_refused_too(shop: Shop) -> None:
    shop.stripe.sandbox.faults.add(Fault("POST", SESSIONS, status=400, times=9))

    assert "does not accept this offer" in not_purchasable(shop.create("bid"))
    [session] = shop.sessions()
    assert (session["refusal_code"], session["refusal_param"]) == ("", "")
    not_purchasable(shop.create("bid"))
    assert len(asked(shop)) == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_another_try_may_mend_stays_a_502(shop: Shop, status: int) -> None:
    fault = Fault("POST", SESSIONS, status=status, times=2)
    shop.stripe.sandbox.faults.add(fault)

    answer = shop.create("bid")

    assert (answer.status, answer.body["code"]) == (502, "stripe_unavailable")
    assert shop.audit.has_none_of("checkout_refused")
    shop.stripe.sandbox.faults.clear()
    assert shop.create("bid").status == 200


@pytest.mark.frozen_at(NOON)
def test_a_session_that_was_prepared_long_ago_is_prepared_again(
    shop: Shop, clock: Traveller
) -> None:
    """Stripe wants thirty minutes left; the auction's window has ended by then."""
    clock.shift(timedelta(hours=23, minutes=55))
    shop.stripe.sandbox.faults.add(Fault("POST", SESSIONS, status=429, times=2))
    assert shop.create("auction").status == 502
    shop.stripe.sandbox.faults.clear()

    clock.shift(timedelta(minutes=4))

    assert shop.create("auction").status == 200
    assert [s["status"] for s in shop.sessions()] == ["discarded", "open"]


# ---------------------------------------------------------------- decoration


@pytest.mark.parametrize("kind", OFFERS)
def test_a_refused_email_does_not_stop_the_sale(shop: Shop, kind: str) -> None:
    body = {"customer_email": ODD_EMAIL} if kind == "product" else {}

    answer = shop.create(kind, email=ODD_EMAIL, **body)

    assert answer.status == 200
    [session] = shop.stripe.sessions()
    assert session["customer_email"] is None
    assert [s["status"] for s in shop.sessions()] == ["discarded", "open"]
    assert shop.audit.has_exactly("checkout_refused", "checkout_created")
    [refused, _] = shop.audit.entries
    assert refused["stripe_param"] == "customer_email"
    assert ODD_EMAIL not in str(shop.audit.entries)


@pytest.mark.parametrize("kind", [kind for kind in OFFERS if kind != "product"])
def test_the_session_without_the_email_is_the_live_one(shop: Shop, kind: str) -> None:
    """The token has the address each time: it must not be tried each time."""
    first = shop.create(kind, email=ODD_EMAIL)
    second = shop.create(kind, email=ODD_EMAIL)

    page = {"order": "url", "content": "sessionUrl"}.get(kind, "checkout_url")
    assert first.body[page] == second.body[page]
    assert len(asked(shop)) == 2
    assert len(shop.stripe.sessions()) == 1


def test_a_death_at_any_point_leaves_the_email_out_next_time(
    new_shop: Callable[[], Shop],
) -> None:
    for crash in crash_points():
        shop = new_shop()
        with crash:
            shop.create("content", email=ODD_EMAIL)

        assert shop.create("content", email=ODD_EMAIL).status == 200, crash.steps

        open_sessions = [s for s in shop.stripe.sessions() if s["status"] == "open"]
        assert len(open_sessions) == 1, crash.steps


def test_another_request_at_any_point_finds_the_same_session(
    new_shop: Callable[[], Shop],
) -> None:
    """Both tokens have the address; the sale key still has one session to pay."""
    for number in range(1, 30):
        shop = new_shop()
        answers: list[Answer] = []
        start = partial(shop.create, "content", email=ODD_EMAIL)

        with CrashPoint(number, visitor=lambda: answers.append(start())) as point:  # noqa: B023
            answers.append(start())

        assert {answer.status for answer in answers} == {200}, point.steps
        assert len({answer.body["sessionUrl"] for answer in answers}) == 1, point.steps
        open_sessions = [s for s in shop.stripe.sessions() if s["status"] == "open"]
        assert len(open_sessions) == 1, point.steps
        if not point.happened:
            return
    pytest.fail("the request does not end")


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"image_url": "https://a b/1.jpg"}, {"description"}),
        ({"image_url": "https://a.example:99999/1.jpg"}, {"description"}),
        ({"image_url": "/1.jpg"}, {"description"}),
        ({"image_url": "data:image/png;base64,AA"}, {"description"}),
        ({"image_url": "http://a.example/1.jpg"}, {"description"}),
        ({"image_url": "https://a.example/" + "x" * 2048}, {"description"}),
        ({"image_url": ["https://a.example/1.jpg"]}, {"description"}),
        ({"image_url": 7}, {"description"}),
        ({"description": ""}, {"images"}),
        ({"description": "  \n"}, {"images"}),
        ({"description": {"en": "Calm"}}, {"images"}),
        ({"description": 7}, {"images"}),
        ({"image_url": None, "description": None}, set()),
    ],
)
def test_decoration_that_cannot_be_used_is_left_out(
    shop: Shop, changes: dict[str, Any], kept: set[str]
) -> None:
    good = {"description": "Calm.", "image_url": "https://images.example.com/1.jpg"}
    shop.change_offer(OFFERS["content"], **good | changes)

    assert shop.create("content").status == 200

    assert product_data(shop).keys() - {"name"} == kept
    assert len(asked(shop)) == 1


@pytest.mark.parametrize("name", ["images", "description"])
def test_decoration_that_only_stripe_refuses_is_left_out_of_the_next_attempt(
    shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if our limits were laxer than Stripe's."""
    monkeypatch.setattr("checkout.domain.stripe_limits.LONGEST_DESCRIPTION", 50_000)
    monkeypatch.setattr("checkout.domain.stripe_limits.is_image_url", lambda _: True)
    wrong = {
        "images": {"image_url": "nowhere"},
        "description": {"description": "x" * 40_001},
    }
    good = {"description": "Calm.", "image_url": "https://images.example.com/1.jpg"}
    shop.change_offer(OFFERS["content"], **good | wrong[name])

    assert shop.create("content").status == 200
    assert shop.create("content").status == 200

    assert product_data(shop).keys() == {"name", "images", "description"} - {name}
    assert len(asked(shop)) == 2


def product_data(shop: Shop) -> dict[str, Any]:
    request = json.loads(shop.sessions()[-1]["stripe_request"])
    [line] = request["line_items"]
    data: dict[str, Any] = line["price_data"]["product_data"]
    return data


@pytest.mark.parametrize("kind", ["auction", "bid", "content", "product"])
@pytest.mark.parametrize("length", [250, 251, 5001, 50_000])
def test_a_long_title_is_shortened_on_stripes_page(
    shop: Shop, kind: str, length: int
) -> None:
    title = "Tea for two, and two for tea ".ljust(length, "x")
    shop.change_offer(OFFERS[kind], title=title)

    assert shop.create(kind).status == 200

    name = product_data(shop)["name"]
    if length <= 250:
        assert name == title
    else:
        assert len(name) <= 250
        assert title.startswith(name.removesuffix("…"))
        assert name.endswith("…")
    [session] = shop.sessions()
    assert session["title"].startswith(title[:999])
    assert len(session["title"]) <= 1000


def test_a_long_description_is_shortened(shop: Shop) -> None:
    shop.change_offer(OFFERS["content"], description="\U0001f600" * 40_001)

    assert shop.create("content").status == 200

    assert len(product_data(shop)["description"]) == 40_000


@pytest.mark.parametrize(
    "email",
    [
        *("a..b@c.de", ".a@b.de", "a.@b.de", "<a@b.de>", "a,b@c.de", "a@-b.de"),
        *("a@b-.de", "a@b.123", "a@[127.0.0.1]", "a@b.de\u200b", "a b@c.de", "a@b"),
        *("@b.de", "a@@b.de", f"a@{'b' * 300}.de", '"a"@b.de', "a@b.de.", "a@b..de"),
    ],
)
def test_an_email_that_clearly_is_none_is_not_even_sent(shop: Shop, email: str) -> None:
    assert shop.create("bid", email=email).status == 200

    assert len(asked(shop)) == 1
    assert shop.stripe.sessions()[0]["customer_email"] is None

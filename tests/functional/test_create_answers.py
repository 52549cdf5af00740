"""What a create endpoint answers, and what exactly Stripe is sent for it."""

import hashlib
import inspect
from typing import Any
from urllib.parse import urlsplit

import pytest
from stripe.params.checkout import SessionCreateParams

from checkout.domain.stripe_limits import DELAYED_METHODS
from mocktill.payment_methods import DELAYED
from tests.shop import FIRST_KEYS, ORIGIN, PUBLISHED, STACK_ID, Shop, first_key

KINDS = ["bid", "auction", "order", "product", "content"]
SAMPLES = {
    "bid": "bid#42",
    "auction": "auction#auction_1",
    "product": "product#hero-me-feelings",
    "content": f"content#{PUBLISHED}",
}


def only(shop: Shop) -> dict[str, Any]:
    [session] = shop.stripe.sessions()
    return session


def lines(shop: Shop) -> list[dict[str, Any]]:
    path = f"/v1/checkout/sessions/{only(shop)['id']}/line_items"
    found = shop.stripe.get(path, **{"expand[]": "data.price.product"})
    return [
        {
            "name": line["price"]["product"]["name"],
            "description": line["price"]["product"]["description"],
            "images": line["price"]["product"]["images"],
            "unit_amount": line["price"]["unit_amount"],
            "currency": line["price"]["currency"],
            "quantity": line["quantity"],
        }
        for line in found["data"]
    ]


# ---------------------------------------------------------------- answers


def for_every_kind(shop: Shop) -> dict[str, str]:
    """What every create answer has, whatever names its frontend has of its own."""
    [session] = shop.sessions()
    return {"payment_session_id": session["id"], "checkout_url": only(shop)["url"]}


def test_a_bid_answers_with_the_page_to_go_to(shop: Shop) -> None:
    answer = shop.create("bid")

    assert answer.status == 200
    assert answer.body == for_every_kind(shop)


def test_an_auction_answers_with_its_payment_window(shop: Shop) -> None:
    answer = shop.create("auction")

    assert answer.status == 200
    [session] = shop.sessions()
    window = answer.body.pop("payment_window")
    assert answer.body == {
        "payment_session_id": session["id"],
        "session_id": only(shop)["id"],
        "checkout_url": only(shop)["url"],
        "expires_at": session["expires_at"],
    }
    assert window.keys() == {"opens_at", "closes_at", "seconds_remaining"}
    assert 86_300 <= window["seconds_remaining"] <= 86_400
    assert all(window[name].endswith("Z") for name in ("opens_at", "closes_at"))
    assert answer.body["expires_at"].endswith("Z")


def test_an_order_answers_with_the_page_to_go_to(shop: Shop) -> None:
    answer = shop.create("order").body
    assert answer == {"url": only(shop)["url"]} | for_every_kind(shop)


def test_a_product_answers_with_a_client_secret_alone(shop: Shop) -> None:
    assert shop.create("product").body == {"client_secret": only(shop)["client_secret"]}


def test_content_answers_with_the_page_and_the_session(shop: Shop) -> None:
    assert shop.create("content").body == {
        "sessionUrl": only(shop)["url"],
        "sessionId": only(shop)["id"],
        **for_every_kind(shop),
    }


# ---------------------------------------------------------------- what Stripe gets


@pytest.mark.parametrize(
    ("kind", "own_keys"),
    [
        ("bid", {"bid_id": "42", "row_id": "7", "user_id": "user_1"}),
        ("auction", {"auction_id": "auction_1", "buyer_id": "user_1"}),
        ("order", {"orderId": "order_1", "userId": "user_1"}),
        ("product", {}),
        ("content", {"contentId": PUBLISHED, "customerId": "user_1"}),
    ],
)
def test_the_session_and_its_payment_carry_the_same_metadata(
    shop: Shop, kind: str, own_keys: dict[str, str]
) -> None:
    shop.create(kind)

    session = only(shop)
    shop.stripe.pay(session["id"])

    [ours] = shop.sessions()
    stack = hashlib.sha256(STACK_ID.encode()).hexdigest()[:12]
    expected = own_keys | {"kind": kind, "payment_session_id": ours["id"]}
    expected |= {"stack": stack}
    [intent] = shop.stripe.get("/v1/payment_intents")["data"]
    assert session["metadata"] == expected
    assert intent["metadata"] == expected
    assert session["client_reference_id"] == ours["id"]
    assert session["mode"] == "payment"
    embedded = kind == "product"
    assert session["ui_mode"] == ("embedded_page" if embedded else "hosted_page")
    [key] = {
        r["idempotency_key"]
        for r in shop.stripe.sandbox.requests
        if r["path"] == "/v1/checkout/sessions" and r["method"] == "POST"
    }
    assert (
        key
        == {
            **FIRST_KEYS,
            "product": first_key("product", "hero-me-feelings", None, ours["id"]),
        }[kind]
    )


def test_the_callers_metadata_goes_along_but_never_over_ours(shop: Shop) -> None:
    """Invariant 6: metadata cannot say what is bought, by whom or under which id."""
    smuggled = {
        "kind": "content",
        "payment_session_id": "ps_of_somebody_else",
        "price": "1",
        "buyer_id": "user_2",
        "board": "Feelings \U0001f600",
        "note": "",
    }

    answer = shop.create("product", metadata=smuggled)

    assert answer.status == 200
    [ours] = shop.sessions()
    session = only(shop)
    assert session["metadata"]["kind"] == "product"
    assert session["metadata"]["payment_session_id"] == ours["id"]
    assert session["client_reference_id"] == ours["id"]
    assert session["metadata"]["board"] == smuggled["board"]
    assert (session["amount_total"], ours["amount"]) == (200, 200)
    assert ours.get("buyer_id") is None
    shop.stripe.pay(session["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    assert (purchase["kind"], purchase["offer_id"]) == ("product", "hero-me-feelings")
    assert purchase["payment_session_id"] == ours["id"]


def test_a_logged_in_shopper_may_buy_the_product_too(shop: Shop) -> None:
    answer = shop.call(
        "POST /api/checkout/embedded-session", {}, buyer="user_1", email="a@b.example"
    )

    assert answer.status == 200
    assert shop.sessions()[0]["buyer_id"] == "user_1"
    assert only(shop)["customer_email"] == "a@b.example"


def test_an_order_keeps_its_lines_on_stripes_page(shop: Shop) -> None:
    shop.create("order")

    assert sorted(lines(shop), key=lambda line: line["unit_amount"]) == [
        {
            "name": "Summer concert, stalls",
            "description": None,
            "images": [],
            "unit_amount": 4500,
            "currency": "usd",
            "quantity": 2,
        },
        {
            "name": "Summer concert, balcony",
            "description": None,
            "images": [],
            "unit_amount": 6000,
            "currency": "usd",
            "quantity": 1,
        },
    ]
    assert only(shop)["amount_total"] == 15_000
    assert shop.sessions()[0]["amount"] == 15_000


@pytest.mark.parametrize("kind", ["auction", "content", "product"])
def test_stripes_page_shows_title_picture_and_description(
    shop: Shop, kind: str
) -> None:
    shop.change_offer(
        SAMPLES[kind],
        title="Caf\u00e9 \u2603",
        description="Warm.",
        image_url="https://images.example.com/a.jpg",
    )

    shop.create(kind)

    [line] = lines(shop)
    assert line["name"] == "Caf\u00e9 \u2603"
    assert line["description"] == "Warm."
    assert line["images"] == ["https://images.example.com/a.jpg"]


def test_an_empty_description_is_left_out(shop: Shop) -> None:
    """Stripe takes an empty text for an error."""
    shop.change_offer(SAMPLES["content"], description="", image_url="")

    assert shop.create("content").status == 200
    assert lines(shop)[0]["description"] is None


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_the_tokens_e_mail_address_is_filled_in(shop: Shop, kind: str) -> None:
    shop.create(kind, email="mail@example.com")

    assert only(shop)["customer_email"] == "mail@example.com"


def test_without_an_e_mail_address_stripe_asks_for_it(shop: Shop) -> None:
    shop.create("bid")

    assert only(shop)["customer_email"] is None


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@c.example"])
def test_an_address_that_stripe_would_refuse_bars_nobody(
    shop: Shop, email: str
) -> None:
    """The token's address only prefills a form."""
    assert shop.create("bid", email=email).status == 200
    assert only(shop)["customer_email"] is None


def test_a_products_shopper_may_give_an_e_mail_address(shop: Shop) -> None:
    shop.create("product", customer_email="mail@example.com")

    assert only(shop)["customer_email"] == "mail@example.com"


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize(
    ("kind", "page"),
    [("auction", "/auctions/auction_1"), ("order", "/orders/order_1")],
)
def test_without_urls_the_shopper_returns_to_the_offers_page(
    shop: Shop, kind: str, page: str
) -> None:
    shop.create(kind)

    session = only(shop)
    home = f"{ORIGIN}{page}"
    assert session["success_url"] == f"{home}?session_id={{CHECKOUT_SESSION_ID}}"
    assert urlsplit(session["cancel_url"])._replace(query="").geturl() == home


def test_one_url_alone_leaves_the_other_at_its_default(shop: Shop) -> None:
    shop.create("order", success_url=f"{ORIGIN}/thanks")

    assert only(shop)["success_url"] == f"{ORIGIN}/thanks"
    assert only(shop)["cancel_url"].startswith(f"{ORIGIN}/orders/order_1")


def test_a_slash_at_the_end_of_the_frontends_url_is_not_doubled(shop: Shop) -> None:
    shop.values["FrontendUrl"] = f"{ORIGIN}/"

    shop.create("order")

    assert only(shop)["cancel_url"].startswith(f"{ORIGIN}/orders/")


def test_a_products_shopper_returns_to_its_page(shop: Shop) -> None:
    shop.create("product")

    assert (
        only(shop)["return_url"]
        == f"{ORIGIN}/hero-me?session_id={{CHECKOUT_SESSION_ID}}"
    )


def test_a_products_payment_does_not_leave_its_page_without_need(shop: Shop) -> None:
    shop.create("product")
    shop.create("order")

    redirects = {
        session["ui_mode"]: session.get("redirect_on_completion")
        for session in shop.stripe.sessions()
    }
    assert redirects == {"embedded_page": "if_required", "hosted_page": None}


@pytest.mark.parametrize("currency", ["usd", "eur"])
def test_an_anonymous_kind_offers_no_method_whose_money_comes_days_later(
    shop: Shop, currency: str
) -> None:
    """Nobody could tell its buyer what became of the payment."""
    offered = {}
    for kind in ("product", "content"):
        price = {"amount": 999, "currency": currency}
        shop.change_offer(SAMPLES[kind], price=price)
        shop.create(kind)
        offered[kind] = set(shop.stripe.sessions()[0]["payment_method_types"])

    assert offered["product"] == {"card"}
    assert offered["content"] & set(DELAYED)


def test_stripe_knows_the_delayed_methods_that_are_left_out() -> None:
    text = inspect.getsource(SessionCreateParams)

    assert all(f'"{method}"' in text for method in DELAYED_METHODS)
    assert set(DELAYED) <= set(DELAYED_METHODS)


# ---------------------------------------------------------------- prices


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(500, "jpy"), (1299, "usd"), (5120, "kwd"), (99_999_999, "eur"), (500, "ugx")],
)
@pytest.mark.parametrize("kind", SAMPLES)
def test_the_offers_price_arrives_in_stripes_unit(
    shop: Shop, kind: str, amount: int, currency: str
) -> None:
    """Invariant 6: the price is the offer's, an integer from end to end."""
    shop.change_offer(SAMPLES[kind], price={"amount": amount, "currency": currency})

    assert shop.create(kind).status == 200

    [ours] = shop.sessions()
    assert (only(shop)["amount_total"], only(shop)["currency"]) == (amount, currency)
    assert (ours["amount"], ours["currency"]) == (amount, currency)
    assert type(ours["amount"]) is int
    assert lines(shop)[0]["unit_amount"] == amount


BAD_PRICES: list[dict[str, Any]] = [
    {"amount": 5123, "currency": "kwd"},
    {"amount": 550, "currency": "isk"},
    {"amount": -1, "currency": "usd"},
    {"amount": 100_000_000, "currency": "usd"},
    {"amount": "1299", "currency": "usd"},
    {"amount": True, "currency": "usd"},
    {"amount": 1299, "currency": "xyz"},
    {"amount": 1299, "currency": "us"},
    {"amount": 1299, "currency": ""},
    {"amount": 1299},
    {"amount": 1299, "currency": None},
    {"currency": "usd"},
    {},
]


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_price_that_cannot_be_charged_is_refused_before_stripe_sees_it(
    shop: Shop, kind: str
) -> None:
    shop.values["AnonymousRequestsPerMinute"] = "100"
    for price in BAD_PRICES:
        shop.change_offer(SAMPLES[kind], price=price)

        answer = shop.create(kind)

        assert (answer.status, answer.body["code"]) == (400, "not_purchasable"), price
        assert shop.stripe.sandbox.requests == []
        assert shop.sessions() == []


@pytest.mark.parametrize("amount", ["1299.5", "0.1"])
def test_a_price_with_a_fraction_is_refused_before_stripe_sees_it(
    shop: Shop, amount: str
) -> None:
    """The host application's own SDK may have written any number."""
    shop.aws.dynamodb.update_item(
        TableName=shop.aws.tables["OffersTable"],
        Key={"id": {"S": SAMPLES["content"]}},
        UpdateExpression="SET price = :price, rating = :amount",
        ExpressionAttributeValues={
            ":price": {"M": {"amount": {"N": amount}, "currency": {"S": "usd"}}},
            ":amount": {"N": amount},
        },
    )

    answer = shop.create("content")

    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    assert shop.stripe.sandbox.requests == []


def test_a_fraction_elsewhere_in_an_offer_does_not_matter(shop: Shop) -> None:
    shop.aws.dynamodb.update_item(
        TableName=shop.aws.tables["OffersTable"],
        Key={"id": {"S": SAMPLES["content"]}},
        UpdateExpression="SET rating = :rating",
        ExpressionAttributeValues={":rating": {"N": "4.5"}},
    )

    assert shop.create("content").status == 200


# ---------------------------------------------------------------- what stays


@pytest.mark.parametrize("kind", KINDS)
def test_a_create_is_on_the_record_once(shop: Shop, kind: str) -> None:
    shop.create(kind)
    if kind != "product":
        shop.create(kind)

    assert shop.audit.has_exactly("checkout_created")
    [entry] = shop.audit.of("checkout_created")
    assert entry["stripe_session_id"] == only(shop)["id"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_log_line_tells_a_secret_or_who_the_buyer_is(
    shop: Shop,
    kind: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Invariant 8: no secret, client secret or e-mail address is logged."""
    mail = "mail.of.buyer@example.com"
    caplog.set_level("INFO")
    body = {"customer_email": mail} if kind == "product" else {}

    answer = shop.create(kind, email=mail, **body)
    shop.create(kind, email=mail, **body, unknown_field=mail)
    session = only(shop)
    shop.stripe.pay(session["id"])
    shop.deliver()

    assert answer.status == 200
    logged = "".join(str(vars(record)) for record in caplog.records)
    told = logged + "".join(capfd.readouterr())
    assert "checkout_created" in told
    assert "purchase_recorded" in told
    assert mail not in told
    assert shop.stripe.sandbox.secret_key not in told
    assert "whsec_" not in told
    for name in ("client_secret", "url"):
        assert session[name] is None or session[name] not in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_is_due_for_reconcile_until_it_is_resolved(
    shop: Shop, kind: str
) -> None:
    """Invariant 10: what is unresolved can be found by one query."""

    def on_the_list() -> list[str]:
        pages = shop.aws.dynamodb.get_paginator("scan").paginate(
            TableName=shop.aws.tables["PaymentSessionsTable"], IndexName="unresolved"
        )
        return [item["id"]["S"] for page in pages for item in page["Items"]]

    shop.create(kind)
    [ours] = shop.sessions()
    assert on_the_list() == [ours["id"]]
    assert ours["expires_at"] < ours["due_at"]

    shop.stripe.pay(only(shop)["id"])
    shop.deliver()
    assert on_the_list() == []

"""Sessions as the official SDK returns them."""

import time
from urllib.parse import urldefrag

import pytest
import stripe


def test_a_hosted_session_comes_back_with_every_field_a_shop_reads(client, hosted):
    expires_at = int(time.time()) + 3600
    session = client.v1.checkout.sessions.create(
        params=hosted(
            client_reference_id="order_1",
            customer_email="ada@example.com",
            expires_at=expires_at,
            metadata={"order_id": "1"},
        )
    )

    assert session.object == "checkout.session"
    assert session.id.startswith("cs_test_")
    page, fragment = urldefrag(session.url)
    assert page.endswith(f"/c/pay/{session.id}")
    assert fragment.startswith("fid")
    assert session.amount_subtotal == 2500
    assert session.amount_total == 2500
    assert session.total_details.amount_tax == 0
    assert session.currency == "usd"
    assert session.client_reference_id == "order_1"
    assert session.customer_email == "ada@example.com"
    assert session.expires_at == expires_at
    assert session.created <= int(time.time())
    assert session.metadata.to_dict() == {"order_id": "1"}
    assert session.mode == "payment"
    assert session.ui_mode == "hosted_page"
    assert session.status == "open"
    assert session.payment_status == "unpaid"
    assert session.payment_method_types == ["card", "us_bank_account"]
    assert session.success_url == "https://shop.example/thanks?id={CHECKOUT_SESSION_ID}"
    assert session.cancel_url == "https://shop.example/basket"
    assert session.automatic_tax.enabled is False
    assert session.livemode is False
    assert session.client_secret is None
    assert session.customer is None
    assert session.customer_details is None
    assert session.payment_intent is None
    assert "return_url" not in session
    assert "redirect_on_completion" not in session


def test_an_embedded_session_has_a_client_secret_and_no_url(client, embedded):
    session = client.v1.checkout.sessions.create(params=embedded())

    assert session.url is None
    assert session.client_secret.startswith(f"{session.id}_secret_")
    assert session.ui_mode == "embedded_page"
    assert session.redirect_on_completion == "always"
    assert session.return_url == "https://shop.example/back?id={CHECKOUT_SESSION_ID}"


def test_a_session_lives_a_day_unless_told_otherwise(create):
    session = create()

    assert session.expires_at == session.created + 24 * 60 * 60


def test_retrieve_returns_the_session_as_it_was_created(client, create):
    session = create()

    again = client.v1.checkout.sessions.retrieve(session.id)

    assert again.to_dict() == session.to_dict()


def test_line_items_come_only_when_asked_for(client, create):
    session = create()

    plain = client.v1.checkout.sessions.retrieve(session.id)
    expanded = client.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["line_items.data.price.product"]}
    )

    assert "line_items" not in plain
    (item,) = expanded.line_items.data
    assert item.description == "T-shirt"
    assert item.quantity == 2
    assert item.amount_total == 2500
    assert item.price.unit_amount == 1250
    assert item.price.product.name == "T-shirt"


def test_more_line_items_than_a_page_are_listed_by_pages(client, create, line):
    session = create(line_items=[line(amount=100 + n) for n in range(12)])

    first = client.v1.checkout.sessions.line_items.list(session.id)
    every = list(first.auto_paging_iter())

    assert first.has_more
    assert len(first.data) == 10
    assert len(every) == 12


def test_create_can_expand_at_once(client, hosted):
    session = client.v1.checkout.sessions.create(
        params=hosted(expand=["line_items"]),
    )

    assert session.line_items.data[0].amount_total == 2500


def test_an_unknown_expansion_is_refused(client, create):
    sessions = client.v1.checkout.sessions

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sessions.retrieve(create().id, {"expand": ["lines"]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sessions.list({"expand": ["line_items"]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        create(expand=["lines"])
    assert len(sessions.list().data) == 1


def test_an_unknown_session_is_missing(client):
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.checkout.sessions.retrieve("cs_test_nobody")

    assert missing.value.http_status == 404
    assert missing.value.code == "resource_missing"
    assert missing.value.request_id.startswith("req_")


def test_sessions_are_listed_newest_first_and_by_pages(client, create):
    ids = [create().id for _ in range(5)][::-1]
    sessions = client.v1.checkout.sessions

    first = sessions.list({"limit": 2})
    second = sessions.list({"limit": 2, "starting_after": first.data[-1].id})
    back = sessions.list({"limit": 2, "ending_before": ids[4]})

    assert [s.id for s in first.data] == ids[:2]
    assert first.has_more
    assert [s.id for s in second.data] == ids[2:4]
    assert second.has_more
    assert [s.id for s in back.data] == ids[2:4]
    assert back.has_more
    assert [s.id for s in sessions.list({"limit": 2}).auto_paging_iter()] == ids


def test_a_limit_outside_1_to_100_is_refused(client):
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.checkout.sessions.list({"limit": limit})
        assert refused.value.param == "limit"


def test_listed_sessions_can_be_expanded(client, create, pay):
    pay(create())

    (session,) = client.v1.checkout.sessions.list(
        {"expand": ["data.payment_intent", "data.line_items"]}
    ).data

    assert session.payment_intent.status == "succeeded"
    assert session.line_items.data[0].quantity == 2


def test_sessions_are_found_by_payment_intent_status_and_time(client, create, pay):
    open_session, paid = create(), create()
    pay(paid)
    sessions = client.v1.checkout.sessions
    intent = sessions.retrieve(paid.id).payment_intent

    def ids(**params):
        return [session.id for session in sessions.list(params).data]

    assert ids(payment_intent=intent) == [paid.id]
    assert ids(status="open") == [open_session.id]
    assert ids(status="complete") == [paid.id]
    assert ids(created={"gte": paid.created + 60}) == []
    assert len(ids(created={"lte": paid.created + 60})) == 2
    assert ids(customer_details={"email": "ada@example.com"}) == [paid.id]


def test_an_open_session_can_be_expired(client, create, event_types):
    expired = client.v1.checkout.sessions.expire(create().id)

    assert expired.status == "expired"
    assert expired.payment_status == "unpaid"
    assert expired.url is None
    assert event_types() == ["checkout.session.expired"]


def test_only_an_open_session_can_be_expired(client, create, pay):
    expired, paid = create(), create()
    client.v1.checkout.sessions.expire(expired.id)
    pay(paid)

    for session in (expired, paid):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.checkout.sessions.expire(session.id)
        assert refused.value.http_status == 400


def test_a_session_expires_by_itself_when_its_time_has_passed(
    client, create, control, event_types
):
    session = create(expires_at=int(time.time()) + 31 * 60)

    control("POST", "clock", {"advance_seconds": 30 * 60})
    before = client.v1.checkout.sessions.retrieve(session.id)
    control("POST", "clock", {"advance_seconds": 60})
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert before.status == "open"
    assert after.status == "expired"
    assert event_types() == ["checkout.session.expired"]


def test_a_session_expires_without_a_call_for_it(sandbox, create, eventually):
    session = create(expires_at=int(time.time()) + 31 * 60)
    stored = sandbox.checkouts[session.id].session

    sandbox.advance_clock(31 * 60)

    eventually(lambda: stored["status"] == "expired")

"""An expired session that its customer recovers."""

import pytest
import requests

from mocktill import recovery

RECOVERABLE = {"after_expiration": {"recovery": {"enabled": True}}}
DAY = 24 * 60 * 60


@pytest.fixture
def expired(client, create):
    def make(**changes):
        session = create(**(RECOVERABLE | changes))
        return client.v1.checkout.sessions.expire(session.id)

    return make


@pytest.fixture
def visit():
    def get(url):
        return requests.get(url, allow_redirects=False, timeout=10)

    return get


@pytest.fixture
def recover(client, visit):
    """Open the recovery address, and return the new session."""

    def open_address(session):
        visit(session.after_expiration.recovery.url)
        return client.v1.checkout.sessions.list().data[0]

    return open_address


def test_an_expired_session_has_an_address_for_thirty_days(expired, events, url):
    session = expired()

    shown = session.after_expiration.recovery
    assert shown.url.startswith(f"{url}/c/recover/")
    assert abs(shown.expires_at - session.created - 30 * DAY) < 60
    assert (shown.enabled, shown.allow_promotion_codes) == (True, False)
    (event,) = events("checkout.session.expired")
    assert event.data.object.after_expiration.to_dict() == (
        session.after_expiration.to_dict()
    )


def test_its_address_makes_a_copy_that_can_be_paid(client, expired, recover, pay, line):
    original = expired(
        client_reference_id="order_1",
        customer_email="ada@example.com",
        metadata={"order": "1"},
        payment_intent_data={"metadata": {"order": "1"}},
        line_items=[line(700, 3, name="Mug")],
        phone_number_collection={"enabled": False},
    )

    copied = recover(original)
    pay(copied)

    assert copied.id != original.id
    assert copied.recovered_from == original.id
    assert copied.status == "open"
    assert copied.metadata.to_dict() == {"order": "1"}
    assert copied.client_reference_id == "order_1"
    assert copied.customer_email == "ada@example.com"
    assert copied.amount_total == 2100
    assert copied.success_url == original.success_url
    assert copied.expires_at == copied.created + DAY
    paid = client.v1.checkout.sessions.retrieve(copied.id)
    assert paid.payment_status == "paid"
    intent = client.v1.payment_intents.retrieve(paid.payment_intent)
    assert intent.metadata.to_dict() == {"order": "1"}


def test_the_address_leads_to_the_new_payment_page(client, expired, visit, url):
    answer = visit(expired().after_expiration.recovery.url)

    copied = client.v1.checkout.sessions.list().data[0]
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/c/pay/{copied.id}"
    assert visit(url + answer.headers["Location"]).status_code == 200


def test_each_visit_makes_another_session(expired, recover):
    original = expired()

    first, second = recover(original), recover(original)

    assert first.id != second.id
    assert first.recovered_from == second.recovered_from == original.id


def test_the_recovery_decides_about_promotion_codes(expired, recover):
    with_codes = {
        "after_expiration": {
            "recovery": {"enabled": True, "allow_promotion_codes": True}
        }
    }

    assert recover(expired(**with_codes)).allow_promotion_codes is True
    assert recover(expired(allow_promotion_codes=True)).allow_promotion_codes is False
    discounted = recover(expired(discounts=[{"coupon": "mocktill10"}]))
    assert discounted.amount_total == 2250


def test_the_address_ends_after_thirty_days(expired, visit, control):
    address = expired().after_expiration.recovery.url

    control("POST", "clock", {"advance_seconds": 30 * DAY})

    assert visit(address).status_code == 410


def test_without_recovery_there_is_no_address(client, expired, create, pay, ask):
    off = expired(after_expiration={"recovery": {"enabled": False}})
    never = expired(after_expiration=None)
    paid = create(**RECOVERABLE)
    pay(paid)

    assert off.after_expiration.recovery.url is None
    assert never.after_expiration is None
    complete = client.v1.checkout.sessions.retrieve(paid.id)
    assert complete.after_expiration.recovery.url is None
    for session in (off, never, paid):
        assert ask("POST", f"checkout_sessions/{session.id}/recover") == 400


def test_an_invented_address_is_no_address(url, visit):
    assert visit(f"{url}/c/recover/cs_test_a1_recovery_x").status_code == 404


def test_a_test_recovers_without_a_browser(sandbox, client, expired, control):
    original = expired()

    by_http = control("POST", f"checkout_sessions/{original.id}/recover")
    in_process = recovery.recover_session(sandbox, original.id)

    for copied in (by_http, in_process):
        assert copied["recovered_from"] == original.id
        assert client.v1.checkout.sessions.retrieve(copied["id"]).status == "open"


def test_the_panel_recovers(client, expired, url):
    original = expired()

    page = requests.get(f"{url}/sandbox", timeout=10)
    requests.post(
        f"{url}/sandbox/panel",
        data={"action": "recover", "subject": original.id},
        timeout=10,
    )

    assert "Recover" in page.text
    newest = client.v1.checkout.sessions.list().data[0]
    assert newest.recovered_from == original.id

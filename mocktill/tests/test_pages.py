"""The payment page, filled in and sent as a browser does."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import urldefrag

import pytest
import requests

CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 40", "cvc": "123"}


class Form(HTMLParser):
    """A page's form: its address, its values, and its labelled fields."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self.labelled, self._labels = None, {}, set(), 0
        self.focused = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self._labels += tag == "label"
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input":
            name = attributes["name"]
            if attributes.get("type") != "radio" or "checked" in attributes:
                self.fields[name] = attributes.get("value", "")
            if self._labels or attributes.get("type") == "hidden":
                self.labelled.add(name)
            if "autofocus" in attributes:
                self.focused = name, attributes.get("aria-describedby")

    def handle_endtag(self, tag):
        self._labels -= tag == "label"


@pytest.fixture
def visit(url):
    def get(path):
        return requests.get(url + path, timeout=10)

    return get


@pytest.fixture
def submit(url, visit):
    """Open a page, fill in its form and send it, without following redirects."""

    def post(path, **filled):
        form = Form(visit(path).text)
        assert filled.keys() <= form.fields.keys() | {"outcome"}
        return requests.post(
            url + form.action,
            data=form.fields | filled,
            allow_redirects=False,
            timeout=15,
        )

    return post


@pytest.fixture
def path(url):
    def of(session):
        return urldefrag(session.url).url.removeprefix(url)

    return of


@pytest.fixture
def make_embedded(client, embedded):
    def make(**changes):
        return client.v1.checkout.sessions.create(embedded(**changes))

    return make


def test_the_page_shows_what_is_bought_and_for_how_much(create, visit, path, line):
    session = create(
        line_items=[line(1250, 2, name="<b>Shirt</b>"), line(199, 1, name="Sticker")]
    )

    page = visit(path(session))

    assert page.status_code == 200
    assert "TEST MODE" in page.text
    assert "&lt;b&gt;Shirt&lt;/b&gt;" in page.text
    assert "Sticker" in page.text
    assert "$26.99" in page.text
    assert "Qty 2, $12.50 each" in page.text
    assert 'href="https://shop.example/basket"' in page.text
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_every_field_has_a_label(create, visit, path):
    form = Form(visit(path(create())).text)

    assert form.fields.keys() == form.labelled
    card = {"number", "expiry", "cvc", "name"}
    assert form.fields.keys() == card | {"email", "method", "account_number", "holder"}
    assert form.fields["method"] == "card"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(500, "jpy", "¥500"), (5120, "kwd", "5.120 KWD"), (123456, "eur", "€1,234.56")],
)
def test_the_total_is_written_as_its_currency_is(
    create, visit, path, line, amount, currency, shown
):
    session = create(line_items=[line(amount, 1, currency)])

    assert shown in visit(path(session)).text


def test_paying_returns_the_customer_to_the_shop(client, create, submit, path):
    session = create()

    response = submit(path(session), email="ada@example.com", name="Ada", **CARD)

    assert response.status_code == 303
    location = f"https://shop.example/thanks?id={session.id}"
    assert response.headers["Location"] == location
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"
    assert paid.customer_details.email == "ada@example.com"
    (completed,) = client.v1.events.list({"type": "checkout.session.completed"}).data
    assert completed.request.id is None


def test_a_known_email_is_filled_in_and_stays(client, create, submit, visit, path):
    session = create(customer_email="ada@example.com")

    assert Form(visit(path(session)).text).fields["email"] == "ada@example.com"
    submit(path(session), email="eve@example.com", **CARD)

    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.customer_details.email == "ada@example.com"


def test_a_declined_card_says_so_and_can_be_replaced(client, create, submit, path):
    session = create()
    declined = CARD | {"number": "4000 0000 0000 0002"}

    first = submit(path(session), email="ada@example.com", **declined)
    between = client.v1.checkout.sessions.retrieve(session.id)
    second = submit(path(session), email="ada@example.com", **CARD)

    assert first.status_code == 402
    assert "Your card was declined." in first.text
    assert 'role="alert"' in first.text
    assert Form(first.text).fields["email"] == "ada@example.com"
    assert Form(first.text).fields["cvc"] == ""
    assert between.status == "open"
    assert second.status_code == 303


@pytest.mark.parametrize(
    ("filled", "message"),
    [
        ({"email": ""}, "Your email is incomplete."),
        ({"number": "4242"}, "Your card number is incorrect."),
        ({"expiry": "12"}, "expiration date is incomplete."),
        ({"expiry": "12/20"}, "expiration year is invalid."),
        ({"cvc": "x"}, "security code is invalid."),
    ],
)
def test_a_wrong_field_is_named(create, submit, path, filled, message):
    response = submit(path(create()), **({"email": "a@b.example"} | CARD | filled))

    assert response.status_code in (400, 402)
    assert message in response.text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("filled", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"number": "4242"}, "number"),
        ({"expiry": "12/20"}, "expiry"),
        ({"cvc": "x"}, "cvc"),
        ({"number": "4000 0000 0000 0002"}, "number"),
        ({"number": "4000 0000 0000 0069"}, "expiry"),
        ({"number": "4000 0000 0000 0127"}, "cvc"),
        ({"method": "us_bank_account"}, "holder"),
        ({"method": "us_bank_account", "holder": "Ada"}, "account_number"),
    ],
)
def test_the_wrong_field_has_the_focus(create, submit, path, filled, field):
    response = submit(path(create()), **({"email": "a@b.example"} | CARD | filled))

    assert Form(response.text).focused == (field, "problem")
    assert response.text.count("autofocus") == response.text.count("aria-invalid=") == 1


def test_the_page_shows_when_it_expires(create, visit, path):
    session = create(expires_at=int(time.time()) + 3600)

    expires = datetime.fromtimestamp(session.expires_at, UTC)

    assert f'datetime="{expires.isoformat()}"' in visit(path(session)).text


def test_the_page_carries_the_shops_name(create, visit, path):
    session = create(branding_settings={"display_name": "Mugs & more"})

    assert "Pay Mugs &amp; more" in visit(path(session)).text


@pytest.mark.parametrize(
    ("currency", "filled"),
    [
        ("usd", {"method": "us_bank_account", "account_number": "000123456789"}),
        ("eur", {"method": "sepa_debit", "iban": "AT32 1904 3002 3547 3204"}),
    ],
)
def test_a_bank_debit_sends_the_customer_back_before_it_is_paid(
    client, create, submit, path, line, control, currency, filled
):
    session = create(line_items=[line(currency=currency)])

    response = submit(path(session), email="a@b.example", holder="Ada", **filled)
    waiting = client.v1.checkout.sessions.retrieve(session.id)
    control("POST", f"payment_intents/{waiting.payment_intent}/settle")

    assert response.status_code == 303
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.customer_details.name == "Ada"
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("4000 0025 0000 3155", 303),
        ("4000 0027 6000 3184", 303),
        ("4000 0000 0000 3220", 303),
        ("4000 0082 6000 3178", 402),
    ],
)
def test_the_result_after_an_authentication(create, submit, path, number, status):
    """The last card passes the authentication, and has insufficient funds."""
    page = path(create())
    asked = submit(page, email="a@b.example", **(CARD | {"number": number}))

    answered = submit(asked.headers["Location"], outcome="complete")

    assert answered.status_code == status
    assert ("insufficient funds" in answered.text) == (status == 402)


def test_a_complete_session_is_not_shown_to_be_paid_again(
    client, create, submit, visit, path, url
):
    session = create()
    page = path(session)
    submit(page, email="ada@example.com", **CARD)

    again = visit(page)
    sent_again = requests.post(url + page, data=CARD, timeout=10)

    assert "already been processed" in again.text
    assert f"https://shop.example/thanks?id={session.id}" in again.text
    assert "<form" not in sent_again.text
    assert len(client.v1.payment_intents.list().data) == 1


def test_an_expired_session_says_so(client, create, visit, path):
    session = create()
    page = path(session)
    client.v1.checkout.sessions.expire(session.id)

    response = visit(page)

    assert "has expired" in response.text
    assert "<form" not in response.text
    assert "https://shop.example/basket" in response.text


def test_an_unknown_session_has_no_page(visit):
    assert visit("/c/pay/cs_test_nobody").status_code == 404
    assert visit("/c/embedded/cs_test_nobody_secret_x").status_code == 404


def test_the_customer_is_held_until_the_shop_has_answered(
    endpoint, sandbox, create, submit, path
):
    """The endpoint refuses three earlier events, and then the session's event once."""
    endpoint.answers = [500] * 4

    response = submit(path(create()), email="ada@example.com", **CARD)

    assert response.status_code == 303
    (completed,) = (
        e
        for e in sandbox.store.all("event")
        if e["type"] == "checkout.session.completed"
    )
    assert completed["pending_webhooks"] == 0


def test_the_customer_is_held_for_a_limited_time(
    sandbox, endpoint, create, submit, path
):
    sandbox.redirect_hold_seconds = 0.05
    endpoint.answers = [500] * 100

    response = submit(path(create()), email="ada@example.com", **CARD)

    assert response.status_code == 303


def test_a_bank_may_ask_the_customer_to_authenticate(client, create, submit, path):
    session = create()
    card = CARD | {"number": "4000 0027 6000 3184"}

    asked = submit(path(session), email="ada@example.com", **card)
    challenge = asked.headers["Location"]
    answered = submit(challenge, outcome="complete")

    assert challenge == f"{path(session)}/authenticate"
    assert answered.headers["Location"].startswith("https://shop.example/thanks")
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"


def test_a_customer_may_try_again_after_a_failed_authentication(create, submit, path):
    session = create()
    card = CARD | {"number": "4000 0027 6000 3184"}
    submit(path(session), email="ada@example.com", **card)

    failed = submit(f"{path(session)}/authenticate", outcome="fail")
    again = submit(path(session), email="ada@example.com", **CARD)

    assert failed.status_code == 402
    assert "unable to authenticate" in failed.text
    assert again.status_code == 303


def test_there_is_no_challenge_without_a_payment(create, url, path):
    page = path(create())

    response = requests.get(
        f"{url}{page}/authenticate", allow_redirects=False, timeout=10
    )

    assert response.headers["Location"] == page


def test_a_total_of_zero_needs_no_card(client, create, visit, submit, path, line):
    session = create(line_items=[line(amount=0)])
    page = path(session)

    assert Form(visit(page).text).fields.keys() == {"email"}
    response = submit(page, email="ada@example.com")

    assert response.status_code == 303
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert done.customer_details.email == "ada@example.com"
    assert done.payment_intent is None


def test_an_embedded_page_may_be_framed_and_pays(client, make_embedded, submit, visit):
    session = make_embedded()
    page = f"/c/embedded/{session.client_secret}"

    shown = visit(page)
    paid = submit(page, email="ada@example.com", **CARD)

    assert shown.headers["Content-Security-Policy"] == "frame-ancestors *"
    assert paid.status_code == 200
    assert "stripe-sandbox.complete" in paid.text
    assert f"https://shop.example/back?id={session.id}" in paid.text
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert done.payment_status == "paid"
    assert done.client_secret is None


@pytest.mark.parametrize("when", ["if_required", "never"])
def test_an_embedded_page_redirects_only_when_it_should(make_embedded, submit, when):
    changes = {"redirect_on_completion": when}
    if when == "never":
        changes["return_url"] = None
    session = make_embedded(**changes)

    paid = submit(
        f"/c/embedded/{session.client_secret}", email="ada@example.com", **CARD
    )

    assert '"redirect": null' in paid.text


def test_an_embedded_session_shows_itself_only_to_its_secret(make_embedded, visit):
    session = make_embedded()

    assert visit(f"/c/pay/{session.id}").status_code == 404
    assert visit(f"/c/embedded/{session.id}_secret_guess").status_code == 404


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("stripe.js", "text/javascript", "createEmbeddedCheckoutPage"),
        ("pay.js", "text/javascript", "Processing"),
        ("panel.js", "text/javascript", "data-live"),
        ("icon.svg", "image/svg+xml", "<svg"),
    ],
)
def test_a_file_is_served(visit, name, kind, word):
    file = visit(f"/{name}")

    assert file.headers["Content-Type"].startswith(kind)
    assert word in file.text


def test_the_pages_of_a_payment_have_an_icon_and_their_script(
    create, visit, submit, path
):
    page = path(create())
    card = CARD | {"number": "4000 0027 6000 3184"}
    shown = visit(page).text
    challenge = submit(page, email="ada@example.com", **card).headers["Location"]

    for text in (shown, visit(challenge).text):
        assert '<link rel="icon" href="/icon.svg">' in text
        assert '<script src="/pay.js"></script>' in text


def test_the_browser_asks_again_for_a_page_to_which_it_goes_back(
    create, visit, submit, path
):
    """What a form was answered is kept: to load it again would send the form again."""
    page = path(create())

    declined = submit(page, email="ada@example.com", **CARD | {"cvc": "x"})

    assert visit(page).headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in declined.headers


def test_two_windows_pay_once(client, create, path, url):
    page = url + path(create())
    filled = {"email": "ada@example.com", **CARD}

    def send(_):
        return requests.post(page, data=filled, allow_redirects=False, timeout=15)

    with ThreadPoolExecutor(2) as pool:
        statuses = {response.status_code for response in pool.map(send, range(2))}

    assert statuses == {200, 303}
    assert len(client.v1.events.list({"type": "checkout.session.completed"}).data) == 1


def test_opening_any_page_changes_nothing(client, create, embedded, paid, sandbox, url):
    """Any site may link to these pages, so opening them must not change anything."""
    session = create()
    secret = client.v1.checkout.sessions.create(params=embedded()).client_secret
    receipt = client.v1.charges.retrieve(paid().latest_charge).receipt_url
    challenged = create()
    card = {"email": "ada@example.com", **CARD, "number": "4000002500003155"}
    requests.post(challenged.url, data=card, allow_redirects=False, timeout=10)
    before = remembered(sandbox)

    for page in (
        session.url,
        f"{urldefrag(session.url).url}/authenticate",
        challenged.url,
        f"{urldefrag(challenged.url).url}/authenticate",
        f"{url}/c/embedded/{secret}",
        receipt,
        f"{url}/",
        f"{url}/sandbox",
        *(f"{url}/sandbox/objects/{name}" for name in vars(sandbox.store)["_by_id"]),
        f"{url}/sandbox?done=clock&action=clock&advance_seconds=86400",
    ):
        assert requests.get(page, timeout=10).status_code == 200

    assert remembered(sandbox) == before


def remembered(sandbox):
    return json.dumps(
        [
            vars(sandbox.store),
            sandbox.requests,
            sandbox.webhooks.mode,
            sandbox.webhooks.attempts,
            [vars(fault) for fault in sandbox.faults.pending()],
            sandbox.default_api_version,
            sandbox.rate_limit.per_second,
        ],
        default=str,
    )

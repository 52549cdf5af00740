"""The page at /sandbox, whose buttons are pressed as a browser does."""

import html
import json
import re
from html.parser import HTMLParser

import pytest
import requests
import stripe


class Panel(HTMLParser):
    """A page's forms by the text of the button, with the fields that they send."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.unlabelled, self._fields, self._says = {}, [], None, None
        self._labels, self._select, self._value = 0, None, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self._labels += tag == "label"
        if tag == "form":
            self._fields = {}
        elif tag in ("input", "select"):
            if attributes.get("type") != "hidden" and not self._labels:
                self.unlabelled.append(attributes["name"])
            self._fields[attributes["name"]] = attributes.get("value", "")
            self._select = attributes["name"] if tag == "select" else None
        elif tag == "option" and (
            "selected" in attributes or not self._fields[self._select]
        ):
            self._fields[self._select] = attributes.get("value")
            self._value = attributes.get("value") is None
        elif tag == "button":
            self._says = ""

    def handle_data(self, data):
        if self._value:
            self._fields[self._select], self._value = data, None
        if self._says is not None:
            self._says += data

    def handle_endtag(self, tag):
        self._labels -= tag == "label"
        if tag == "button":
            self.forms[self._says], self._says = self._fields, None


@pytest.fixture
def look(url):
    """Open a page of the panel, and return its text."""

    def at(path="/sandbox"):
        response = requests.get(f"{url}{path}", timeout=10)
        assert response.status_code == 200
        return response.text

    return at


@pytest.fixture
def panel(look):
    return lambda: Panel(look())


@pytest.fixture
def press(url, panel):
    """Fill in the form of a button, press it, and return the next page."""

    def do(button, **filled):
        form = panel().forms[button]
        assert filled.keys() <= form.keys()
        return requests.post(f"{url}/sandbox/panel", data=form | filled, timeout=10)

    return do


def test_every_field_has_a_label_and_every_button_its_own_words(
    panel, paid, create, client
):
    client.v1.refunds.create({"payment_intent": paid().id})
    paid("4000000000000259")
    create()

    shown = panel()

    assert shown.unlabelled == []
    assert "" not in shown.forms
    assert {button.split()[0] for button in shown.forms} >= {"Refund", "Shop", "Fail"}


def test_the_result_has_the_focus(press):
    answer = press("Advance one day")

    assert answer.url.endswith("/sandbox?done=clock")
    assert (
        '<p class="said" role="status" tabindex="-1" autofocus>The clock was moved.'
        in answer.text
    )


def test_a_refused_action_is_explained(press, url):
    refused = press("Add the fault", status="", hang_seconds="0")
    unknown = requests.post(f"{url}/sandbox/panel", data={"action": "x"}, timeout=5)

    assert refused.status_code == unknown.status_code == 400
    assert 'role="alert"' in refused.text
    assert "a fault needs a status or hang_seconds" in refused.text


def test_an_unchanged_form_changes_nothing(press, control):
    before = control("GET", "webhooks"), control("GET", "account")

    assert press("Save the settings").status_code == 200
    assert press("Set the version").status_code == 200

    assert (control("GET", "webhooks"), control("GET", "account")) == before


def test_the_webhook_settings_change(press, control):
    press(
        "Save the settings",
        mode="hold",
        copies="2",
        delay_seconds="0.5",
        api_version="2025-06-30.basil",
    )
    after = control("GET", "webhooks")
    press("Send the held events in reverse order")

    assert after == {
        "mode": "hold",
        "copies": 2,
        "delay_seconds": 0.5,
        "api_version": "2025-06-30.basil",
        "held": 0,
    }
    assert control("GET", "webhooks")["mode"] == "deliver"


def test_faults_and_the_rate_limit_are_set_and_removed(press, client, control):
    press("Add the fault", status="429", times="2", method="GET")
    press("Limit the calls", per_second="0")

    (fault,) = control("GET", "faults")["data"]
    assert (fault["status"], fault["times"], fault["method"]) == (429, 2, "GET")
    with pytest.raises(stripe.RateLimitError):
        client.v1.events.list()

    press("Remove these faults")
    press("Remove the limit of 0 per second")
    assert client.v1.events.list().data == []


def test_a_bank_decides_on_a_button(client, create, pay, bank_debit, press):
    intents = []
    for answer in ("Bank pays", "Bank refuses"):
        session = create()
        pay(session, method=bank_debit)
        intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
        press(f"{answer} {intent}")
        intents.append(client.v1.payment_intents.retrieve(intent).status)

    assert intents == ["succeeded", "requires_payment_method"]


def test_a_payment_is_refunded_and_the_refund_fails(client, paid, press):
    intent = paid("4000000000007726")

    press(f"Refund {intent.id}")
    (pending,) = client.v1.refunds.list().data
    press(f"Arrive {pending.id}")
    press(f"Fail {pending.id}")

    failed = client.v1.refunds.retrieve(pending.id)
    assert (pending.status, pending.amount) == ("pending", 2500)
    assert failed.status == "failed"


def test_a_payment_is_disputed_and_the_shop_wins(client, paid, press):
    intent = paid()

    press(f"Early fraud warning {intent.id}")
    press(f"Dispute {intent.id}")
    (dispute,) = client.v1.disputes.list().data
    press(f"Shop wins {dispute.id}")

    assert client.v1.disputes.retrieve(dispute.id).status == "won"
    assert len(client.v1.radar.early_fraud_warnings.list().data) == 1


def test_a_bank_inquires(client, paid, press):
    press(f"Inquiry {paid().id}")

    (inquiry,) = client.v1.disputes.list().data
    assert inquiry.status == "warning_needs_response"


def test_an_open_session_leads_to_its_page_and_can_expire(client, create, press, url):
    session = create()

    page = requests.get(f"{url}/sandbox", timeout=10).text
    press(f"Expire {session.id}")

    assert f'href="/c/pay/{session.id}"' in page
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_an_event_shows_its_attempts_and_can_be_sent_again(
    endpoint, client, create, press, url, eventually, sandbox
):
    endpoint.answers = [500, 200]
    client.v1.checkout.sessions.expire(create().id)
    eventually(lambda: len(sandbox.webhooks.attempts) == 2)

    page = requests.get(f"{url}/sandbox", timeout=10).text
    (event,) = client.v1.events.list().data
    press(f"Send again {event.id}")

    assert "Delivery attempts: 500, 200." in page
    assert endpoint.wait_for("checkout.session.expired", 3)


def test_secrets_are_rolled(endpoint, client, press, sandbox):
    old = sandbox.webhook_secret
    made = client.v1.webhook_endpoints.create(
        {"url": endpoint.url, "enabled_events": ["*"]}
    )

    press("Roll the configured secret and keep the old one for a day")
    press(f"Roll its secret and keep the old one for a day {made.id}")

    (configured,) = sandbox.webhooks.configured
    registered = sandbox.webhooks.registered[made.id]
    assert configured.secrets(sandbox.now()) == [sandbox.webhook_secret, old]
    assert registered.secrets(sandbox.now())[1] == made.secret


def test_the_page_is_not_framed_and_escapes_text(client, url):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.charges.retrieve("<b>x<b>")

    page = requests.get(f"{url}/sandbox?done=<script>", timeout=10)

    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert "<b>x" not in page.text
    assert page.text.count("<script") == 1
    assert '<script src="/panel.js" defer></script>' in page.text


def links(page):
    return set(re.findall(r'href="/sandbox/objects/(\w+)"', page))


def json_of(page):
    shown = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)[1]
    return json.loads(html.unescape(re.sub(r"<[^>]+>", "", shown)))


def test_the_first_page_is_the_panel(url):
    answer = requests.get(url, timeout=10)

    assert answer.url == f"{url}/sandbox"
    assert "<h1>mocktill</h1>" in answer.text


def test_the_panel_says_what_was_bought_by_whom_and_for_how_much(create, look, line):
    lines = [line(1250, 2, name="<b>Shirt</b>"), line(199, 1, name="Sticker")]
    create(line_items=lines, customer_email="ada@example.com")

    page = look()

    assert "&lt;b&gt;Shirt&lt;/b&gt; and 1 more" in page
    assert "ada@example.com" in page
    assert "$26.99" in page


@pytest.fixture
def payment(client, create, pay, press):
    """Make a payment with everything that can belong to it; return its objects."""
    session = create()
    pay(session)
    session = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(session.payment_intent)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    press(f"Early fraud warning {intent.id}")
    press(f"Dispute {intent.id}")
    (dispute,) = client.v1.disputes.list().data
    (warning,) = client.v1.radar.early_fraud_warnings.list().data
    made = {each.id for each in (session, intent, refund, dispute, warning)}
    return made | {intent.latest_charge}


def test_the_objects_of_a_payment_link_to_each_other_and_to_its_events(
    client, payment, look
):
    assert links(look()) >= payment
    for object_id in payment:
        page = look(f"/sandbox/objects/{object_id}")
        assert links(page) >= payment - {object_id}, object_id
        assert "T-shirt" in page
        for event in client.v1.events.list().data:
            assert event.id in links(page), (object_id, event.type)


@pytest.mark.usefixtures("payment")
def test_every_event_has_its_json(client, look):
    for event in client.v1.events.list().data:
        shown = json_of(look(f"/sandbox/objects/{event.id}"))

        assert shown["type"] == event.type
        assert shown["data"]["object"]["id"] == event.data.object.id


def test_an_object_is_shown_as_the_api_shows_it(client, paid, look):
    intent = paid()

    shown = json_of(look(f"/sandbox/objects/{intent.id}"))

    as_answered = client.v1.payment_intents.retrieve(intent.id).to_dict()
    assert shown == as_answered | {"client_secret": "(hidden)"}


def test_no_page_shows_a_secret(client, embedded, endpoint, look, sandbox):
    """The address of an embedded page has the client secret; its JSON needs none."""
    client.v1.webhook_endpoints.create({"url": endpoint.url, "enabled_events": ["*"]})
    session = client.v1.checkout.sessions.create(embedded())
    client.v1.checkout.sessions.expire(
        client.v1.checkout.sessions.create(embedded()).id
    )
    secrets = [session.client_secret, sandbox.secret_key, sandbox.webhook_secret]
    secrets += [each.secret for each in sandbox.webhooks.registered.values()]

    pages = [
        look(f"/sandbox/objects/{object_id}")
        for object_id in [*vars(sandbox.store)["_by_id"]]
    ]

    assert len(pages) > 3
    assert all(type(secret) is str for secret in secrets)
    assert [secret for secret in secrets if any(secret in page for page in pages)] == []
    assert sandbox.secret_key not in look()


def test_what_does_not_exist_has_no_page(url):
    answer = requests.get(f"{url}/sandbox/objects/pi_nobody", timeout=10)

    assert answer.status_code == 404
    assert "We could not find" in answer.text


def test_the_versions_are_behind_a_more(look):
    page = look()

    before, *more = page.split("<details")
    outside = before + "".join(part.partition("</details>")[2] for part in more)
    assert "2025-06-30.basil" in page
    assert "2025-06-30.basil" not in outside

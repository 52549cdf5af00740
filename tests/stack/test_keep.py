"""`make run KEEP=1`: the shop goes on after a restart as if there had been none."""

import json
import socket
import stat
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
import requests

from local import event_subscriber
from local.settings import DEFAULT_PORTS
from tests.stack.conftest import ROOT, started
from tests.stack.http_shop import HttpShop, buy, eventually

BUYER = "keeper"


def free_ports():
    """Choose ports that the stack has at each of its starts."""
    with ExitStack() as probes:
        opened = {
            variable: probes.enter_context(socket.create_server(("127.0.0.1", 0)))
            for variable in DEFAULT_PORTS
        }
        return {name: str(each.getsockname()[1]) for name, each in opened.items()}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Start the stack, each time after the one before has stopped."""
    folder = tmp_path_factory.mktemp("kept")
    ports = free_ports()
    with ExitStack() as running:

        def start(**env):
            running.close()
            env |= ports | {"CHECKOUT_LOCAL_DIR": str(folder), "KEEP": "1"}
            stack = running.enter_context(
                started(ROOT, folder / "stack.json", logs=folder, env=env)
            )
            output = (folder / "output.log").read_text()
            return SimpleNamespace(shop=HttpShop(stack), output=output, folder=folder)

        yield start


@pytest.fixture(scope="module")
def before(start):
    """What was there before the first restart: a purchase, an open session, a login."""
    shop = start().shop
    bought, session = buy(shop, BUYER)
    [purchase] = eventually(lambda: shop.purchases_of(bought))
    opened = shop.offer("order", BUYER)
    assert shop.create(opened, BUYER).status_code == 200
    return SimpleNamespace(
        bought=bought,
        session=session,
        purchase=purchase,
        opened=opened,
        token=shop.stack.token(BUYER),
        keys=(shop.stack.stripe_secret_key, shop.stack.stripe_webhook_secret),
        outputs=shop.stack.outputs,
    )


@pytest.fixture(scope="module")
def restarted(start, before):
    assert before.purchase
    return start()


def test_a_purchase_is_in_the_library_and_the_login_is_valid(restarted, before):
    answer = requests.get(
        f"{restarted.shop.stack.api_url}/api/purchases",
        headers={"Authorization": f"Bearer {before.token}"},
        timeout=60,
    )

    assert [each["id"] for each in answer.json()["data"]] == [before.purchase["id"]]
    assert restarted.shop.offer_status(before.bought) == "PAID"


def test_nothing_was_deployed_again_and_the_keys_are_the_same(restarted, before):
    stack = restarted.shop.stack

    assert "Restoring the last deployment" in restarted.output
    assert "Putting the kept data back" in restarted.output
    assert stack.outputs == before.outputs
    assert (stack.stripe_secret_key, stack.stripe_webhook_secret) == before.keys


def test_everything_is_published_and_nothing_twice(restarted, before):
    """The subscriber's queue is kept, with what the last start has published."""
    published = event_subscriber.receive(restarted.shop.stack.aws("sqs"))
    of_the_purchase = [
        event["name"] for event in published if before.session in json.dumps(event)
    ]

    assert "payments.checkout.completed" in of_the_purchase
    assert len(of_the_purchase) == len(set(of_the_purchase))


def test_an_open_session_can_be_paid(restarted, before):
    shop = restarted.shop
    [session] = shop.sessions_of(before.opened)

    shop.stripe.pay(session["stripe_session_id"])

    assert eventually(lambda: shop.purchases_of(before.opened))
    assert eventually(lambda: shop.offer_status(before.opened) == "PAID")


def test_the_purchase_can_be_refunded(restarted, before):
    shop = restarted.shop
    path = f"/api/purchases/{before.purchase['id']}/refund"

    answer = shop.call(
        "POST", path, "operator", json={"reason": "requested_by_customer"}
    )

    assert answer.status_code in (200, 201), answer.text
    assert eventually(
        lambda: shop.purchase(before.purchase["id"])["status"] == "refunded"
    )


def test_what_is_secret_is_for_its_owner_only(restarted):
    kept = restarted.folder / "kept"

    for name in ("identity.pem", "mocktill.json", "stripe-keys.json"):
        assert stat.S_IMODE((kept / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_a_changed_parameter_deploys_anew_and_the_data_stay(start, before, restarted):
    sold = {each["id"] for each in restarted.shop.aws.items("PurchasesTable")}

    changed = start(ALLOWED_ORIGINS="https://shop.example")

    assert "Deploying the template" in changed.output
    assert changed.shop.stack.outputs != before.outputs
    found = {each["id"] for each in changed.shop.aws.items("PurchasesTable")}
    assert sold <= found
    offer, _ = buy(changed.shop, BUYER)
    assert eventually(lambda: changed.shop.purchases_of(offer))

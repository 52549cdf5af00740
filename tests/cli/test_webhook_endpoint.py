"""Stripe's webhook endpoint: made once, compared, replaced; its secret never shown."""

import re
from typing import Any

import pytest
import stripe

from checkout.clients import credentials
from checkout.domain.stripe_events import FROM_STRIPE
from tests.aws_calls import REFUSAL, failing
from tests.cli.conftest import API_URL, WEBHOOK_URL, Operator
from tests.shop import Shop
from tests.stripe_side import WEBHOOK_SECRET, sign

NAME = "stripe/webhook-secret"
CHECK = ("webhook-endpoint", "check")
CREATE = ("webhook-endpoint", "create")
PRUNE = ("webhook-endpoint", "prune")


def endpoints(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.stripe.get("/v1/webhook_endpoints")["data"]
    return found


def kept(shop: Shop) -> list[str]:
    text: str = shop.aws.secrets.get_secret_value(SecretId=NAME)["SecretString"]
    return text.split(" ")


def make(shop: Shop, **changes: Any) -> str:
    """Make an endpoint of the stack's address by hand; return its id."""
    form = {
        "url": WEBHOOK_URL,
        "api_version": stripe.api_version,
        "enabled_events[]": sorted(FROM_STRIPE),
    }
    return str(shop.stripe.post("/v1/webhook_endpoints", **form | changes)["id"])


def test_the_endpoint_sends_what_we_act_on_in_the_version_that_we_speak(
    shop: Shop, operator: Operator
) -> None:
    told = operator.json(*CREATE, "--yes")["webhook_endpoint"]

    [endpoint] = endpoints(shop)
    assert endpoint["url"] == WEBHOOK_URL
    assert endpoint["api_version"] == stripe.api_version
    assert set(endpoint["enabled_events"]) == FROM_STRIPE
    assert told == {
        "id": endpoint["id"],
        "url": WEBHOOK_URL,
        "status": "enabled",
        "api_version": stripe.api_version,
        "enabled_events": sorted(FROM_STRIPE),
        "secret_kept_in": NAME,
    }


def test_what_the_new_endpoint_signs_is_taken_and_so_is_what_the_old_one_signs(
    shop: Shop, operator: Operator
) -> None:
    operator(*CREATE, "--yes")

    first, second = kept(shop)
    assert first == WEBHOOK_SECRET
    assert second.startswith("whsec_")
    credentials.forget()
    for secret in (first, second):
        body = b'{"id": "evt_1", "type": "of_no_interest", "livemode": false}'
        assert shop.webhook(body, sign(body, secret)).status == 200


def test_where_no_secret_is_yet_one_is_made(shop: Shop, operator: Operator) -> None:
    shop.aws.secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)

    operator(*CREATE, "--yes")

    [secret] = kept(shop)
    assert re.fullmatch(r"whsec_\w{32}", secret)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_secret_is_shown(
    shop: Shop, operator: Operator, options: tuple[str, ...]
) -> None:
    shown = [operator(*CREATE, "--yes", *options).output]
    shown += [operator(*CREATE, *options).output]
    shown += [operator(*CREATE, "--replace", "--yes", *options).output]
    secrets = kept(shop)
    shown += [operator(*PRUNE, "--yes", *options).output]

    assert len(secrets) == 3
    assert all(secret not in output for secret in secrets for output in shown)


def test_it_asks_first(shop: Shop, operator: Operator) -> None:
    result = operator(*CREATE, answer="n\n")

    assert result.exit_code == 1
    assert (
        f"Create an endpoint for 15 types of events at {WEBHOOK_URL}" in result.stderr
    )
    assert endpoints(shop) == []
    assert kept(shop) == [WEBHOOK_SECRET]


def test_a_second_time_changes_nothing(shop: Shop, operator: Operator) -> None:
    first = operator.json(*CREATE, "--yes")
    secrets = kept(shop)

    assert operator.json(*CREATE) == first

    assert len(endpoints(shop)) == 1
    assert kept(shop) == secrets


def test_an_endpoint_of_another_address_is_none_of_ours(
    shop: Shop, operator: Operator
) -> None:
    make(shop, url="https://elsewhere.example.test/")

    operator(*CREATE, "--yes")

    assert len(endpoints(shop)) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"api_version": "2024-06-20"},
            f"its API version is 2024-06-20, not {stripe.api_version}",
        ),
        (
            {"enabled_events[]": sorted(FROM_STRIPE - {"refund.failed"})},
            "it does not send refund.failed",
        ),
        (
            {"enabled_events[]": [*sorted(FROM_STRIPE), "charge.updated"]},
            "it sends unhandled types: charge.updated",
        ),
        ({"enabled_events[]": ["*"]}, "it sends unhandled types: *"),
    ],
)
def test_what_differs_is_said_and_nothing_is_changed(
    shop: Shop, operator: Operator, changes: dict[str, Any], said: str
) -> None:
    made = make(shop, **changes)

    result = operator(*CREATE, "--yes")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"{made} exists, but {said}. ")
    assert len(endpoints(shop)) == 1
    assert kept(shop) == [WEBHOOK_SECRET]


def test_a_disabled_endpoint_is_said_to_be(shop: Shop, operator: Operator) -> None:
    made = make(shop)
    shop.stripe.post(f"/v1/webhook_endpoints/{made}", disabled="true")

    assert "it is disabled" in operator(*CREATE).stderr


def test_an_endpoint_whose_secret_nobody_kept_is_said_to_be_useless(
    shop: Shop, operator: Operator
) -> None:
    make(shop)
    shop.aws.secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)

    result = operator(*CREATE)

    assert result.exit_code == 1
    assert f"{NAME} has no secret" in result.stderr


def test_a_replaced_endpoint_stays_until_it_is_pruned(
    shop: Shop, operator: Operator
) -> None:
    old = operator.json(*CREATE, "--yes")["webhook_endpoint"]["id"]

    new = operator.json(*CREATE, "--replace", "--yes")["webhook_endpoint"]["id"]

    assert {endpoint["id"] for endpoint in endpoints(shop)} == {old, new}
    *_, newest = secrets = kept(shop)
    assert len(secrets) == 3

    assert operator.json(*PRUNE, "--yes") == {"deleted": [old]}

    assert [endpoint["id"] for endpoint in endpoints(shop)] == [new]
    assert kept(shop) == [newest]


def test_pruning_asks_first(shop: Shop, operator: Operator) -> None:
    made = operator.json(*CREATE, "--yes")["webhook_endpoint"]["id"]
    secrets = kept(shop)

    result = operator(*PRUNE, answer="n\n")

    assert result.exit_code == 1
    assert f"except the last, that of {made}?" in result.stderr
    assert kept(shop) == secrets


def test_nothing_is_pruned_beside_an_endpoint_that_is_not_as_it_should_be(
    shop: Shop, operator: Operator
) -> None:
    operator(*CREATE, "--yes")
    secrets = kept(shop)
    make(shop, api_version="2024-06-20")

    result = operator(*PRUNE, "--yes")

    assert result.exit_code == 1
    assert "its API version is 2024-06-20" in result.stderr
    assert len(endpoints(shop)) == 2
    assert kept(shop) == secrets


def test_without_an_endpoint_nothing_is_pruned(shop: Shop, operator: Operator) -> None:
    result = operator(*PRUNE, "--yes")

    assert result.exit_code == 1
    assert result.stderr == f"Stripe has no endpoint {WEBHOOK_URL}.\n"
    assert kept(shop) == [WEBHOOK_SECRET]


def test_an_endpoint_whose_secret_cannot_be_kept_is_not_left_behind(
    shop: Shop, operator: Operator
) -> None:
    with failing("PutSecretValue", error="AccessDeniedException"):
        result = operator(*CREATE, "--yes")

    assert (result.exit_code, result.stderr) == (1, f"{REFUSAL}\n")
    assert endpoints(shop) == []


# ------------------------------------------------------------ check


@pytest.mark.parametrize(
    "url",
    [
        WEBHOOK_URL,
        WEBHOOK_URL.rstrip("/"),
        f"{API_URL}/webhook",
        f"{API_URL}/api/webhooks/stripe",
        f"{API_URL}/payments/webhooks/stripe",
        f"{API_URL}/webhooks/stripe",
        "http://webhook.example.test/",
    ],
)
def test_an_endpoint_with_any_of_our_addresses_is_right(
    shop: Shop, operator: Operator, url: str
) -> None:
    made = make(shop, url=url)

    told = operator.json(*CHECK)

    assert told["problems"] == []
    assert told["webhook_endpoint"]["id"] == made
    assert told["webhook_endpoint"]["url"] == url


def test_an_endpoint_that_sends_everything_is_right(
    shop: Shop, operator: Operator
) -> None:
    make(shop, **{"enabled_events[]": "*"})

    assert operator(*CHECK).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"api_version": "2024-06-20"}, "its API version is 2024-06-20"),
        ({"enabled_events[]": "refund.failed"}, "it does not send charge.dispute."),
        ({"url": "https://elsewhere.example.test/"}, "Stripe has no endpoint"),
    ],
)
def test_what_is_wrong_with_the_endpoint_is_said(
    shop: Shop, operator: Operator, changes: dict[str, Any], said: str
) -> None:
    make(shop, **changes)

    result = operator(*CHECK)

    assert result.exit_code == 1
    assert said in result.stderr


def test_of_several_endpoints_the_best_is_checked(
    shop: Shop, operator: Operator
) -> None:
    right = make(shop)
    make(shop, api_version="2024-06-20")

    assert operator.json(*CHECK)["webhook_endpoint"]["id"] == right


def test_a_disabled_endpoint_is_wrong_and_so_is_one_without_a_secret(
    shop: Shop, operator: Operator
) -> None:
    made = make(shop)
    shop.stripe.post(f"/v1/webhook_endpoints/{made}", disabled="true")
    shop.aws.secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)

    result = operator(*CHECK)

    assert result.exit_code == 1
    assert "it is disabled" in result.stderr
    assert f"{NAME} has no secret" in result.stderr


def test_the_check_changes_nothing(shop: Shop, operator: Operator) -> None:
    operator(*CHECK)

    assert endpoints(shop) == []
    assert kept(shop) == [WEBHOOK_SECRET]

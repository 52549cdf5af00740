"""
Each route has the throttle that fits what it asks for.

Nothing here sends a request: the embedded AWS ignores throttles; no test has met one.
"""

import importlib
from typing import Any

import pytest

from tests.template.transformed import transformed
from tests.template_file import functions, module_of, routes, statements_of, template

# https://docs.stripe.com/rate-limits: to one endpoint, and to all of them in live mode.
STRIPE_REQUESTS_A_SECOND = 25
STRIPE_REQUESTS_A_SECOND_IN_ALL = 100
CREATES, ASKS, OTHERS = (
    {"Ref": "CreateRequestsPerSecond"},
    {"Ref": "StripeRequestsPerSecond"},
    {"Ref": "RequestsPerSecond"},
)


def may_ask_stripe(function: str) -> bool:
    """Whether a function may read Stripe's key; without it, Stripe answers nothing."""
    return "StripeSecretKeyName" in str(statements_of(function))


def is_create(route: str) -> bool:
    """Whether a route asks Stripe for a Checkout Session."""
    function = routes()[route]
    return function == "CreateSessionFunction" and not route.endswith("/cancel")


def creates() -> list[str]:
    return [route for route in routes() if is_create(route)]


def stage() -> dict[str, Any]:
    [found] = [
        resource["Properties"]
        for resource in transformed()["resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Stage"
    ]
    return found


def default(limit: dict[str, str]) -> int:
    return int(template()["Parameters"][limit["Ref"]]["Default"])


def limits(settings: dict[str, Any]) -> tuple[Any, Any]:
    """Return the rate, and the burst: how many requests may come at once."""
    return settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]


def test_every_route_that_asks_stripe_has_its_own_limit() -> None:
    asking = {route for route, name in routes().items() if may_ask_stripe(name)}
    settings = stage()["RouteSettings"]

    assert len(asking) > len(creates()) > 1
    for route in asking:
        limit = CREATES if is_create(route) else ASKS
        assert limits(settings[route]) == (limit, limit), route


def test_a_route_that_does_not_ask_stripe_is_not_held_up_by_those_that_do() -> None:
    settings = stage()["RouteSettings"]

    assert limits(stage()["DefaultRouteSettings"]) == (OTHERS, OTHERS)
    for route, name in routes().items():
        if not may_ask_stripe(name) and route in settings:
            assert limits(settings[route]) == (OTHERS, OTHERS), route


def test_the_webhook_does_not_share_a_limit_with_those_who_read() -> None:
    """If the default is one limit for the stage, events would wait for readers."""
    hooks = {r for r, name in routes().items() if name == "StripeWebhookFunction"}

    assert hooks
    assert hooks <= stage()["RouteSettings"].keys()


def test_no_limit_is_for_a_route_that_does_not_exist() -> None:
    """API Gateway would refuse the stage."""
    assert stage()["RouteSettings"].keys() <= routes().keys()


def test_all_create_routes_together_stay_below_stripes_limit() -> None:
    """Each of them begins with the same endpoint: POST /v1/checkout/sessions."""
    assert len(creates()) * default(CREATES) < STRIPE_REQUESTS_A_SECOND


def test_all_reads_of_a_session_together_stay_below_stripes_limit() -> None:
    """Each of them may read the session: GET /v1/checkout/sessions/{id}."""
    reads = [r for r, name in routes().items() if name == "SessionStatusFunction"]

    assert len(reads) * default(ASKS) < STRIPE_REQUESTS_A_SECOND


def test_all_that_asks_stripe_stays_below_its_limit_for_an_account() -> None:
    """With reconcile at its own rate beside it."""
    asking = sum(may_ask_stripe(name) for name in routes().values())
    others = (asking - len(creates())) * default(ASKS)
    reconcile = default({"Ref": "ReconcileCallsPerSecond"})

    most = len(creates()) * default(CREATES) + others + reconcile
    assert most < STRIPE_REQUESTS_A_SECOND_IN_ALL


def test_the_default_fits_a_whole_shop_and_one_route() -> None:
    """AWS does not say which of both it limits."""
    assert 100 <= default(OTHERS) <= 1000


def test_every_function_that_can_ask_stripe_is_found() -> None:
    """The permission is what decides here; the code must not know another way."""
    for name, function in functions().items():
        config = importlib.import_module(module_of(function)).__dict__
        knows = any(
            "stripe_secret_key_name" in getattr(each, "__annotations__", {})
            for each in config.values()
        )
        assert knows == may_ask_stripe(name), name


@pytest.mark.parametrize("limit", [CREATES, ASKS, OTHERS])
def test_a_limit_is_a_whole_number_above_none(limit: dict[str, str]) -> None:
    """With 0, API Gateway would refuse every request."""
    parameter = template()["Parameters"][limit["Ref"]]

    assert parameter["Type"] == "Number"
    assert parameter["MinValue"] == 1

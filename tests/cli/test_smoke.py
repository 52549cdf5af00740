"""`smoke` refuses where money is real, and knows a wrong answer when it sees one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from checkout.clients import credentials
from checkout.tables.reconcile_state import STATE
from cli import (
    smoke,
    smoke_callers,
    smoke_functions,
    smoke_payment,
    smoke_routes,
)
from cli.console import CommandError
from cli.smoke_api import Answer, Api
from cli.smoke_report import Report
from cli.stack import Stack
from tests.aws_calls import AwsCall, intercepted
from tests.cli.conftest import STACK, Operator
from tests.shop import Shop
from tests.template_file import ROOT, needs_token
from tests.template_file import routes as deployed_routes

ORIGIN = "https://shop.example.test"
DOCUMENT = json.loads((ROOT / "functions/openapi/openapi.json").read_text())
UNAUTHORIZED = Answer(401, {}, {"message": "Unauthorized"})
NO_ROUTE = Answer(404, {}, {"message": "Not Found"})
NOT_FOUND = Answer(404, {}, {"error": "There is no such thing.", "code": "not_found"})
TOKEN = "e30.e30.AbA"

type Answers = Callable[[str, str, str | None], Answer]


class FakeApi(Api):
    """An API whose routes answer as the case says; it notes what was asked."""

    def __init__(self, answers: Answers, origins: tuple[str, ...] = (ORIGIN,)) -> None:
        super().__init__("https://api.example.test")
        self.answers = answers
        self.origins = origins
        self.asked: list[tuple[str, str, str | None]] = []

    def _request(
        self, method: str, url: str, data: str | None, headers: dict[str, str]
    ) -> Answer:
        path = url.removeprefix(self.url)
        if path == "/openapi.json":
            return Answer(200, {}, DOCUMENT)
        if method == "OPTIONS":
            return self.preflight(headers["origin"])
        token = headers.get("authorization", "").removeprefix("Bearer ") or None
        self.asked.append((method, path, token))
        assert data in {None, smoke_routes.NOT_JSON, "{}"}
        return self.answers(method, path, token)

    def preflight(self, origin: str) -> Answer:
        if not {origin, "*"} & {*self.origins}:
            return Answer(204, {}, None)
        allowed = {"access-control-allow-origin": origin}
        named = {"access-control-allow-headers": "Authorization,Content-Type"}
        return Answer(204, allowed | named, None)


def well(method: str, path: str, token: str | None) -> Answer:
    """Answer as a stack that works: everything is refused, for the right reason."""
    open_paths = ("/api/checkout/embedded", "/api/checkout/quote", "/api/webhooks")
    if path.startswith(open_paths) or path.endswith(("/stripe", "/webhook")):
        return Answer(400, {}, {"error": "No."})
    if "-status?" in path or (
        method == "GET" and path.startswith("/api/offers/auction/")
    ):
        return NOT_FOUND
    if token != TOKEN:
        return UNAUTHORIZED
    return Answer(403, {}, {"error": "Not yours."})


def but(path: str, answer: Answer) -> Answers:
    """Answer well, except on the paths that begin so."""

    def answers(method: str, asked: str, token: str | None) -> Answer:
        return answer if asked.startswith(path) else well(method, asked, token)

    return answers


# ------------------------------------------------------------ live mode


def test_a_stack_in_live_mode_is_left_alone(shop: Shop, operator: Operator) -> None:
    shop.values["StripeMode"] = "live"

    result = operator("smoke")

    assert result.exit_code == 1
    assert result.stderr == f"{STACK} is in live mode. Nothing was tried.\n"
    assert result.stdout == ""


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_a_live_key_is_not_used_nor_shown(
    shop: Shop, operator: Operator, key: str
) -> None:
    name = shop.values["StripeSecretKeyName"]
    shop.aws.secrets.put_secret_value(SecretId=name, SecretString=key)
    credentials.forget()

    result = operator("smoke")

    assert result.exit_code == 1
    assert result.stderr == f"The key in {name} is a live key. Nothing was tried.\n"
    assert key not in result.output


# ------------------------------------------------------------ routes


def covered(asked: list[tuple[str, str, str | None]], token: bool) -> set[str]:
    """Return the routes of the template that were asked for."""
    found = set()
    for route in deployed_routes():
        method, _, path = route.partition(" ")
        parts = path.split("/")
        for asked_method, asked_path, _ in asked:
            given = asked_path.partition("?")[0].split("/")
            pairs = zip(parts, given, strict=False)
            same = all(p == g or p.startswith("{") for p, g in pairs)
            if asked_method == method and len(given) == len(parts) and same:
                found.add(route)
    return {route for route in found if needs_token(route) == token}


def test_every_route_of_the_template_is_tried() -> None:
    without, with_token = FakeApi(well), FakeApi(well)

    smoke_routes.open_routes(without)
    smoke_routes.with_token(with_token, TOKEN)

    expected = set(deployed_routes()) - {"GET /openapi.json"}
    opened = covered(without.asked, token=False)
    assert opened | covered(with_token.asked, token=True) == expected
    assert {token for _, _, token in without.asked} == {None}
    assert {token for _, _, token in with_token.asked} == {TOKEN}


@pytest.mark.parametrize(
    ("check", "path", "answer"),
    [
        ("open", "/webhook", Answer(502, {}, {"message": "Internal Server Error"})),
        ("open", "/api/checkout/quote", NO_ROUTE),
        ("open", "/api/checkout/quote", UNAUTHORIZED),
        ("token", "/api/purchases", UNAUTHORIZED),
        ("token", "/orders/", NO_ROUTE),
        ("token", "/api/rows/", Answer(500, {}, None)),
        ("token", "/api/access/", Answer(418, {}, None)),
    ],
)
def test_a_route_that_answers_otherwise_is_named(
    check: str, path: str, answer: Answer
) -> None:
    api = FakeApi(but(path, answer))
    checks = {
        "open": lambda: smoke_routes.open_routes(api),
        "token": lambda: smoke_routes.with_token(api, TOKEN),
    }

    with pytest.raises(CommandError, match=path) as failed:
        checks[check]()

    assert f"answered {answer.status}" in str(failed.value)


def test_why_the_gateway_dislikes_a_token_is_said() -> None:
    why = 'Bearer error="invalid_token" error_description="invalid issuer"'
    refusal = Answer(401, {"www-authenticate": why}, {"message": "Unauthorized"})

    with pytest.raises(CommandError, match="invalid issuer"):
        smoke_routes.with_token(FakeApi(but("/api/purchases", refusal)), TOKEN)


@pytest.mark.parametrize("status", [200, 403, 404])
@pytest.mark.parametrize("stranger", ["nobody", "forged"])
def test_a_route_that_lets_a_stranger_in_is_named(stranger: str, status: int) -> None:
    """A function that answers at all has been reached, also if it says no."""

    def answers(method: str, path: str, token: str | None) -> Answer:
        is_stranger = token is None if stranger == "nobody" else token is not None
        if path == "/api/purchases" and is_stranger:
            return Answer(status, {}, {})
        return well(method, path, token)

    with pytest.raises(CommandError, match=f"GET /api/purchases answered {status}"):
        smoke_routes.refuse_strangers(FakeApi(answers), TOKEN)


def test_a_stack_that_refuses_strangers_passes() -> None:
    api = FakeApi(well)

    smoke_routes.refuse_strangers(api, TOKEN)

    assert {token for _, _, token in api.asked} == {None, "e30.e30.BAB"}


@pytest.mark.parametrize(
    ("origins", "said"),
    [
        ((), f"from {ORIGIN} is refused"),
        ((ORIGIN, "*"), "https://smoke.example.com is allowed"),
    ],
)
def test_cors_that_is_too_narrow_or_too_wide_is_found(
    origins: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        smoke_routes.cors(FakeApi(well, origins), ORIGIN)


def test_cors_for_the_frontend_alone_passes() -> None:
    assert ORIGIN in smoke_routes.cors(FakeApi(well), ORIGIN)


# ------------------------------------------------------------ behind refusals

BUYER = "e30.eyJzdWIiOiJ1c2VyfDEifQ.AbA"  # user|1
FORBIDDEN = Answer(403, {}, {"error": "No."})
BROKEN = Answer(502, {}, {"message": "Internal Server Error"})


def test_the_revenue_that_is_asked_for_is_the_callers_own() -> None:
    api = FakeApi(lambda *_: Answer(200, {}, {}))
    smoke_functions.revenue(api, smoke_callers.Callers(BUYER, "writer"))
    assert api.asked == [("GET", "/api/creators/user%7C1/revenue", BUYER)]


@pytest.mark.parametrize("answer", [FORBIDDEN, BROKEN, NOT_FOUND])
def test_a_dead_function_of_creators_is_found(answer: Answer) -> None:
    callers = smoke_callers.Callers(BUYER, "writer")
    with pytest.raises(CommandError, match=f"revenue answered {answer.status}"):
        smoke_functions.revenue(FakeApi(lambda *_: answer), callers)


def test_an_operator_finds_no_purchase_to_refund() -> None:
    api = FakeApi(lambda *_: NOT_FOUND)
    smoke_functions.refund(api, "operator")
    path = "/api/purchases/pur_smoke/refund"
    assert api.asked == [("POST", path, "operator")]


@pytest.mark.parametrize("answer", [FORBIDDEN, BROKEN, NO_ROUTE])
def test_a_dead_function_of_refunds_is_found(answer: Answer) -> None:
    with pytest.raises(CommandError, match=f"refund answered {answer.status}"):
        smoke_functions.refund(FakeApi(lambda *_: answer), "operator")


@pytest.mark.usefixtures("operator")
@pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
def test_reconcile_has_to_have_run_lately(shop: Shop, clock: Traveller) -> None:
    stack = Stack(STACK)
    shop.aws.delete("PaymentSessionsTable", {"id": STATE})
    with pytest.raises(CommandError, match="has not run yet"):
        smoke_functions.reconcile(stack)

    shop.reconcile()
    clock.shift(timedelta(minutes=10))
    assert smoke_functions.reconcile(stack).startswith("events are read until 2031-05")

    clock.shift(timedelta(minutes=10))
    with pytest.raises(CommandError, match=r"no event of Stripe's since 2031-05-06T07"):
        smoke_functions.reconcile(stack)


# ------------------------------------------------------------ alarms and dashboards


class CloudWatch:
    """What CloudFormation says is in the stack, and what CloudWatch has of it."""

    def __init__(self, in_stack: dict[str, list[str]], states: dict[str, str]) -> None:
        self.in_stack = in_stack
        self.states = states

    def answer(self, call: AwsCall) -> Any:
        match call.operation:
            case "ListStackResources":
                summaries = [
                    {
                        "ResourceType": f"AWS::CloudWatch::{kind}",
                        "PhysicalResourceId": n,
                    }
                    for kind, names in self.in_stack.items()
                    for n in names
                ]
                return {"StackResourceSummaries": summaries}
            case "DescribeAlarms":
                names = call.parameters["AlarmNames"]
                assert len(names) <= 100
                found = [
                    {"AlarmName": name, "StateValue": self.states[name]}
                    for name in names
                    if name in self.states
                ]
                return {"MetricAlarms": found[1:], "CompositeAlarms": found[:1]}
            case "GetDashboard":
                return {"DashboardName": call.parameters["DashboardName"]}
        return call.answer()


def test_alarms_are_found_also_beyond_a_hundred_and_what_rings_is_told() -> None:
    names = [f"alarm-{number}" for number in range(250)]
    states = dict.fromkeys(names, "OK") | {"alarm-7": "ALARM"}
    stack = {"Alarm": names[:200], "CompositeAlarm": names[200:]}

    with intercepted(CloudWatch(stack, states).answer):
        assert smoke.alarms(Stack(STACK)) == "250 alarms, ringing: alarm-7"


def test_an_alarm_that_somebody_has_deleted_is_named() -> None:
    cloudwatch = CloudWatch({"Alarm": ["kept", "gone"]}, {"kept": "OK"})
    with intercepted(cloudwatch.answer), pytest.raises(CommandError, match="gone"):
        smoke.alarms(Stack(STACK))


def test_a_stack_without_alarms_is_no_stack_of_ours() -> None:
    with (
        intercepted(CloudWatch({}, {}).answer),
        pytest.raises(CommandError, match="the stack has none"),
    ):
        smoke.alarms(Stack(STACK))


@pytest.mark.parametrize(
    ("names", "told"), [([], "the stack has none"), (["board"], "board")]
)
def test_dashboards_are_looked_up_where_the_template_has_some(
    names: list[str], told: str
) -> None:
    with intercepted(CloudWatch({"Dashboard": names}, {}).answer):
        assert smoke.dashboards(Stack(STACK)) == told


# ------------------------------------------------------------ the payment


def payment_of_a_written_order(
    shop: Shop, api: FakeApi
) -> tuple[smoke_payment.Payment, str]:
    """Return smoke's payment once its order is for sale, and the order's key."""
    callers = smoke_callers.Callers(TOKEN, "writer")
    payment = smoke_payment.Payment(Stack(STACK), api, callers, 1)
    payment.was_written = True
    key = f"order#{payment.order_id}"
    shop.aws.put("OffersTable", {"id": key})
    return payment, key


@pytest.mark.usefixtures("operator")
def test_an_order_is_withdrawn_and_deleted_also_if_its_checkout_got_lost(
    shop: Shop,
) -> None:
    """A Checkout Session that began without an answer must not stay payable."""
    api = FakeApi(lambda *_: Answer(200, {}, {"status": "CANCELLED"}))
    payment, key = payment_of_a_written_order(shop, api)
    kept = {"id": "live#order#1"}
    shop.aws.put("PaymentSessionsTable", {"id": f"live#{key}"}, kept)

    payment.remove()

    left = [item["id"] for item in shop.aws.items("PaymentSessionsTable")]
    assert left == [STATE, kept["id"]]

    path = f"/api/offers/order/{payment.order_id}/withdraw"
    assert api.asked == [("POST", path, "writer")]
    assert key not in [item["id"] for item in shop.aws.items("OffersTable")]


@pytest.mark.usefixtures("operator")
def test_what_cannot_be_removed_is_a_failure_and_the_rest_is_removed(
    shop: Shop,
) -> None:
    api = FakeApi(lambda *_: Answer(500, {}, {"error": "Something went wrong."}))
    payment, key = payment_of_a_written_order(shop, api)

    with pytest.raises(CommandError, match="answered 500 Something went wrong"):
        payment.remove()

    assert key not in [item["id"] for item in shop.aws.items("OffersTable")]


# ------------------------------------------------------------ tokens and the report


def test_without_a_pool_of_its_own_tokens_must_be_given(
    shop: Shop, operator: Operator
) -> None:
    shop.values["JwtIssuer"] = "https://id.example.test/"

    result = operator("smoke", "--token", "e30.e30.e30")

    assert result.exit_code == 1
    assert "set SMOKE_TOKEN to a token of a buyer, and SMOKE_WRITER_TOKEN" in (
        result.stderr
    )


class Pool:
    """A user pool of Cognito that keeps its users' names; or asks for more."""

    def __init__(self, challenge: str | None = None) -> None:
        self.challenge = challenge
        self.users: list[str] = []
        self.groups: list[tuple[str, str]] = []

    def admin_create_user(self, **given: Any) -> None:
        assert given["MessageAction"] == "SUPPRESS"
        self.users.append(given["Username"])

    def admin_set_user_password(self, **given: Any) -> None:
        password = given["Password"]
        assert len(password) <= 99
        assert not password.islower()
        assert not password.isupper()

    def admin_add_user_to_group(self, **given: Any) -> None:
        self.groups.append((given["GroupName"], given["Username"]))

    def admin_initiate_auth(self, **given: Any) -> dict[str, Any]:
        if self.challenge:
            return {"ChallengeName": self.challenge}
        name = given["AuthParameters"]["USERNAME"]
        return {"AuthenticationResult": {"AccessToken": f"token of {name}"}}

    def admin_delete_user(self, **given: Any) -> None:
        self.users.remove(given["Username"])


def test_users_of_the_pool_live_as_long_as_they_are_needed() -> None:
    pool = Pool()
    own = smoke_callers.OwnPool(pool, "pool", "client")
    with own.callers("editors", "payers") as callers:
        buyer, writer, operator = callers.users
        assert pool.users == [buyer, writer, operator]
        assert pool.groups == [("editors", writer), ("payers", operator)]
        assert callers.buyer == f"token of {buyer}"
        assert callers.writer == f"token of {writer}"
        assert callers.operator == f"token of {operator}"
    assert pool.users == []


def test_users_are_deleted_also_if_they_get_no_token() -> None:
    pool = Pool(challenge="MFA_SETUP")
    with (
        pytest.raises(CommandError, match=r"MFA_SETUP.*SMOKE_TOKEN"),
        smoke_callers.OwnPool(pool, "pool", "client").callers("editors", "payers"),
    ):
        pass
    assert pool.users == []


@pytest.mark.parametrize("token", ["", "opaque", "e30.e30.e30", "e30.W10.e30", "a.*.b"])
def test_a_token_without_a_subject_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(CommandError) as refused:
        _ = smoke_callers.Callers(token, token).buyer_id
    assert str(refused.value) == "The token in SMOKE_TOKEN is not a JWT."


def test_a_failure_ends_what_depends_on_it_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> str:
        raise CommandError("It does not work.")

    report = Report(silent=False)
    report.run_in_order([("one", lambda: "fine"), ("two", fail), ("three", fail)])
    report.run("four", lambda: "fine")

    assert report.failed == ["two"]
    assert capsys.readouterr().out.splitlines() == [
        "passed   one: fine",
        "FAILED   two: It does not work.",
        "skipped  three: the check before it failed",
        "passed   four: fine",
    ]

"""`smoke`: try every part of a deployed stack with Stripe's test key, and clean up."""

import signal
import sys
from typing import Annotated, NoReturn

import typer

from checkout.clients import aws, credentials
from checkout.clients.stripe_connection import api_version
from checkout.domain.webhook_endpoint import best_of
from cli import smoke_functions, smoke_routes
from cli.console import CommandError, Json, print_json
from cli.smoke_api import Api
from cli.smoke_callers import BUYER, WRITER, Callers, callers_of
from cli.smoke_payment import Payment
from cli.smoke_report import Report
from cli.stack import Stack, stack_of
from cli.webhook_endpoint import addresses

LIVE_KEYS = ("sk_live_", "rk_live_")
MOST_ALARMS_OF_A_REQUEST = 100
# Reconcile reads no younger event: what changes earlier, the webhook has changed.
MOST_SECONDS = 60


def smoke(
    ctx: typer.Context,
    within: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_SECONDS,
            help="Seconds in which Stripe's event must change our record.",
        ),
    ] = MOST_SECONDS,
    token: Annotated[
        str, typer.Option(envvar=BUYER, help="Token of a buyer.", show_default=False)
    ] = "",
    writer_token: Annotated[
        str,
        typer.Option(envvar=WRITER, help="Token of a writer.", show_default=False),
    ] = "",
    api_url: Annotated[
        str,
        typer.Option(
            envvar="SMOKE_API_URL",
            help="The API's address, if not the output ApiUrl: that of CloudFront.",
            show_default=False,
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """
    Try every part of a deployed stack; exit with 1 if one does not work.

    It starts a payment, never pays it, and removes what it made. It needs Stripe's test
    key, and two tokens; with the stack's own user pool, or with --local, it gets them
    itself.
    """
    stack = stack_of(ctx)
    require_test_mode(stack)
    signal.signal(signal.SIGTERM, stop)
    report = Report(silent=as_json)
    with callers_of(stack, token, writer_token) as callers:
        api = Api(api_url or stack.output("ApiUrl"))
        try_everything(stack, api, callers, report, within)
    if callers.users:
        report.passed("temporary users removed", f"{len(callers.users)} users")
    if as_json:
        print_json({"stack": stack.name} | report.as_json())
    if failed := report.failed:
        raise CommandError(
            f"{stack.name} failed {len(failed)} of {len(report.checks)} checks: "
            f"{', '.join(failed)}."
        )
    if not as_json:
        typer.echo(f"{stack.name} passed all {len(report.checks)} checks.")


def stop(number: int, _: object) -> NoReturn:
    """Leave by an exception, so that what was made is removed; only once."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(f"Stopped by {signal.Signals(number).name}.")


def require_test_mode(stack: Stack) -> None:
    """Raise CommandError before anything is made where money would be real."""
    if stack.livemode:
        raise CommandError(f"{stack.name} is in live mode. Nothing was tried.")
    name = stack.parameter("StripeSecretKeyName")
    if credentials.secret(name).startswith(LIVE_KEYS):
        raise CommandError(f"The key in {name} is a live key. Nothing was tried.")


def try_everything(
    stack: Stack, api: Api, callers: Callers, report: Report, within: int
) -> None:
    origin = stack.parameter("FrontendUrl")
    report.run("routes without a token", lambda: smoke_routes.open_routes(api))
    report.run(
        "routes refuse strangers",
        lambda: smoke_routes.refuse_strangers(api, callers.buyer),
    )
    report.run(
        "routes with a token", lambda: smoke_routes.with_token(api, callers.buyer)
    )
    report.run("revenue", lambda: smoke_functions.revenue(api, callers))
    if operator := callers.operator:
        report.run("refunds", lambda: smoke_functions.refund(api, operator))
    else:
        report.skipped("refunds", "no token of an operator can be made")
    report.run("reconcile", lambda: smoke_functions.reconcile(stack))
    report.run("CORS", lambda: smoke_routes.cors(api, origin))
    report.run(
        "webhook refuses what Stripe has not signed",
        lambda: smoke_routes.unsigned_event(stack.output("WebhookUrl")),
    )
    report.run("webhook endpoint at Stripe", lambda: endpoint_at_stripe(stack))
    report.run("alarms", lambda: alarms(stack))
    report.run("dashboards", lambda: dashboards(stack))
    payment = Payment(stack, api, callers, within)
    try:
        report.run_in_order(payment.steps())
    finally:
        report.run("everything removed", payment.remove)
        report.stays(payment.leftovers())
        report.leaves_out(smoke_functions.NOT_TRIED)


def endpoint_at_stripe(stack: Stack) -> str:
    if stack.parameter("WebhookEndpointCheck") == "off":
        return "not checked: WebhookEndpointCheck is off"
    endpoint, problems = best_of(
        stack.stripe.webhook_endpoints(), addresses(stack), api_version()
    )
    if endpoint is None or problems:
        raise CommandError("; ".join(problems))
    return str(endpoint.get("id"))


def alarms(stack: Stack) -> str:
    """Return which alarms ring; raise CommandError if one of the stack is not there."""
    expected = [
        *stack.resources("AWS::CloudWatch::Alarm"),
        *stack.resources("AWS::CloudWatch::CompositeAlarm"),
    ]
    if not expected:
        raise CommandError("the stack has none")
    cloudwatch = aws.client("cloudwatch")
    found: dict[str, str] = {}
    for start in range(0, len(expected), MOST_ALARMS_OF_A_REQUEST):
        answer = cloudwatch.describe_alarms(
            AlarmNames=expected[start : start + MOST_ALARMS_OF_A_REQUEST],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        for alarm in answer.get("MetricAlarms", []) + answer.get("CompositeAlarms", []):
            found[alarm["AlarmName"]] = alarm["StateValue"]
    if missing := sorted({*expected} - found.keys()):
        raise CommandError(f"missing: {', '.join(missing)}")
    ringing = sorted(name for name, state in found.items() if state == "ALARM")
    return f"{len(found)} alarms, ringing: {', '.join(ringing) or 'none'}"


def dashboards(stack: Stack) -> str:
    names = stack.resources("AWS::CloudWatch::Dashboard")
    for name in names:
        aws.client("cloudwatch").get_dashboard(DashboardName=name)
    return ", ".join(names) or "the stack has none"

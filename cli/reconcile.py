"""Reconcile, now and not in five minutes."""

import json
from typing import Annotated, Any

import typer
from botocore.config import Config

from checkout.clients import aws
from cli.console import CommandError, Json, print_json, waiting
from cli.stack import stack_of

# A run may take what its function's timeout allows, and must not be started twice.
# So many runs that only fail, one after the other, and the rest would too.
MOST_FAILED = 3
PATIENT = Config(read_timeout=250, retries={"total_max_attempts": 1})


def reconcile(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="One run, though more may be due.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run reconcile until nothing is due; exit with 1 if it could not do all of it."""
    function = stack_of(ctx).resource("ReconcileFunction")
    runs: list[dict[str, int]] = []
    with waiting("Asking Stripe about what is due"):
        # Each run puts off what it has looked at, so this comes to an end.
        while not runs or (runs[-1]["checked"] and not once and not is_stuck(runs)):
            runs.append(run(function))
    checked, failed = (
        sum(each[name] for each in runs) for name in ("checked", "failed")
    )
    if as_json:
        print_json({"runs": len(runs), "checked": checked, "failed": failed})
    else:
        typer.echo(f"Looked at: {checked}, in runs: {len(runs)}. Failed: {failed}.")
    if failed:
        raise CommandError(
            "What failed is put off by an hour at most, so another run does not show "
            "it. The function's log says what it was, as reconcile_item_failed; the "
            "stack's logs are in .local/logs."
        )


def is_stuck(runs: list[dict[str, int]]) -> bool:
    """Whether nothing goes well any more, perhaps not even putting things off."""
    latest = runs[-MOST_FAILED:]
    return len(latest) == MOST_FAILED and all(
        each["failed"] >= each["checked"] for each in latest
    )


def run(function: str) -> dict[str, int]:
    """Let the deployed function do it; return what it looked at, and what failed."""
    client = aws.client("lambda", PATIENT)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    result: Any = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise CommandError(f"The run failed: {result.get('errorMessage')}")
    return {name: int(result[name]) for name in ("checked", "failed")}

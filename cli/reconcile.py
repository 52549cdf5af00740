"""`reconcile`: run the reconcile function now instead of on its schedule."""

import json
from typing import Annotated, Any

import typer
from botocore.config import Config

from checkout.clients import aws
from cli.console import CommandError, Json, print_json, waiting
from cli.stack import stack_of

# After so many consecutive runs in which every item failed, stop.
MOST_FAILED = 3
# Longer than the function's timeout, and no retry: a retry would start a second run.
PATIENT = Config(read_timeout=250, retries={"total_max_attempts": 1})


def reconcile(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Stop after one run even if more is due.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run reconcile until nothing is due; exit with 1 if an item failed."""
    function = stack_of(ctx).resource("ReconcileFunction")
    runs: list[dict[str, int]] = []
    with waiting("Reconciling with Stripe"):
        # This loop ends: each run postpones the items that it checks.
        while not runs or (runs[-1]["checked"] and not once and not is_stuck(runs)):
            runs.append(run(function))
    checked, failed = (
        sum(each[name] for each in runs) for name in ("checked", "failed")
    )
    if as_json:
        print_json({"runs": len(runs), "checked": checked, "failed": failed})
    else:
        typer.echo(f"Checked: {checked}. Failed: {failed}. Runs: {len(runs)}.")
    if failed:
        raise CommandError(
            "Failed items are retried within an hour; until then, another run skips "
            "them. Find reconcile_item_failed in the function's log (of the local "
            "stack: .local/logs)."
        )


def is_stuck(runs: list[dict[str, int]]) -> bool:
    """Return whether every item of the latest runs failed."""
    latest = runs[-MOST_FAILED:]
    return len(latest) == MOST_FAILED and all(
        each["failed"] >= each["checked"] for each in latest
    )


def run(function: str) -> dict[str, int]:
    """Invoke the deployed function; return the numbers of checked and failed items."""
    client = aws.client("lambda", PATIENT)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    result: Any = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise CommandError(f"The run failed: {result.get('errorMessage')}")
    return {name: int(result[name]) for name in ("checked", "failed")}

"""`reconcile`: run the reconcile function now instead of on its schedule."""

import json
from typing import Annotated, Any

import typer
from botocore.config import Config

from checkout.clients import aws
from cli.console import CommandError, Json, print_json, waiting
from cli.stack import stack_of

RESULT = ("checked", "queued", "failed", "unfinished", "is_second")
type Result = dict[str, int]

# After so many consecutive runs in which every item failed, stop.
MOST_FAILED = 3
# Longer than the function's timeout, and no retry: a retry would start a second run.
PATIENT = Config(read_timeout=250, retries={"total_max_attempts": 1})


def reconcile(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Stop after one run even if more is due.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="For scripts; it does not ask, as on its schedule."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Run reconcile until it is up to date; exit with 1 if an item failed."""
    del yes
    function = stack_of(ctx).function("ReconcileFunction")
    runs: list[Result] = []
    with waiting("Reconciling with Stripe"):
        # This loop ends: each run reads more, until it is up to date.
        while not runs or (runs[-1]["unfinished"] and not once and not is_stuck(runs)):
            runs.append(run(function))
            if runs[-1]["is_second"]:
                raise CommandError(
                    "Another run is in progress, as on the schedule; it does the same."
                )
    total = {
        name: sum(each[name] for each in runs)
        for name in ("checked", "queued", "failed")
    }
    if as_json:
        print_json({"runs": len(runs), **total})
    else:
        typer.echo(
            f"Checked: {total['checked']}. Queued: {total['queued']}. "
            f"Failed: {total['failed']}. Runs: {len(runs)}."
        )
    if total["failed"]:
        raise CommandError(
            "Failed items are retried within half an hour; until then, another run "
            "skips them. Find reconcile_item_failed in the function's log (.local/logs "
            "of the local stack)."
        )


def is_stuck(runs: list[Result]) -> bool:
    """Return whether each of the latest runs only failed."""
    latest = runs[-MOST_FAILED:]
    return len(latest) == MOST_FAILED and all(
        each["failed"] >= each["checked"] for each in latest
    )


def run(function: str) -> Result:
    """Invoke the deployed function; return what it did."""
    client = aws.client("lambda", PATIENT)
    try:
        answer = client.invoke(FunctionName=function, Payload=b"{}")
    except aws.Refusal as refusal:
        if aws.code_of(refusal) != "TooManyRequestsException":
            raise
        raise CommandError(
            "Lambda throttled the run: another one has the only execution "
            "(ReconcileReservedConcurrency), or the account's quota is used up."
        ) from refusal
    result: Any = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise CommandError(f"The run failed: {result.get('errorMessage')}")
    return {name: int(result[name]) for name in RESULT}

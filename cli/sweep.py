"""The sweep, now and not in five minutes."""

import json
from typing import Annotated, Any

import typer
from botocore.config import Config

from checkout import aws
from cli.console import CommandError, Json, print_json, waiting
from cli.stack import stack_of

# A run may take what its function's timeout allows, and must not be started twice.
PATIENT = Config(read_timeout=250, retries={"total_max_attempts": 1})


def sweep(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="One run, though more may be due.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the sweep until nothing is due."""
    function = stack_of(ctx).resource("ReconcileFunction")
    runs: list[int] = []
    with waiting("Asking Stripe about what is due"):
        # Each run puts off what it has looked at, so this comes to an end.
        while not runs or (runs[-1] and not once):
            runs.append(run(function))
    if as_json:
        print_json({"runs": len(runs), "looked_at": sum(runs)})
    else:
        typer.echo(f"Sessions looked at: {sum(runs)}, in runs: {len(runs)}.")


def run(function: str) -> int:
    """Let the deployed function do it; return how many sessions it looked at."""
    client: Any = aws.session().create_client("lambda", config=PATIENT)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CommandError(f"The sweep failed: {result.get('errorMessage')}")
    return int(result["looked_at"])

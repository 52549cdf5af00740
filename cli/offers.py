"""`offers`: check a file of offers, and load it into the Offers table."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from checkout.clients import aws
from checkout.tables.item import to_item
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    print_json,
    print_records,
    with_progress,
)
from cli.offer_rules import Item, item_type_of, item_types, problems_of, statuses_of
from cli.stack import stack_of

app = typer.Typer(no_args_is_help=True, help="Check and load offers.")

File = Annotated[
    str, typer.Argument(metavar="FILE", help="JSON list of offers; - reads stdin.")
]


@app.command()
def validate(file: File, as_json: Json = False) -> None:
    """Check the offers in a file, without a stack."""
    offers = read(file)
    problems = [asdict(problem) for problem in problems_of(offers)]
    if as_json:
        print_json({"offers": len(offers), "problems": problems})
    elif problems:
        print_records(problems)
    else:
        typer.echo(f"{len(offers)} offers, no problems.")
    if problems:
        raise typer.Exit(1)


@app.command()
def load(
    ctx: typer.Context, file: File, yes: Yes = False, as_json: Json = False
) -> None:
    """Load the offers in a file; offers that were sold are skipped."""
    stack = stack_of(ctx)
    offers = read(file)
    if any(problems_of(offers)):
        raise CommandError(
            "The file has problems; `checkout offers validate` lists them. "
            "Nothing was loaded."
        )
    ask(f"Load {len(offers)} offers into {stack.name}?", yes=yes)
    table, types = stack.output("OffersTable"), item_types()
    results = [
        {
            "offer": offer["id"],
            **load_one(table, offer, statuses_of(types[item_type_of(offer)])),
        }
        for offer in with_progress(offers, "Loading")
    ]
    if as_json:
        print_json({"offers": results})
    elif results:
        print_records(results)


def load_one(table: str, offer: Item, statuses: Sequence[str]) -> dict[str, str | None]:
    """
    Write the offer unless it was sold.

    If a sale changes the offer's status, a stored offer is replaced only while it is
    for sale; otherwise the file could undo a sale.
    """
    dynamodb = aws.client("dynamodb")
    put: dict[str, Any] = {"TableName": table, "Item": to_item(offer)}
    if len(statuses) > 1:
        put |= {
            "ConditionExpression": "attribute_not_exists(id) OR #status = :for_sale",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": to_item({":for_sale": statuses[0]}),
        }
    try:
        dynamodb.put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        response: Any = error.response  # the stubs do not know its Item
        stored = response.get("Item", {}).get("status", {}).get("S")
        reason = f"the stored offer is {stored or 'without a status'}"
        return {"result": "skipped", "reason": reason}
    return {"result": "loaded", "reason": None}


def read(file: str) -> list[Item]:
    """Read the offers in *file*; raise CommandError if it is not a list of objects."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        offers = json.loads(text)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise CommandError(f"{file} is not JSON: see {at}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{file} is not JSON in UTF-8.") from error
    if not (isinstance(offers, list) and all(isinstance(o, dict) for o in offers)):
        raise CommandError(f"{file} is not a JSON list of offers.")
    return offers

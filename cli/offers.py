"""Offers by hand: checked before they can do harm, then loaded."""

import json
import sys
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
    print_table,
    with_progress,
)
from cli.offer_rules import ADDED_KIND, Item, problems_of, shape_of
from cli.stack import stack_of

app = typer.Typer(no_args_is_help=True, help="Offers by hand.")

File = Annotated[str, typer.Argument(metavar="FILE", help="JSON; - reads stdin.")]


@app.command()
def validate(file: File, as_json: Json = False) -> None:
    """Say what is wrong with the offers of a file; nothing is asked or written."""
    offers = read(file)
    problems = list(problems_of(offers))
    if as_json:
        told = [asdict(problem) for problem in problems]
        print_json({"offers": len(offers), "problems": told})
    elif problems:
        print_table(
            ["offer", "field", "problem"],
            [(p.offer, p.field, p.problem) for p in problems],
        )
    else:
        typer.echo(f"{len(offers)} offers, no problem.")
    if problems:
        raise typer.Exit(1)


@app.command()
def load(
    ctx: typer.Context, file: File, yes: Yes = False, as_json: Json = False
) -> None:
    """Load the offers of a file; one that was sold is left as it is."""
    stack = stack_of(ctx)
    offers = read(file)
    if any(problems_of(offers)):
        raise CommandError(
            "The file has problems: `checkout offers validate` tells which. "
            "Nothing was loaded."
        )
    ask(f"Load {len(offers)} offers into {stack.name}?", yes=yes)
    table = stack.output("OffersTable")
    results = [
        {"offer": offer["id"], **load_one(table, offer)}
        for offer in with_progress(offers, "Loading")
    ]
    if as_json:
        print_json({"offers": results})
    else:
        print_table(
            ["offer", "result", "reason"], [tuple(each.values()) for each in results]
        )


def load_one(table: str, offer: Item) -> dict[str, str | None]:
    """
    Write the offer if it is new, or was not sold.

    Where a sale changes the status, only a status that is still for sale is replaced:
    whatever else it may be by now, it is not for a file to say.
    """
    dynamodb = aws.client("dynamodb")
    put: dict[str, Any] = {"TableName": table, "Item": to_item(offer)}
    shape = shape_of(offer)
    if shape.from_us:
        put |= {
            "ConditionExpression": "attribute_not_exists(id) OR #status = :for_sale",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": to_item({":for_sale": shape.for_sale}),
        }
    elif shape is ADDED_KIND:
        put["ConditionExpression"] = "attribute_not_exists(id)"
    try:
        dynamodb.put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        response: Any = error.response  # the stubs do not know its Item
        there = response.get("Item", {}).get("status", {}).get("S")
        reason = f"it is there, and {there}" if there else "it is there"
        return {"result": "skipped", "reason": reason}
    return {"result": "loaded", "reason": None}


def read(file: str) -> list[Item]:
    """Read the offers of *file*; raises CommandError if it is no list of objects."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        offers = json.loads(text)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{file} is not JSON: {error}.") from error
    if not (isinstance(offers, list) and all(isinstance(o, dict) for o in offers)):
        raise CommandError(f"{file} is not a JSON list of offers.")
    return offers

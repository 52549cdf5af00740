"""`offers`: check a file of offers, and load it into the Offers table."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from checkout.errors import CheckoutError, InvalidRequestError
from checkout.flows.write_offer import OfferWriter
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    counted,
    print_json,
    print_records,
    with_progress,
)
from cli.offer_file import Item, fields_of, key_of, problems_of
from cli.stack import stack_of

File = Annotated[
    str, typer.Argument(metavar="FILE", help="JSON list of offers; - reads stdin.")
]

Offer = Annotated[
    str, typer.Argument(metavar="OFFER", help="Item type, # and id: order#17.")
]


def validate(file: File, as_json: Json = False) -> None:
    """Check the offers in a file, without a stack."""
    offers = read(file)
    problems = [asdict(problem) for problem in problems_of(offers)]
    if as_json:
        print_json({"offers": len(offers), "problems": problems})
    elif problems:
        print_records(problems)
    else:
        typer.echo(f"{counted(len(offers), 'offer')}, no problems.")
    if problems:
        raise typer.Exit(1)


def load(
    ctx: typer.Context, file: File, yes: Yes = False, as_json: Json = False
) -> None:
    """Load the offers in a file; offers that were sold are skipped."""
    stack = stack_of(ctx)
    offers = read(file)
    if problems := [asdict(problem) for problem in problems_of(offers)]:
        if as_json:
            print_json({"offers": [], "problems": problems})
        else:
            print_records(problems)
        raise CommandError(
            f"{file} has {counted(len(problems), 'problem')}: nothing was loaded."
        )
    ask(f"Load {counted(len(offers), 'offer')} into {stack.name}?", yes=yes)
    results = [
        {"offer": offer["id"], **load_one(stack.offer_writer, offer)}
        for offer in with_progress(offers, "Loading")
    ]
    if as_json:
        print_json({"offers": results, "problems": []})
    elif results:
        print_records(results)


def withdraw(
    ctx: typer.Context, offer: Offer, yes: Yes = False, as_json: Json = False
) -> None:
    """Take an offer back, and expire the payment pages that are open for it."""
    stack = stack_of(ctx)
    ask(f"Withdraw {offer} from {stack.name}?", yes=yes)
    item_type, item_id = key_of({"id": offer})
    try:
        withdrawn = stack.offer_writer.withdraw(item_type, item_id)
    except CheckoutError as error:
        raise CommandError(str(error)) from error
    if as_json:
        names = ("status", "expired_sessions")
        print_json({"offer": offer} | {name: withdrawn[name] for name in names})
        return
    pages = counted(withdrawn["expired_sessions"], "payment page")
    typer.echo(f"{offer} is {withdrawn['status']}; {pages} expired.")


def load_one(writer: OfferWriter, offer: Item) -> dict[str, str | None]:
    """Write the offer as the API would; skip one that was sold or is being changed."""
    item_type, item_id = key_of(offer)
    try:
        writer.put(item_type, item_id, fields_of(offer))
    except InvalidRequestError as error:
        # It names an item that is not there, or not what the offer needs.
        problems = [f"{name} {problem}" for name, problem in error.fields.items()]
        return {"result": "skipped", "reason": "; ".join(problems)}
    except CheckoutError as error:
        return {"result": "skipped", "reason": str(error)}
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

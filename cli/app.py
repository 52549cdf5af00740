"""`./checkout`: the commands, their common options, and how errors are reported."""

from typing import Annotated, Any, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from checkout.errors import CheckoutError
from checkout.stripe_errors import StripeError
from checkout.tables.readable import UnreadableItemError
from cli import (
    buyers,
    dead_letters,
    offers,
    quarantine,
    reconcile,
    refunds,
    replay,
    restore,
    show,
    smoke,
    webhook_endpoint,
)
from cli.console import CommandError, say
from cli.stack import Stack, local_stack


class Commands(TyperGroup):
    """Reports every expected error as a sentence with exit code 1, not a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's context is not public
        try:
            return super().invoke(ctx)
        except ClientError as error:
            fail(error.response["Error"].get("Message") or str(error))
        except StripeError as error:
            fail(f"Stripe: {error.__cause__ or error}")
        except UnreadableItemError as error:
            fail(f"{error}. `aws dynamodb get-item` shows the stored item.")
        except (CommandError, CheckoutError, BotoCoreError) as error:
            fail(str(error))


def fail(sentence: str) -> NoReturn:
    say(sentence)
    raise typer.Exit(1)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def choose_stack(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Option(
            "--stack", envvar="CHECKOUT_STACK", help="Name of the CloudFormation stack."
        ),
    ] = "checkout",
    local: Annotated[
        bool, typer.Option("--local", help="Use the stack that `make run` started.")
    ] = False,
) -> None:
    """
    Inspect and repair the payments of a deployed stack.

    In AWS it uses your credentials and region, as the AWS CLI does.
    """
    ctx.obj = local_stack() if local else Stack(name)


app.command()(show.show)
app.command()(refunds.refund)
app.command()(replay.replay)
app.command()(reconcile.reconcile)
app.command()(smoke.smoke)
app.command()(restore.restore)
app.command()(buyers.export_buyer)
app.command()(buyers.erase_buyer)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(dead_letters.app, name="dlq")
app.add_typer(offers.app, name="offers")
app.add_typer(webhook_endpoint.app, name="webhook-endpoint")

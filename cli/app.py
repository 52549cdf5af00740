"""`./checkout`: the commands, their common options, and how errors are reported."""

from typing import Annotated, Any

import typer

from cli.lazy_commands import Group, Lazy, LazyGroup

# No module of a command is imported until the command runs: help takes no time.
COMMANDS: dict[str, Lazy | Group] = {
    "show": Lazy(
        "cli.show:show",
        "Show everything about a payment, given any id that belongs to it.",
    ),
    "refund": Lazy("cli.refunds:refund", "Refund a purchase in full or in part."),
    "quarantine": Group(
        {
            "list": Lazy(
                "cli.quarantine:list_",
                "List the purchases in quarantine, oldest first.",
            ),
            "accept": Lazy(
                "cli.quarantine:accept",
                "Accept a purchase: the buyer gets access, and the offer counts as "
                "sold.",
            ),
            "refund": Lazy(
                "cli.quarantine:refund", "Refund a purchase in quarantine in full."
            ),
            "dismiss": Lazy(
                "cli.quarantine:dismiss",
                "Dismiss a purchase whose money was returned or resolved by other "
                "means.",
            ),
        },
        "Decide on purchases in quarantine.",
    ),
    "dlq": Group(
        {
            "list": Lazy(
                "cli.dead_letters:list_",
                "List the events that could not be applied, without their payloads.",
            ),
            "redrive": Lazy(
                "cli.dead_letters:redrive",
                "Send dead letters back to the queue; safe, applied events have no "
                "effect.",
            ),
            "delete": Lazy(
                "cli.dead_letters:delete",
                "Delete dead letters that were resolved by other means; cannot be "
                "undone.",
            ),
        },
        "Manage the dead-letter queue.",
    ),
    "replay": Lazy(
        "cli.replay:replay",
        "Put Stripe's events of a time range on the queue again; safe to repeat.",
    ),
    "reconcile": Lazy(
        "cli.reconcile:reconcile",
        "Run reconcile until it is up to date; exit with 1 if an item failed.",
    ),
    "offers": Group(
        {
            "validate": Lazy(
                "cli.offers:validate", "Check the offers in a file, without a stack."
            ),
            "load": Lazy(
                "cli.offers:load",
                "Load the offers in a file; offers that were sold are skipped.",
            ),
            "withdraw": Lazy(
                "cli.offers:withdraw",
                "Take an offer back, and expire the payment pages that are open for "
                "it.",
            ),
        },
        "Check and load offers.",
    ),
    "smoke": Lazy(
        "cli.smoke:smoke",
        "Try every part of a deployed stack; exit with 1 if one does not work.",
    ),
    "restore": Lazy(
        "cli.restore:restore",
        "Copy missing items from restored tables, and repair what follows from them.",
    ),
    "export-buyer": Lazy(
        "cli.export_buyer:export_buyer",
        "Print all that is stored about a buyer, as JSON; it has the e-mail address.",
    ),
    "erase-buyer": Lazy(
        "cli.erase_buyer:erase_buyer",
        "Erase what identifies a buyer; the accounting record stays. Cannot be undone.",
    ),
    "webhook-endpoint": Group(
        {
            "create": Lazy(
                "cli.webhook_endpoint:create",
                "Create the stack's webhook endpoint at Stripe and store its secret.",
            ),
            "check": Lazy(
                "cli.webhook_endpoint:check",
                "Say whether Stripe's endpoint is what it must be; exit with 1 if not.",
            ),
            "prune": Lazy(
                "cli.webhook_endpoint:prune",
                "Delete replaced endpoints and their secrets.",
            ),
        },
        "Manage the webhook endpoint at Stripe.",
    ),
}


class Commands(LazyGroup):
    """Reports every expected error as a sentence with exit code 1, not a traceback."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(COMMANDS, **attributes)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's context is not public
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:
            from cli.failures import reported  # noqa: PLC0415 - it imports the SDKs

            if not reported(error):
                raise
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def choose_stack(
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
    # cli.stack.stack_of() reads both options when a command needs its stack.
    del name, local

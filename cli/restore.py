"""`restore`: copy back what a table has lost, and repair what followed from it."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from checkout import clock
from checkout.flows.compare_money_events import MoneyStream
from checkout.flows.compare_session_events import SessionStream
from checkout.tables.item import from_item
from checkout.tables.reconcile_state import ReconcileState
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    print_json,
    print_records,
    say,
    waiting,
)
from cli.copy_back import Comparison, compare, copy
from cli.erased_again import erase_again
from cli.held_lease import held_lease
from cli.rebuild import Rebuild
from cli.rebuilt import Rebuilt
from cli.replay import KEPT_BY_STRIPE, moment
from cli.restored import Restored, check, scan
from cli.stack import Stack, stack_of

# An event is tried for a day: one that was made before the restored time may have been
# applied after it.
TRIED_FOR = timedelta(days=1)
# Reconcile gives up what Stripe does not have any more.
MARGIN = timedelta(minutes=30)
STREAMS = (MoneyStream.name, SessionStream.name, "balance_charge", "balance_payment")
MOST_SHOWN = 20

RestoredTable = Annotated[str | None, typer.Option(metavar="TABLE")]


def restore(
    ctx: typer.Context,
    to_time: Annotated[
        datetime,
        typer.Option(
            parser=moment, metavar="TIME", help="The time that was restored, ISO 8601."
        ),
    ],
    offers: RestoredTable = None,
    sessions: RestoredTable = None,
    purchases: RestoredTable = None,
    audit_log: RestoredTable = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Also replace what differs and is not known to be newer."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only compare the tables.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Copy missing items from restored tables, and repair what follows from them."""
    stack = stack_of(ctx)
    if to_time > clock.now():
        raise typer.BadParameter("--to-time must be in the past")
    tables = tables_of(
        stack,
        {
            "OffersTable": ("--offers", offers),
            "PaymentSessionsTable": ("--sessions", sessions),
            "PurchasesTable": ("--purchases", purchases),
            "AuditLogTable": ("--audit-log", audit_log),
        },
    )
    for table in tables:
        check(table, to_time)
    with waiting("Comparing the tables"):
        compared = {table.logical_id: compare(table) for table in tables}
    if dry_run:
        print_result(compared, None, None, as_json=as_json)
        return
    if not as_json and compared:
        print_comparison(compared)
    ask(question_about(stack, compared, replace=replace), yes=yes)
    state = ReconcileState(stack.output("PaymentSessionsTable"))
    rebuild = Rebuild(stack, to_time if tables else None)
    rebuilt, is_finished = rebuild.done, False
    try:
        with held_lease(stack, state) as owner:
            copied = repair(rebuild, tables, to_time, replace=replace)
            since = reconcile_again(state, owner, to_time)
        is_finished = True
    finally:
        if not is_finished:
            # Of what is repaired already the next run finds no problem any more.
            for problem in rebuilt.problems:
                say(problem)
    print_result(copied, rebuilt, since, as_json=as_json)
    if rebuilt.problems:
        raise CommandError(
            f"{len(rebuilt.problems)} problems, see above; what was repaired stays."
        )


def repair(
    rebuild: Rebuild, tables: list[Restored], to_time: datetime, *, replace: bool
) -> dict[str, Comparison]:
    """Copy the tables and rebuild what follows from them; return what was copied."""
    offers = [table for table in tables if table.logical_id == "OffersTable"]
    with waiting("Copying"):
        copied = {
            table.logical_id: copy(table, replace=replace)
            for table in tables
            if table not in offers
        }
    with waiting("Rebuilding what follows from the purchases"):
        rebuild.run()
    with waiting("Copying the offers"):
        # Now what is sold has its owner, so nobody can buy it again meanwhile.
        for table in offers:
            copied[table.logical_id] = copy(table, replace=replace)
            rebuild.sell_offers(items_of(table))
    if tables:
        with waiting("Erasing again what was erased"):
            rebuild.done.erased, problems = erase_again(rebuild.stack, to_time)
            rebuild.done.problems += problems
    return copied


def tables_of(stack: Stack, given: dict[str, tuple[str, str | None]]) -> list[Restored]:
    """Return the tables to copy from."""
    tables = []
    for logical_id, (option, name) in given.items():
        if name is None:
            continue
        own = stack.output(logical_id)
        if name == own:
            raise typer.BadParameter(
                f"{name} is the stack's own table", param_hint=option
            )
        tables.append(Restored(option, logical_id, own, name))
    return tables


def items_of(table: Restored) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in map(from_item, scan(table.restored))}


def question_about(
    stack: Stack, compared: dict[str, Comparison], *, replace: bool
) -> str:
    missing = sum(each.counts["missing"] for each in compared.values())
    different = sum(each.counts["different"] for each in compared.values())
    replaced = f" and replace {different} that differ" if replace else ""
    again = ""
    if published := compared.get("AuditLogTable"):
        number = published.counts["missing"]
        again = f" {number} audit entries are published again, with the same ids."
    offers = compared.get("OffersTable")
    if offers and (number := offers.counts["missing"]):
        again += (
            f" {number} offers come back as they were, for sale if they were; also "
            "those that the host application has deleted since, which you must "
            "delete again."
        )
    return (
        f"Copy {missing} items into the tables of {stack.name}{replaced}, "
        f"and repair what follows from them?{again}"
    )


def reconcile_again(state: ReconcileState, owner: str, to_time: datetime) -> datetime:
    """Let reconcile read Stripe's log again, from a day before the restored time."""
    oldest = clock.now() - KEPT_BY_STRIPE + MARGIN
    since = max(to_time - TRIED_FOR, oldest)
    for stream in STREAMS:
        if not state.set_back(owner, stream, int(since.timestamp())):
            raise CommandError(
                "The command was stopped for a while, and reconcile runs again. "
                "Repeat the command: what was copied stays."
            )
    if since > to_time:
        say(
            "Stripe does not have the events before "
            f"{clock.iso(since)} any more: compare refunds and disputes by hand."
        )
    return since


def print_comparison(compared: dict[str, Comparison]) -> None:
    if not compared:
        say("No restored table was named, so there is nothing to compare or to copy.")
        return
    print_records([{"table": name, **each.counts} for name, each in compared.items()])
    for name, each in compared.items():
        for item_id in each.different[:MOST_SHOWN]:
            typer.echo(f"different in {name}: {item_id}")


def print_result(
    tables: dict[str, Comparison],
    rebuilt: Rebuilt | None,
    since: datetime | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            {
                "tables": {name: asdict(each) for name, each in tables.items()},
                "rebuilt": asdict(rebuilt) if rebuilt else None,
                "reconcile_from": clock.iso(since) if since else None,
            }
        )
        return
    if rebuilt is None:
        print_comparison(tables)
        say("Nothing was changed.")
        return
    for name, each in tables.items():
        typer.echo(f"{name}: {each.copied} copied, {each.replaced} replaced.")
    counts = {n: v for n, v in asdict(rebuilt).items() if n != "problems"}
    print_records([{"rebuilt": "", **counts}])
    for problem in rebuilt.problems:
        typer.echo(problem)
    if since:
        say(
            f"Reconcile reads Stripe's log again from {clock.iso(since)}: "
            "run ./checkout reconcile now."
        )

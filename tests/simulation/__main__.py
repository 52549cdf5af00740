"""Print how far behind reconcile falls: `make simulate`."""

import os
from collections.abc import Iterable, Iterator
from itertools import groupby

from tests.simulation.assumptions import HOUR, NO_OUTAGE, Latencies, Load, Outage

os.environ |= {
    "METRICS_FORMAT": "cloudwatch",
    "POWERTOOLS_METRICS_NAMESPACE": "Checkout",
    "POWERTOOLS_SERVICE_NAME": "simulation",
}

# The title, the outage, and the hours to simulate.
TODAY = (
    ("The webhook works", NO_OUTAGE, 3),
    ("The webhook is down from hour 1 to 5", Outage(1 * HOUR, 5 * HOUR), 6),
    (
        "The webhook and reconcile are down from hour 1 to 4",
        Outage(1 * HOUR, 4 * HOUR, also_reconcile=True),
        10,
    ),
)
# Abandoned and paid checkouts an hour, and the hours to simulate.
EARLIER = (
    (150, 30, 30),
    (320, 64, 30),
    (640, 128, 30),
    (1_000, 200, 30),
    (10_000, 2_000, 12),
    (100_000, 20_000, 6),
)


def main() -> None:
    load, latencies = Load(), Latencies()
    say(f"{load.abandoned:,} abandoned and {load.paid:,} paid checkouts an hour")
    say(f"seconds: {latencies}")
    for title, outage, hours in TODAY:
        say(f"\n{title}; the largest of each hour, lags and ages in minutes\n")
        say(*today(load, outage, hours))
    say("\nBefore reconcile read the event log, ages at the end in minutes\n")
    say(*earlier())


def today(load: Load, outage: Outage, hours: int) -> Iterator[str]:
    from tests.simulation.today import simulate  # noqa: PLC0415 - once the environment is set
    from tests.simulation.world import World  # noqa: PLC0415

    yield row(
        "hour run(s) unfinished behind money sessions balance due Stripe/h read/h"
        " write/h"
    )
    runs = simulate(World(load=load, outage=outage), hours)
    for hour, found in groupby(runs, lambda run: int(run.at // HOUR)):
        each = list(found)
        yield row(
            hour,
            round(max(run.seconds for run in each)),
            sum(run.unfinished for run in each),
            sum(run.is_behind for run in each),
            minutes(run.money_lag for run in each),
            minutes(run.sessions_lag for run in each),
            minutes(run.balance_lag for run in each),
            minutes(run.due_age for run in each),
            sum(run.stripe for run in each),
            round(sum(run.read_units for run in each)),
            round(sum(run.write_units for run in each)),
        )


def earlier() -> Iterator[str]:
    from tests.simulation.earlier import EarlierReconcile  # noqa: PLC0415 - as above

    yield row("abandoned/h paid/h hours cut_short first(h) session purchase events")
    for abandoned, paid, hours in EARLIER:
        load = Load(abandoned=abandoned, paid=paid)
        runs = list(EarlierReconcile(load).simulate(hours))
        cut_short = [run for run in runs if run.is_cut_short]
        yield row(
            abandoned,
            paid,
            hours,
            f"{len(cut_short)}/{len(runs)}",
            f"{cut_short[0].at / HOUR:.1f}" if cut_short else "never",
            minutes([runs[-1].session_due_age]),
            minutes([runs[-1].purchase_due_age]),
            minutes([runs[-1].events_lag]),
        )


def minutes(seconds: Iterable[float]) -> str:
    return f"{max(seconds) / 60:.0f}"


def row(*cells: object) -> str:
    texts = cells[0].split() if len(cells) == 1 else map(str, cells)  # type: ignore[attr-defined]
    return " ".join(f"{text:>10}" for text in texts)


def say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()

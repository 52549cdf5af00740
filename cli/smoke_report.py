"""What `smoke` has tried: one line for each check, and what stays behind."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

import typer
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from checkout.errors import CheckoutError
from checkout.stripe_errors import StripeError
from cli.console import CommandError

# A check returns a detail for its line, or raises one of these.
type Check = Callable[[], str]
FAILURES = (
    CommandError,
    CheckoutError,
    StripeError,
    ClientError,
    BotoCoreError,
    HTTPError,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A check, and what became of it."""

    check: str
    result: str
    detail: str


@dataclass
class Report:
    silent: bool
    checks: list[Tried] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    not_tried: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        return [tried.check for tried in self.checks if tried.result == "failed"]

    def run(self, name: str, check: Check) -> bool:
        """Run a check and report it; return whether it passed."""
        try:
            detail = check()
        except FAILURES as error:
            self._add(name, "failed", sentence_of(error))
            return False
        self.passed(name, detail)
        return True

    def run_in_order(self, checks: Iterable[tuple[str, Check]]) -> None:
        """Run checks that each need the one before; skip those after a failure."""
        works = True
        for name, check in checks:
            if works:
                works = self.run(name, check)
            else:
                self.skipped(name, "the check before it failed")

    def passed(self, name: str, detail: str) -> None:
        self._add(name, "passed", detail)

    def skipped(self, name: str, why: str) -> None:
        self._add(name, "skipped", why)

    def leaves_out(self, things: Iterable[str]) -> None:
        for thing in things:
            self.not_tried.append(thing)
            self._say(f"untried  {thing}")

    def stays(self, things: Iterable[str]) -> None:
        for thing in things:
            self.left.append(thing)
            self._say(f"stays    {thing}")

    def as_json(self) -> dict[str, object]:
        return {
            "checks": [asdict(tried) for tried in self.checks],
            "not_tried": self.not_tried,
            "stays": self.left,
        }

    def _add(self, name: str, result: str, detail: str) -> None:
        self.checks.append(Tried(name, result, detail))
        word = "FAILED" if result == "failed" else result
        self._say(f"{word:<8} {name}: {detail}")

    def _say(self, line: str) -> None:
        if not self.silent:
            typer.echo(line)


def sentence_of(error: Exception) -> str:
    match error:
        case ClientError():
            text = error.response["Error"].get("Message") or str(error)
        case StripeError():
            text = f"Stripe: {error.__cause__ or error}"
        case _:
            text = str(error)
    return " ".join(text.split())

"""
Break one condition at a time, and see that a history or a named test ends wrong.

`make mutants` runs this. Each mutant is a copy of the package with one line changed:
a condition that matters for money. A mutant that survives means that a condition is
there for nothing, or that no test watches it.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/common"
HISTORIES = "tests/prove/test_nothing_is_lost.py::test_nothing_is_lost"
# Not ERROR: a mutant that cannot be imported is no mutant.
FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


class Mutant(NamedTuple):
    """
    One text of a module that is replaced, and what catches it.

    *caught_by* names a test; histories catch what has none.
    """

    name: str
    module: str
    text: str
    instead: str
    caught_by: str = HISTORIES

    @property
    def path(self) -> Path:
        return Path("checkout") / self.module


MUTANTS = (
    Mutant(
        "a payment is recorded again",
        "tables/purchases.py",
        '"purchase_is_new", "attribute_not_exists(id)"',
        '"purchase_is_new", "attribute_exists(id) OR attribute_not_exists(id)"',
    ),
    Mutant(
        "a sale key is sold twice",
        "tables/ownerships.py",
        '"sale_key_is_free", "attribute_not_exists(id)"',
        '"sale_key_is_free", "attribute_exists(id) OR attribute_not_exists(id)"',
        "tests/functional/test_unfulfillable_payments.py"
        "::test_of_two_payments_one_stands_and_the_other_is_refunded",
    ),
    Mutant(
        "a purchase is changed as it was read",
        "tables/purchases.py",
        '"#version = :before"',
        '"#version = :before OR #version <> :before"',
    ),
    Mutant(
        "a session moves to any rank",
        "tables/payment_sessions.py",
        '"#rank < :limit"',
        '"#rank < :limit OR attribute_exists(id)"',
    ),
    Mutant(
        "a refund takes the latest word",
        "domain/refund.py",
        "(found, self) if found.rank > self.rank else (self, found)",
        "(found, self)",
    ),
    Mutant(
        "a dispute takes the latest word",
        "domain/dispute.py",
        "(found, self) if found.rank > self.rank else (self, found)",
        "(found, self)",
    ),
    Mutant(
        "a lost part undoes the sale",
        "domain/purchase_sums.py",
        "return gone > 0 and self.amount - gone < stripe_limits.step(self.currency)",
        "return gone > 0",
    ),
    Mutant(
        "lost parts never undo the sale",
        "domain/purchase_sums.py",
        "gone = self.returned_amount",
        "gone = self.refunded_amount",
    ),
    Mutant(
        "amounts of any currency are added up",
        "domain/purchase_sums.py",
        "return found.currency in {None, self.currency}",
        "return True",
    ),
    Mutant(
        "a refund counts on the day of the sale",
        "domain/revenue.py",
        "(found.created_at, found.id, Measure.REFUNDED, found.amount)",
        "(purchase.purchased_at, found.id, Measure.REFUNDED, found.amount)",
    ),
    Mutant(
        "a sale counts on the day on which we hear of it",
        "domain/checkout_payment.py",
        "    return min(datetime.fromtimestamp(seconds, UTC), now)",
        "    return now",
    ),
    Mutant(
        "two runs of reconcile overlap",
        "tables/reconcile_state.py",
        '"attribute_not_exists(#owner) OR #expires_at < :now"',
        '"attribute_not_exists(#owner) OR #expires_at <> :now"',
        "tests/functional/test_reconcile.py::test_two_runs_at_once_are_one",
    ),
    Mutant(
        "a run goes on without its lease",
        "tables/reconcile_state.py",
        '"#owner = :own"',
        '"#owner = :own OR attribute_not_exists(no_such_name)"',
        "tests/functional/test_reconcile.py"
        "::test_a_run_that_lost_its_lease_moves_no_cursor",
    ),
    Mutant(
        "windows do not overlap",
        "flows/read_stream.py",
        "first = progress.until - overlap",
        "first = progress.until",
    ),
    Mutant(
        "a window ends with its first page",
        "flows/read_stream.py",
        "if page.has_more and page.members:",
        "if False:",
    ),
    Mutant(
        "what has been queued is queued again",
        "flows/compare_money_events.py",
        "if _name(event) in known:",
        "if known is None:",
        "tests/functional/test_reconcile_failures.py"
        "::test_a_money_event_of_an_unknown_payment_is_queued_once",
    ),
    Mutant(
        "money of an unknown purchase is passed over",
        "flows/compare_money_events.py",
        "return purchase is None or is_behind(purchase, event)",
        "return purchase is not None and is_behind(purchase, event)",
    ),
    Mutant(
        "every stack is this one",
        "domain/stack.py",
        'return metadata_of(stripe_object, "stack") == stack_name(stack_id)',
        "return bool(stripe_object) and bool(stack_id)",
    ),
    Mutant(
        "no stack is this one",
        "domain/stack.py",
        'return metadata_of(stripe_object, "stack") == stack_name(stack_id)',
        "return not stack_id",
    ),
    Mutant(
        "a pending purchase is not completed",
        "flows/fulfill.py",
        "if before.has_arrived and (unknown or",
        "if True or (unknown or",
    ),
    Mutant(
        "a deleted offer is sold",
        "domain/offer.py",
        'if item is None or item.get("deleted_at"):',
        "if item is None:",
        "tests/functional/test_unfulfillable_payments.py"
        "::test_what_was_withdrawn_while_the_buyer_paid_is_refunded",
    ),
    Mutant(
        "a quote and a bid of its row are both sold",
        "kinds/quote.py",
        'sale_key=sale_key("row", row_id),',
        "sale_key=offer.sale_key,",
        "tests/functional/test_quotes.py"
        "::test_a_quote_and_a_bid_of_its_row_are_never_both_open",
    ),
    Mutant(
        "a quote is paid and its row stays open",
        "kinds/quote.py",
        "moves=(_move(quote), of_row),",
        "moves=(_move(quote),),",
        "tests/functional/test_quotes.py"
        "::test_whoever_holds_the_link_pays_and_the_rows_owner_has_bought",
    ),
    Mutant(
        "what must not have a value may have any",
        "tables/offers.py",
        "item.get(name, NO_VALUE) != value for",
        "value and item.get(name) != value for",
        "tests/functional/test_quotes.py"
        "::test_a_quote_that_gets_a_bid_is_paid_by_one_page",
    ),
    Mutant(
        "messages come again at once",
        "domain/retries.py",
        "return PAUSES[receive_count - 1] if",
        "return min(PAUSES[:receive_count]) if",
        "tests/unit/test_retries.py::test_eight_receives_last_a_day",
    ),
    Mutant(
        "each attempt has a token of its own",
        "tables/transaction.py",
        "ClientRequestToken=token",
        "ClientRequestToken=uuid4().hex",
        "tests/unit/test_transaction.py::test_all_attempts_carry_one_token",
    ),
    Mutant(
        "a requested refund is left to its caller",
        "domain/next_check.py",
        "    if purchase.open_requests:\n",
        "    if not purchase.id:\n",
        "tests/functional/test_unfulfillable_payments.py"
        "::test_a_stripe_that_fails_gives_the_money_back_later_and_once",
    ),
    Mutant(
        "a prepared session is left to its buyer",
        "domain/next_check.py",
        "return from_iso(session.created_at) + PREPARED_AT_MOST",
        "return from_iso(session.created_at) + 1000 * PREPARED_AT_MOST",
        "tests/functional/test_reconcile.py"
        "::test_a_prepared_session_that_a_crash_left_behind_is_resolved",
    ),
    Mutant(
        "the receipt of a late payment is never fetched",
        "domain/next_check.py",
        "if age > RECORDED_LATE:",
        "if age < timedelta(0):",
    ),
    Mutant(
        "any Checkout Session fulfills",
        "domain/mismatch.py",
        "session.stripe_session_id not in {None, checkout.id}",
        "not checkout.id",
    ),
    Mutant(
        "any amount fulfills",
        "domain/mismatch.py",
        "checkout.amount_subtotal != session.amount\n",
        "checkout.amount_subtotal is None\n",
        "tests/functional/test_fulfillment.py"
        "::test_a_mismatch_is_quarantined_once_however_often_its_event_comes",
    ),
    Mutant(
        "an agreed code, tax or shipping is quarantined",
        "domain/mismatch.py",
        "if any(amount and not (is_agreed and amount > 0) for",
        "if any(amount for",
    ),
    Mutant(
        "a discount that no option allows fulfills",
        "domain/mismatch.py",
        "if any(amount and not (is_agreed and amount > 0) for",
        "if any(amount is None for",
        "tests/functional/test_checkout_options.py"
        "::test_what_no_option_allows_is_quarantined",
    ),
    Mutant(
        "the creator gets the tax",
        "domain/purchase.py",
        "net = left - tax - shipping",
        "net = left - shipping",
    ),
    Mutant(
        "a session of a sale key can be recovered",
        "domain/checkout_options.py",
        "if sold_once and agreed(options).recovery:",
        "if sold_once and agreed(options) is None:",
        "tests/unit/test_checkout_options.py"
        "::test_what_is_sold_once_cannot_be_recovered",
    ),
    Mutant(
        "what SQS did not take is forgotten",
        "clients/payment_events_queue.py",
        'for failure in answer.get("Failed", []):\n            message',
        "for failure in []:\n            message",
        "tests/unit/test_payment_events_queue.py"
        "::test_what_sqs_could_not_do_is_tried_once_again",
    ),
    Mutant(
        "keys that DynamoDB left are forgotten",
        "tables/item.py",
        'before, wanted = wanted, answer["UnprocessedKeys"]',
        "before, wanted = wanted, {}",
    ),
    Mutant(
        "two sessions of one sale key can be paid",
        "flows/create_session.py",
        "self.stripe_checkout.expire(session, REPLACED)\n",
        "pass\n",
        "tests/functional/test_create_again.py"
        "::test_other_terms_close_the_old_session_and_open_a_new_one",
    ),
    Mutant(
        "money on its way is not seen",
        "domain/checkout_session.py",
        "return Status.PROCESSING if complete else None",
        "return None",
        "tests/functional/test_pending_purchases.py"
        "::test_money_on_its_way_is_seen_and_gives_nothing",
    ),
    Mutant(
        "a session is shown to anybody",
        "flows/show_session.py",
        "if session is None or session.buyer_id != buyer_id:",
        "if session is None:",
        "tests/functional/test_session_status.py"
        "::test_any_other_session_is_as_good_as_unknown",
    ),
    Mutant(
        "the payment page is shown in logs",
        "domain/payment_session.py",
        "url: str | None = field(default=None, repr=False)",
        "url: str | None = field(default=None)",
        "tests/unit/test_payment_session.py"
        "::test_neither_the_page_nor_the_buyers_address_is_shown",
    ),
    Mutant(
        "a message that is stuck rings no alarm",
        "clients/retried_batch.py",
        "if number >= STUCK_AFTER and cause",
        "if number < 0 and cause",
        "tests/functional/test_fulfillment.py"
        "::test_a_message_that_fails_comes_again_the_later_the_more_often_it_has",
    ),
    Mutant(
        "one bad item stops the others",
        "flows/run.py",
        "        except Exception:  # noqa: BLE001 - see above",
        "        except ZeroDivisionError:",
        "tests/functional/test_reconcile_failures.py"
        "::test_a_bad_session_keeps_no_other_waiting",
    ),
    Mutant(
        "an open session is never expired",
        "domain/next_check.py",
        "return from_iso(session.expires_at) + OPEN_AFTER_DEADLINE",
        "return from_iso(session.expires_at) + 1000 * OPEN_AFTER_DEADLINE",
        "tests/functional/test_reconcile.py"
        "::test_a_session_whose_expiry_has_no_event_is_expired_at_its_deadline",
    ),
)


def run(mutant: Mutant, histories: int) -> str | None:
    """Run what catches the *mutant*; return the test that failed, None if none did."""
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder) / "layer"
        copytree(PACKAGE, layer, ignore=lambda *_: ["__pycache__"])
        module = layer / mutant.path
        module.write_text(mutated(mutant))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
                *("-o", f"pythonpath=. {layer} mocktill/src", mutant.caught_by),
            ],
            cwd=ROOT,
            env=os.environ | {"HISTORIES": str(histories), "SEED": "0", "SHRINK": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = FAILED.search(done.stdout)
    return found[1] if found and done.returncode else None


def mutated(mutant: Mutant) -> str:
    """Return the changed text of the module; raises ValueError if it cannot change."""
    before = (PACKAGE / mutant.path).read_text()
    if before.count(mutant.text) != 1:
        raise ValueError(f"{mutant.name}: {mutant.module} has not this text once")
    return before.replace(mutant.text, mutant.instead)


def main() -> None:
    """Run all mutants, or those whose names contain the argument."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--histories", type=int, default=1000)
    wanted = parser.parse_args()
    survived = []
    for mutant in MUTANTS:
        if wanted.name not in mutant.name:
            continue
        begun = time.monotonic()
        caught = run(mutant, wanted.histories)
        seconds = time.monotonic() - begun
        line = f"{mutant.name}: {caught or 'SURVIVED'} ({seconds:.0f} s)\n"
        sys.stdout.write(line)
        sys.stdout.flush()
        if not caught:
            survived.append(mutant.name)
    if survived:
        sys.exit(f"{len(survived)} survived: {', '.join(survived)}")


if __name__ == "__main__":
    main()

"""
Bank debits: Stripe's test accounts, and what the bank says to each.

The bank of any other account takes its time: whoever plays it presses a button.
"""

import re

from .cards import OK, Outcome
from .errors import invalid

PAID = Outcome(settles=True)
REFUSED = Outcome(settles=False)
# Of whoever names none.
SLOW = {"sepa_debit": "AT321904300235473204", "us_bank_account": "000123456789"}
ACCOUNTS = {
    "AT611904300234573201": PAID,
    "AT861904300235473202": REFUSED,
    "IT60X0542811101000000123456": REFUSED,
    "000111111113": REFUSED,
    "000111111116": REFUSED,
    "000222222227": REFUSED,
    "000333333335": REFUSED,
}
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_ACCOUNT_NUMBER = re.compile(r"\d{4,17}")


def check(kind: str, number: str) -> str:
    """The number without its spaces, if it could be an account's."""
    number = "".join(number.split()).upper()
    if kind == "sepa_debit" and not _IBAN.fullmatch(number):
        raise invalid(
            "sepa_debit[iban]",
            "The IBAN you entered is invalid.",
            "invalid_bank_account_iban",
        )
    if kind == "us_bank_account" and not _ACCOUNT_NUMBER.fullmatch(number):
        raise invalid(
            "us_bank_account[account_number]",
            "The bank account number you entered is invalid.",
            "account_number_invalid",
        )
    return number


def outcome_of(number: str) -> Outcome:
    return ACCOUNTS.get(number, OK)

"""
Bank debits: Stripe's test accounts, and the answer of the bank for each.

With any other account, the payment stays pending until a test settles it.
"""

import re

from .cards import OK, Outcome
from .errors import invalid

PAID = Outcome(settles=True)
REFUSED = Outcome(settles=False)
# The account of a payment method that names none.
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
    """Return the number without spaces, or refuse a number that is malformed."""
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

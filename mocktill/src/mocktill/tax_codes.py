"""Stripe's tax codes, of which mocktill knows the form alone."""

import re

from .errors import no_such

_TAX_CODE = re.compile(r"txcd_\d{8}")


def check_tax_code(code: str, param: str) -> None:
    if not _TAX_CODE.fullmatch(code):
        raise no_such("tax code", code, param)

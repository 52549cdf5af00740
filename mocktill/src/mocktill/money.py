"""Stripe's rules for currencies and amounts."""

from .errors import invalid


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


MAX_AMOUNT = 99_999_999
MAX_AMOUNTS = {"idr": 999_999_999_999}
# Stripe lists these. The minimum of any other currency is a guess.
MINIMUMS = {
    "aed": 200, "ars": 50, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cop": 50,
    "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "idr": 50,
    "ils": 50, "inr": 50, "jpy": 50, "krw": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "php": 50, "pln": 200, "ron": 200, "rub": 50, "sek": 300, "sgd": 50,
    "thb": 1000, "usd": 50, "zar": 50,
}  # fmt: skip
DEFAULT_MINIMUM = 50
ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
# Two decimals, both zero: 5 UGX are 500.
WHOLE_UNITS = _codes("isk ugx")
CURRENCIES = (
    ZERO_DECIMAL
    | THREE_DECIMAL
    | WHOLE_UNITS
    | _codes("""
        aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd bwp byn bzd
        cad cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd
        gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl
        mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen
        pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb
        tjs top try ttd twd tzs uah usd uyu uzs wst xcd xcg yer zar zmw
        """)
)
# Rough rates, which are guesses; of the other currencies a unit is about a dollar.
UNITS_PER_DOLLAR = {
    "afn": 70, "all": 90, "amd": 390, "aoa": 910, "ars": 1400, "bdt": 120, "bif": 2900,
    "bob": 7, "brl": 5, "bwp": 14, "cdf": 2800, "clp": 950, "cny": 7, "cop": 4000,
    "crc": 500, "cve": 95, "czk": 22, "djf": 178, "dkk": 7, "dop": 60, "dzd": 130,
    "egp": 50, "etb": 140, "gmd": 72, "gnf": 8700, "gtq": 8, "gyd": 209, "hkd": 8,
    "hnl": 26, "htg": 131, "huf": 350, "idr": 16000, "ils": 3, "inr": 85, "isk": 125,
    "jmd": 160, "jpy": 150, "kes": 130, "kgs": 87, "khr": 4000, "kmf": 430,
    "krw": 1400, "kzt": 520, "lak": 21600, "lbp": 89500, "lkr": 300, "lrd": 190,
    "lsl": 18, "mad": 9, "mdl": 17, "mga": 4500, "mkd": 53, "mmk": 2100, "mnt": 3500,
    "mop": 8, "mur": 45, "mvr": 15, "mwk": 1730, "mxn": 19, "myr": 4, "mzn": 64,
    "nad": 18, "ngn": 1500, "nio": 37, "nok": 10, "npr": 137, "pen": 4, "pgk": 4,
    "php": 57, "pkr": 280, "pln": 4, "pyg": 7500, "qar": 4, "ron": 4, "rsd": 100,
    "rub": 85, "rwf": 1430, "sar": 4, "sbd": 8, "scr": 14, "sek": 10, "sle": 23,
    "sos": 570, "srd": 37, "std": 21000, "szl": 18, "thb": 33, "tjs": 10, "top": 2,
    "try": 40, "ttd": 7, "twd": 31, "tzs": 2600, "uah": 41, "ugx": 3600, "uyu": 40,
    "uzs": 12500, "vnd": 26000, "vuv": 120, "wst": 3, "xaf": 570, "xcd": 3, "xcg": 2,
    "xof": 570, "xpf": 105, "yer": 240, "zar": 18, "zmw": 25,
}  # fmt: skip
LEAST_DOLLARS = 0.50
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def check_currency(currency: str, param: str) -> str:
    """Return the currency in lower case, as Stripe stores it."""
    if currency.lower() not in CURRENCIES:
        raise invalid(param, f"Invalid currency: {currency.lower()}")
    return currency.lower()


def check_amount(amount: int, currency: str, param: str) -> None:
    if amount < 0:
        raise invalid(
            param, "Invalid non-negative integer", "parameter_invalid_integer"
        )
    largest = maximum(currency)
    if amount > largest:
        raise invalid(
            param, f"Amount must be no more than {largest}", "amount_too_large"
        )
    check_unit(amount, currency, param)


def check_unit(amount: int, currency: str, param: str) -> None:
    """Refuse an amount in a unit that the currency does not have."""
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(
            param,
            f"Amounts in {currency} are in thousandths, and the last digit must be 0.",
            "invalid_charge_amount_no_decimal_compatible",
        )
    if currency in WHOLE_UNITS and amount % 100:
        raise invalid(
            param,
            f"Amounts in {currency} must be divisible by 100.",
            "invalid_charge_amount_no_decimal_compatible",
        )


def to_unit(numerator: int, denominator: int, currency: str) -> int:
    """Return the quotient in a unit that the currency has; a half is rounded up."""
    unit = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_UNITS else 1
    return (2 * numerator + denominator * unit) // (2 * denominator * unit) * unit


def check_total(total: int, currency: str, settled_in_dollars: bool) -> None:
    """Refuse a total below the minimum. A total of zero needs no payment."""
    if 0 < total < minimum(currency):
        raise invalid(
            "line_items",
            "The Checkout Session's total amount due must add up to at least "
            f"{format_amount(minimum(currency), currency)}",
            "amount_too_small",
        )
    if settled_in_dollars and total and in_dollars(total, currency) < LEAST_DOLLARS:
        raise invalid(
            "line_items",
            "The Checkout Session's total amount must convert to at least 50 cents. "
            f"{format_amount(total, currency)} converts to approximately "
            f"${in_dollars(total, currency):.2f}.",
            "amount_too_small",
        )
    if total > maximum(currency):
        raise invalid(
            "line_items",
            "The Checkout Session's total amount must be no more than "
            f"{format_amount(maximum(currency), currency)}",
            "amount_too_large",
        )


def check_charge(amount: int, currency: str) -> None:
    """Check the amount of a payment without a session."""
    check_amount(amount, currency, "amount")
    if amount < minimum(currency):
        raise invalid(
            "amount",
            f"Amount must be at least {format_amount(minimum(currency), currency)} "
            f"{currency}",
            "amount_too_small",
        )


def minimum(currency: str) -> int:
    return MINIMUMS.get(currency, DEFAULT_MINIMUM)


def maximum(currency: str) -> int:
    return MAX_AMOUNTS.get(currency, MAX_AMOUNT)


def in_dollars(amount: int, currency: str) -> float:
    """Convert by the rough rates of UNITS_PER_DOLLAR."""
    units = UNITS_PER_DOLLAR.get(currency, 1)
    return amount / float(10 ** decimals(currency)) / units


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def format_amount(amount: int, currency: str) -> str:
    """Format an amount for people: `$12.50`, `¥500`, `5.120 KWD`."""
    places = decimals(currency)
    whole, fraction = divmod(amount, 10**places)
    figure = f"{whole:,}" + (f".{fraction:0{places}}" if places else "")
    if currency in SYMBOLS:
        return SYMBOLS[currency] + figure
    return f"{figure} {currency.upper()}"

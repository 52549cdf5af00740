"""Stripe's rules for currencies and amounts."""

from .errors import invalid


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


MAX_AMOUNT = 99_999_999
DEFAULT_MINIMUM = 50
MINIMUMS = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400,
    "huf": 17500, "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200,
    "sek": 300, "thb": 1000,
}  # fmt: skip
ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
CURRENCIES = (
    ZERO_DECIMAL
    | THREE_DECIMAL
    | _codes("""
        aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp
        byn bzd cad cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel
        gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp
        lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr
        nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd
        std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer zar zmw
        """)
)
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
    if amount > MAX_AMOUNT:
        raise invalid(param, "Amount must be no more than 99999999", "amount_too_large")
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(
            param,
            f"Amounts in {currency} are in thousandths, and the last digit must be 0.",
            "invalid_charge_amount_no_decimal_compatible",
        )
    if currency == "isk" and amount % 100:
        raise invalid(
            param,
            "Amounts in isk must be divisible by 100.",
            "invalid_charge_amount_no_decimal_compatible",
        )


def check_total(total: int, currency: str) -> None:
    """Refuse a total below the minimum. A total of zero needs no payment."""
    if 0 < total < minimum(currency):
        raise invalid(
            "line_items",
            "The Checkout Session's total amount due must add up to at least "
            f"{format_amount(minimum(currency), currency)}",
            "amount_too_small",
        )
    if total > MAX_AMOUNT:
        raise invalid(
            "line_items",
            "The Checkout Session's total amount must be no more than "
            f"{format_amount(MAX_AMOUNT, currency)}",
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

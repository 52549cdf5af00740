"""
What Stripe accepts in a Checkout Session: currencies, amounts, lengths, addresses.

Stripe publishes its limits in several places, and some not at all. "Assumed" marks what
no page of Stripe's says. A request that passes here can still be refused by Stripe.
https://docs.stripe.com/currencies, https://docs.stripe.com/api/checkout/sessions/create
"""

from urllib.parse import urlsplit


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# The currencies in which Stripe takes payments.
CURRENCIES = _codes(
    "aed afn all amd aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp"
    " byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp"
    " gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs"
    " khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr"
    " mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron"
    " rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd"
    " twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw"
)

# Stripe's own list, which differs from ISO 4217.
ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
# Stripe has two decimals for these, and both must be zero. It also lists UGX among the
# currencies without decimals, but the special case decides: 5 UGX are written 500.
WHOLE_UNITS_ONLY = _codes("isk ugx")

# The minimum of a payment in the minor unit. For other currencies Stripe lists none:
# one step is assumed. Stripe also compares the payment, converted, with the minimum of
# the currency in which the account is paid out, which is not known here.
MINIMUMS = {
    **dict.fromkeys(_codes("ars aud brl cad chf cop eur idr ils inr jpy krw"), 50),
    **dict.fromkeys(_codes("nzd php rub sgd usd zar"), 50),
    **dict.fromkeys(_codes("aed myr pln ron"), 200),
    **dict.fromkeys(_codes("nok sek"), 300),
    **dict.fromkeys(_codes("mxn thb"), 1000),
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
}

# With these the buyer is done days before the money arrives, if it does: debits from a
# bank account, vouchers that are paid in a shop, and transfers that the buyer makes.
# Nobody could tell an anonymous buyer. https://docs.stripe.com/payments/bank-debits,
# https://docs.stripe.com/payments/vouchers, https://docs.stripe.com/payments/bank-transfers
DELAYED_METHODS = (
    *("acss_debit", "au_becs_debit", "bacs_debit", "nz_bank_account", "payto"),
    *("sepa_debit", "sofort", "us_bank_account"),
    *("boleto", "konbini", "multibanco", "oxxo"),
    "customer_balance",
)

LARGEST_AMOUNT = 99_999_999
LARGEST_AMOUNTS = {"idr": 999_999_999_999}

MOST_LINES = 100
# Assumed: Stripe names this limit for quantities that a buyer may adjust.
LARGEST_QUANTITY = 999_999

# The languages of Stripe's page; with `auto`, the buyer's browser decides.
LOCALES = _codes(
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko"
    " lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)

# Characters. Stripe's specification allows a name 5000, but its changelog of 2018-10-31
# limits product names, and integrations report 250. The shorter limit is always
# accepted, and no buyer reads more on a payment page.
LONGEST_NAME = 250
LONGEST_DESCRIPTION = 40_000
LONGEST_IMAGE_URL = 2048
LONGEST_URL = 5000
# Assumed: the length of an address in SMTP (RFC 5321).
LONGEST_EMAIL = 254
LONGEST_REFERENCE = 200

# https://docs.stripe.com/metadata
MOST_METADATA = 50
LONGEST_METADATA_KEY = 40
LONGEST_METADATA_VALUE = 500


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """Return the number of which every amount in *currency* is a multiple."""
    if currency in THREE_DECIMAL:
        return 10
    return 100 if currency in WHOLE_UNITS_ONLY else 1


def minimum(currency: str) -> int:
    return MINIMUMS.get(currency, step(currency))


def largest(currency: str) -> int:
    return LARGEST_AMOUNTS.get(currency, LARGEST_AMOUNT)


def shortened(text: str, limit: int) -> str:
    """Return *text* with at most *limit* characters; an ellipsis marks the cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def is_image_url(url: str) -> bool:
    """Return whether Stripe can show the image: https, absolute, not too long."""
    if len(url) > LONGEST_IMAGE_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def can_be_email(text: str) -> bool:
    """
    Return False for a text that clearly is no e-mail address.

    Stripe has rules of its own, which it does not publish.
    """
    local, _, domain = text.rpartition("@")
    labels = domain.split(".")
    return (
        len(text) <= LONGEST_EMAIL
        and text.isprintable()
        and not set(text) & set(' "(),:;<>[\\]')
        and "@" not in local
        and all(local.split("."))
        and len(labels) > 1
        and all(label.strip("-") == label != "" for label in labels)
        and not labels[-1].isdecimal()
    )


def problem_of_metadata(metadata: dict[str, str]) -> str | None:
    """Return what Stripe does not accept in *metadata*, None if it accepts all."""
    if len(metadata) > MOST_METADATA:
        return f"must have at most {MOST_METADATA} keys"
    for key, value in metadata.items():
        if not 0 < len(key) <= LONGEST_METADATA_KEY or set(key) & set("[]"):
            return (
                f"must have keys of 1 to {LONGEST_METADATA_KEY} characters "
                "without square brackets"
            )
        if len(value) > LONGEST_METADATA_VALUE:
            return f"must have values of at most {LONGEST_METADATA_VALUE} characters"
    return None

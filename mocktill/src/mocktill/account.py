"""The account itself, as `GET /v1/account` shows it."""

from http import HTTPStatus

from stripe.params import AccountRetrieveParams

from .errors import ApiError
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams


def retrieve_own(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    expand = validate(raw, AccountRetrieveParams).get("expand", [])
    return sandbox.store.expanded(_account(sandbox), expand)


def retrieve(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """Show the account under its id. There are no connected accounts."""
    if path["id"] != sandbox.account_id:
        raise ApiError(
            HTTPStatus.FORBIDDEN,
            f"The provided key does not have access to account '{path['id']}' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
        )
    return retrieve_own(sandbox, raw, path)


def _account(sandbox: Sandbox) -> Json:
    return {
        "id": sandbox.account_id,
        "object": "account",
        "business_profile": {
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": "mocktill",
            "product_description": None,
            "specified_commercial_transactions_act_url": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": None,
        "capabilities": {
            "card_payments": "active",
            "sepa_debit_payments": "active",
            "us_bank_account_ach_payments": "active",
        },
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": sandbox.created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": dict.fromkeys(
                ("icon", "logo", "primary_color", "secondary_color")
            ),
            "card_payments": dict.fromkeys(
                (
                    "statement_descriptor_prefix",
                    "statement_descriptor_prefix_kana",
                    "statement_descriptor_prefix_kanji",
                )
            ),
            "dashboard": {"display_name": "mocktill", "timezone": "Etc/UTC"},
            "payments": dict.fromkeys(
                (
                    "statement_descriptor",
                    "statement_descriptor_kana",
                    "statement_descriptor_kanji",
                    "statement_descriptor_prefix_kana",
                    "statement_descriptor_prefix_kanji",
                )
            ),
        },
        "type": "standard",
    }

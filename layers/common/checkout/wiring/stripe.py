"""Build the access to Stripe's API."""

import math
from typing import TYPE_CHECKING

from checkout.clients import credentials
from checkout.clients.stripe_api import StripeApi

if TYPE_CHECKING:
    from checkout.config import (
        CreateSessionConfig,
        RefundsConfig,
        SessionStatusConfig,
        WriteOffersConfig,
    )

    type StripeConfig = (
        CreateSessionConfig | RefundsConfig | SessionStatusConfig | WriteOffersConfig
    )


def stripe_api(
    config: "StripeConfig",
    calls_per_second: float = math.inf,
    retries: int | None = None,
) -> StripeApi:
    return StripeApi(
        lambda: credentials.secret(config.stripe_secret_key_name),
        config.stripe_api_base,
        calls_per_second,
        retries,
    )

"""
The Stripe sandbox: a local server that speaks enough of Stripe's API.

The official SDK works against it unmodified, a person can pay on its page with
Stripe's test cards, and it sends signed webhooks. Nothing is kept when it stops.

    sandbox = StripeSandbox(webhook_urls=["http://127.0.0.1:3000/webhook"])
    with running(sandbox) as server:
        client = stripe.StripeClient(
            sandbox.secret_key, base_addresses={"api": server.url}
        )

What tests may do to it stands in `control`.
"""

from .app import create_app
from .sandbox import StripeSandbox
from .server import Running, running
from .versions import API_VERSION

__all__ = ["API_VERSION", "Running", "StripeSandbox", "create_app", "running"]

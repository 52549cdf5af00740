"""
A local server that imitates the part of Stripe's API that takes payments.

The official SDK works with it unchanged. A person can pay on its page with Stripe's
test cards. It sends signed webhooks. It forgets everything when it stops.

    sandbox = Sandbox(webhook_urls=["http://127.0.0.1:3000/webhook"])
    with running(sandbox) as server:
        client = stripe.StripeClient(
            sandbox.secret_key, base_addresses={"api": server.url}
        )

mocktill is not affiliated with Stripe.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .sandbox import Sandbox
    from .server import Running, running
    from .versions import API_VERSION

__all__ = ["API_VERSION", "Running", "Sandbox", "create_app", "running"]

_MODULES = {
    "API_VERSION": "versions",
    "Running": "server",
    "Sandbox": "sandbox",
    "create_app": "app",
    "running": "server",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - each name has its own type
    """
    Import a public name when it is asked for.

    `mocktill.loopback_only` needs only the standard library. An interpreter without
    Starlette and Stripe's SDK can import it, because this module imports neither.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)

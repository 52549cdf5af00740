"""Serve until interrupted: `python -m mocktill`."""

import argparse
import os
import re
import signal
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from .loopback_only import LoopbackOnly
from .sandbox import TAX_BEHAVIORS, Sandbox
from .saved_state import StateError, saved_in
from .server import running

# The pages for people. Other sites may link to them.
PAGES = re.compile(
    r"/|/sandbox(?:/objects/.*)?|/c/(?:pay|embedded|recover)/.*|/receipts/.*"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m mocktill",
        description="A local server that imitates a part of Stripe's API.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--port", type=int, default=0, help="default: 0, which takes any free port"
    )
    parser.add_argument(
        "--base-url",
        help="the address of the payment page for browsers, if not host and port",
    )
    # Other users of the machine can read a command line, but not the environment.
    parser.add_argument(
        "--secret-key", help="default: STRIPE_SECRET_KEY, or a random key"
    )
    parser.add_argument(
        "--publishable-key", help="default: STRIPE_PUBLISHABLE_KEY, or a random key"
    )
    parser.add_argument(
        "--webhook-secret", help="default: STRIPE_WEBHOOK_SECRET, or a random secret"
    )
    parser.add_argument(
        "--webhook-url", action="append", default=[], help="may be repeated"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep the account in this file: its keys and objects, and the webhooks "
        "that are not delivered; the keys above are those of a new account",
    )
    parser.add_argument("--retry-base-seconds", type=float, default=1.0)
    parser.add_argument(
        "--settled-in-dollars",
        action="store_true",
        help="refuse payments that are worth less than 50 US cents, as an account does "
        "that is paid out in US dollars",
    )
    parser.add_argument(
        "--default-tax-behavior",
        choices=TAX_BEHAVIORS,
        help="how prices are taxed that do not say it; without it, they must say it",
    )
    parser.add_argument(
        "--container-host",
        help="a secret name by which containers call this machine",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        help="also answer the pages of this origin; may be repeated",
    )
    parser.add_argument(
        "--unguarded",
        action="store_true",
        help="also answer other machines and web pages of other sites",
    )
    options = parser.parse_args()

    base_url = options.base_url
    if options.port and not base_url:
        base_url = f"http://{options.host}:{options.port}"
    secret_key = options.secret_key or os.environ.get("STRIPE_SECRET_KEY")
    made_up = secret_key is None
    sandbox = Sandbox(
        secret_key=secret_key,
        publishable_key=(
            options.publishable_key or os.environ.get("STRIPE_PUBLISHABLE_KEY")
        ),
        webhook_secret=(
            options.webhook_secret or os.environ.get("STRIPE_WEBHOOK_SECRET")
        ),
        webhook_urls=options.webhook_url,
        base_url=base_url,
        retry_base_seconds=options.retry_base_seconds,
        settled_in_dollars=options.settled_in_dollars,
        default_tax_behavior=options.default_tax_behavior,
    )
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    guard = partial(
        LoopbackOnly,
        pages=PAGES,
        origins=frozenset(options.allow_origin),
        container_host=options.container_host,
    )
    with ExitStack() as at_exit:
        if options.state:
            try:
                at_exit.enter_context(saved_in(options.state, sandbox))
            except StateError as error:
                parser.error(str(error))
        server = at_exit.enter_context(
            running(
                sandbox,
                host=options.host,
                port=options.port,
                **({} if options.unguarded else {"guard": guard}),
            )
        )
        print(f"mocktill answers at {server.url}", flush=True)  # noqa: T201
        if made_up:
            # Nobody else knows it, and each request needs it.
            print(f"Its secret key is {sandbox.secret_key}", flush=True)  # noqa: T201
        interrupted.wait()


if __name__ == "__main__":
    main()

"""
The settings of a local stack: its folder, ports, origins and Stripe test keys.

This module also runs on the Python that `make` finds (before_run.py).
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
STRIPE_API = "https://api.stripe.com"
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"

DEFAULT_PORTS = {
    "AWS_PORT": 4566,
    "STRIPE_PORT": 4242,
    "ISSUER_PORT": 4300,
    "STOREFRONT_PORT": 3000,
}

# What the template's parameter AllowedOrigins takes.
ORIGIN = re.compile(
    r"(https://[^/?#\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)"
)


class StackError(Exception):
    """The stack cannot run; the message is a sentence for the user."""


@dataclass(frozen=True)
class StripeKeys:
    secret_key: str
    webhook_secret: str
    publishable_key: str

    @classmethod
    def generate(cls) -> StripeKeys:
        """Generate keys for the sandbox; each start has new ones."""
        return cls(
            secret_key=f"sk_test_{secrets.token_hex(24)}",
            webhook_secret=f"whsec_{secrets.token_hex(24)}",
            publishable_key=f"pk_test_{secrets.token_hex(24)}",
        )


def folder(env: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for the stack's build, logs and description."""
    return ROOT / env.get("CHECKOUT_LOCAL_DIR", ".local")


@dataclass(frozen=True)
class Settings:
    folder: Path
    aws_port: int
    stripe_port: int
    issuer_port: int
    storefront_port: int
    keys: StripeKeys
    sandbox: bool
    container_host: str
    # Of frontends that are not served from this machine's own names.
    more_origins: tuple[str, ...]

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        own_keys = stripe_test_keys(env)
        return cls(
            folder=folder(env),
            **choose_ports(env),
            keys=own_keys or StripeKeys.generate(),
            sandbox=own_keys is None,
            # A random host name: requests with it come from functions in containers.
            container_host=f"checkout-{secrets.token_hex(16)}",
            more_origins=more_origins(env),
        )

    @property
    def stack_file(self) -> Path:
        return self.folder / "stack.json"

    @property
    def storefront_config(self) -> Path:
        return self.folder / "storefront.json"

    @property
    def stripe_url(self) -> str:
        return f"http://{HOST}:{self.stripe_port}" if self.sandbox else STRIPE_API

    @property
    def stripe_js_url(self) -> str:
        return f"{self.stripe_url}/stripe.js" if self.sandbox else STRIPE_JS

    @property
    def issuer_url(self) -> str:
        return f"http://{HOST}:{self.issuer_port}"

    @property
    def storefront_url(self) -> str:
        return f"http://localhost:{self.storefront_port}"

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        return (self.storefront_url, *self.more_origins)

    @property
    def allow_origins(self) -> list[str]:
        """The options by which a server answers pages of more origins."""
        return [f"--allow-origin={origin}" for origin in self.more_origins]


def more_origins(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the origins in ALLOWED_ORIGINS, which are separated by commas."""
    parts = (part.strip() for part in env.get("ALLOWED_ORIGINS", "").split(","))
    found = dict.fromkeys(part.lower() for part in parts if part)
    for origin in found:
        if not ORIGIN.fullmatch(origin):
            raise StackError(
                f"ALLOWED_ORIGINS has {origin!r}, which the template refuses: an "
                "origin is https://<host>, or http:// on localhost, 127.0.0.1 or "
                "[::1], without a path. Pages that this machine serves as localhost "
                "are allowed on every port, and need not be named."
            )
    return tuple(found)


def stripe_test_keys(env: Mapping[str, str]) -> StripeKeys | None:
    """Return the Stripe test keys from the environment, if it has them."""
    secret_key = env.get("STRIPE_SECRET_KEY", "")
    webhook_secret = env.get("STRIPE_WEBHOOK_SECRET", "")
    if not secret_key and not webhook_secret:
        return None
    if not secret_key.startswith(("sk_test_", "rk_test_")):
        raise StackError(
            "STRIPE_SECRET_KEY must be a test key (sk_test_...) to run against "
            "Stripe's test mode; unset both Stripe variables to use the sandbox."
        )
    if not webhook_secret.startswith("whsec_"):
        raise StackError(
            "STRIPE_SECRET_KEY is set, so STRIPE_WEBHOOK_SECRET (whsec_...) must be: "
            "`stripe listen --print-secret` prints it."
        )
    return StripeKeys(secret_key, webhook_secret, env.get("STRIPE_PUBLISHABLE_KEY", ""))


def choose_ports(env: Mapping[str, str]) -> dict[str, int]:
    """
    Return each variable's port, or its default; 0 means any free port.

    Raises StackError for all ports together that are in use.
    """
    wanted = {variable: _port_number(variable, env) for variable in DEFAULT_PORTS}
    named = [port for port in wanted.values() if port]
    for variable, port in wanted.items():
        if port and named.count(port) > 1:
            raise StackError(f"{variable} names port {port}, which is used twice.")
    chosen: dict[str, int] = {}
    taken: dict[str, int] = {}
    for variable, port in wanted.items():
        found = free_port(port)
        # A free port is closed again, so the system may name it a second time.
        while not port and found in (*named, *chosen.values()):
            found = free_port(port)
        if found is None:
            taken[variable] = port
        else:
            chosen[variable.lower()] = found
    if taken:
        raise StackError(_in_use(taken))
    return chosen


def _in_use(taken: Mapping[str, int]) -> str:
    ports = [f"{port} ({variable})" for variable, port in taken.items()]
    listed = " and ".join([", ".join(ports[:-1]), ports[-1]] if ports[1:] else ports)
    one = len(ports) == 1
    return (
        f"{'Port' if one else 'Ports'} {listed} {'is' if one else 'are'} in use. "
        f"Stop what uses {'it' if one else 'them'}, or take any free port:\n"
        f"  make run {' '.join(f'{variable}=0' for variable in taken)}"
    )


def _port_number(variable: str, env: Mapping[str, str]) -> int:
    text = env.get(variable, str(DEFAULT_PORTS[variable]))
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004
        raise StackError(f"{variable} must be a port number, not {text!r}.")
    return int(text)


def free_port(wanted: int) -> int | None:
    """Return the port, or any free one for 0; None if it is in use."""
    with socket.socket() as probe:
        # Closed connections of a previous server must not make the port look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port

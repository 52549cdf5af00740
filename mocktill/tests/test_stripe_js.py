"""What a page gets from `stripe.js`, as far as that needs no browser."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import mocktill

STRIPE_JS = Path(mocktill.__file__).with_name("static") / "stripe.js"
NODE = shutil.which("node")
PAGE = """
const { readFileSync } = require("node:fs");
globalThis.window = globalThis;
globalThis.document = { currentScript: { src: "http://127.0.0.1:4242/stripe.js" } };
(0, eval)(readFileSync(process.argv[1], "utf8"));
const thrown = (call) => { try { call(); } catch (error) { return error.name; } };
const stripe = Stripe("pk_test_1");
"""

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node")


def on_a_page(expression: str) -> object:
    script = f"{PAGE} console.log(JSON.stringify({expression}));"
    done = subprocess.run(
        [str(NODE), "--eval", script, STRIPE_JS],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "name", ["elements", "createToken", "createPaymentMethod", "confirmCardPayment"]
)
def test_what_stripes_packages_look_for_exists_and_refuses(name: str) -> None:
    seen = on_a_page(f"[typeof stripe.{name}, thrown(() => stripe.{name}())]")

    assert seen == ["function", "IntegrationError"]


def test_it_is_of_the_release_that_stripes_package_expects() -> None:
    assert on_a_page("Stripe.version") == "endive"


def test_a_key_that_is_not_for_browsers_is_refused() -> None:
    assert on_a_page('thrown(() => Stripe("sk_test_1"))') == "IntegrationError"

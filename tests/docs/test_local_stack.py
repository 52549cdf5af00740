"""docs/local-stack.md: its cards, calls and triggers are those that there are."""

import ast
import re

from local.settings import DEFAULT_PORTS
from mocktill import cards, control, debits
from mocktill.panel import routes as of_the_panel
from tests.template_file import ROOT

PAGE = (ROOT / "docs/local-stack.md").read_text()


def section(heading: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[
        0
    ]


def test_every_card_is_on_the_page() -> None:
    table = section("Cards and accounts")
    known = {*cards.CARDS, *debits.ACCOUNTS}
    assert set(re.findall(r"`(\w{9,})`", table)) - {"complete"} == known


def test_every_call_of_the_sandbox_is_on_the_page() -> None:
    named = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]*)`", PAGE))
    there_are = {
        f"{method} {route.path}"
        for route in control.routes()
        for method in route.methods - {"HEAD"}
    }
    assert named == there_are


def test_the_address_of_the_panel_is_its_own() -> None:
    paths = {route.path for route in of_the_panel()}
    [address] = set(re.findall(r"http://127\.0\.0\.1:(\d+)(/sandbox)\b", PAGE))
    assert address[0] == str(DEFAULT_PORTS["STRIPE_PORT"])
    assert address[1] in paths


def test_the_triggers_on_the_page_are_those_that_are_tried() -> None:
    page = section("Stripe's command line")
    listed = re.findall(r"^- `([\w.]+)`$", page, re.MULTILINE)
    tried = (ROOT / "tests/stack/test_stripe_cli.py").read_text()
    [triggers] = re.findall(r"^TRIGGERS = (\[.*?\])$", tried, re.MULTILINE | re.DOTALL)
    assert listed == ast.literal_eval(triggers)

"""docs/local-stack.md: its address of the panel and its triggers are right."""

import ast
import re

from local.settings import DEFAULT_PORTS
from mocktill.panel import routes as of_the_panel
from tests.template_file import ROOT

PAGE = (ROOT / "docs/local-stack.md").read_text()


def section(heading: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[
        0
    ]


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

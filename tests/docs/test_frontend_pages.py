"""What the pages for frontends and apps say of the API and of the client is so."""

import json
import re
from typing import Any

import pytest

from checkout.domain.published_events import FIELDS, NAMES
from checkout.domain.terms import LONGEST_SESSION
from checkout.kinds.auction import PAYMENT_WINDOW
from local import template_yaml
from tests.shop import Shop
from tests.template_file import ROOT

DOCS = ROOT / "docs"
FRONTEND = (DOCS / "your-frontend.md").read_text()
MOBILE = (DOCS / "mobile.md").read_text()
WAIT = (ROOT / "clients/typescript/src/wait.ts").read_text()


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of each row of the tables in a text, without their backticks."""
    return [
        [cell.strip().strip("`") for cell in row.split("|")]
        for row in re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    ]


def statuses(page: str) -> set[tuple[str, str]]:
    table = page.split("| `payment_status` | `code` |")[1].split("\n\n", maxsplit=1)[0]
    return {(status, code) for status, code, *_ in rows_of(table)}


def test_an_app_knows_what_to_show_for_every_status_of_a_payment() -> None:
    assert len(statuses(MOBILE)) > 8
    assert statuses(MOBILE) == statuses((DOCS / "api.md").read_text())


def test_the_results_are_those_of_the_client_and_so_is_who_may_pay_again() -> None:
    table = FRONTEND.split("| `result` |")[1].split("\n\n")[0]
    listed = {result: again == "yes" for result, _, again in rows_of(table)}
    results = re.search(r"type PaymentResult =(.*?);\n\n", WAIT, re.DOTALL)
    again = re.search(r"PAY_AGAIN\b.*?\[(.*?)\]", WAIT)
    assert results
    assert again
    assert set(listed) == set(re.findall(r'^  \| "(\w+)"', results[1], re.MULTILINE))
    assert {name for name, yes in listed.items() if yes} == set(
        re.findall(r"\w+", again[1])
    )


@pytest.mark.parametrize("scheme", ["myapp://paid", "http://shop.example.com/app/paid"])
def test_an_app_cannot_be_returned_to_by_another_scheme(
    shop: Shop, scheme: str
) -> None:
    example = json.loads(re.findall(r"```json\n(.*?)```", MOBILE, re.DOTALL)[0])
    urls = {"success_url": scheme, "cancel_url": "http://localhost:3000/"}

    refused = shop.call(
        "POST /payments/checkout/create",
        {"auction_id": "auction_1", **urls},
        buyer="user_1",
    )

    assert refused.status == 400
    assert refused.body | {"request_id": ""} == example | {"request_id": ""}


def test_the_events_are_published_with_what_the_page_says() -> None:
    table = MOBILE.split("| Event | When | With |")[1].split("\n\n")[0]
    for event, _, fields in rows_of(table)[1:]:
        assert event in NAMES.values()
        # The offer's id is also in the kind's own field.
        known = {*FIELDS, "amount_usd", "auction_id"}
        assert set(re.findall(r"\w+", fields)) <= known
    own = re.findall(r"^\| `(app\.[\w.]+)`", MOBILE, re.MULTILINE)
    assert own
    assert set(own).isdisjoint(NAMES.values())


def test_the_table_of_cors_is_the_templates() -> None:
    resources: Any = template_yaml.read(ROOT / "template.yaml")["Resources"]
    [cors] = [
        each["Properties"]["CorsConfiguration"]
        for each in resources.values()
        if "CorsConfiguration" in each.get("Properties", {})
    ]
    section = FRONTEND.split("\n## CORS\n")[1].split("\n## ")[0]
    said = {
        name: set(re.findall(r"[\w-]+", here)) for name, here, *_ in rows_of(section)
    }
    assert said["methods"] == set(cors["AllowMethods"]) - {"OPTIONS"}
    assert said["request headers"] == set(cors["AllowHeaders"])
    assert said["response headers that a page can read"] == set(cors["ExposeHeaders"])


def test_the_life_of_a_page_is_said_right() -> None:
    hours = LONGEST_SESSION.total_seconds() / 3600
    assert f"can be paid for {hours:.0f} hours" in FRONTEND
    assert f"can pay for {PAYMENT_WINDOW.total_seconds() / 3600:.0f} hours" in MOBILE

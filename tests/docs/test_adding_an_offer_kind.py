"""The worked example of docs/adding-an-offer-kind.md, taken from the page and sold."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from checkout import kinds
from openapi.document import document
from tests import newcomer
from tests.contract import Contract
from tests.newcomer import PAGE, blocks
from tests.shop import ORIGIN, Answer, Shop

pytestmark = pytest.mark.slow

CREATE = "POST /api/checkout/{kind}"
# All that a sixth kind takes; blank lines are not counted.
MOST_LINES = 90
KIND = {"kind": "ticket"}


@pytest.fixture
def ticket(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The offer of the page, on sale in a shop that has the page's module."""
    [source] = blocks("python")
    (tmp_path / "ticket.py").write_text(source)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    # What the import adds is taken away again with the patch.
    monkeypatch.setattr(kinds, "ticket", None, raising=False)
    monkeypatch.setitem(sys.modules, "checkout.kinds.ticket", None)
    del sys.modules["checkout.kinds.ticket"]
    described = Contract(document())
    monkeypatch.setattr("tests.shop.contract", lambda: described)
    [item] = json.loads(blocks("json")[0])
    shop.put_offer(item)
    return dict(item)


def id_of(item: dict[str, Any]) -> str:
    return str(item["id"]).partition("#")[2]


def create(shop: Shop, buyer: str = "user_1", **more: Any) -> Answer:
    [sent] = re.findall(r"-d '(\{\"ticket_id\".*?\})'", PAGE.read_text())
    body = json.loads(sent) | more
    return shop.call(CREATE, body, buyer=buyer, path=KIND)


def pay(shop: Shop) -> None:
    [session] = shop.stripe.sessions()
    shop.stripe.pay(session["id"])
    shop.deliver()


def refund(shop: Shop) -> Answer:
    [purchase] = shop.purchases()
    return shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": purchase["id"]},
    )


def look(shop: Shop, item: dict[str, Any], buyer: str | None = "user_1") -> Answer:
    """Read the offer as its buyer, or as anybody."""
    route = "GET /api/me/offers/{kind}/{id}" if buyer else "GET /api/offers/{kind}/{id}"
    return shop.call(route, buyer=buyer, path=KIND | {"id": id_of(item)})


def has_access(shop: Shop, item: dict[str, Any], buyer: str) -> bool:
    answer = shop.call(
        "GET /api/access/{kind}/{id}",
        buyer=buyer,
        path=KIND | {"id": id_of(item)},
    )
    return bool(answer.body["hasAccess"])


def test_a_ticket_is_bought_as_the_page_says(shop: Shop, ticket: dict[str, Any]):
    created = create(shop)
    assert created.status == 200, created.body
    assert set(created.body) == {"checkout_url", "payment_session_id"}
    assert not has_access(shop, ticket, "user_1")

    pay(shop)

    history = shop.call("GET /api/purchases", buyer="user_1")
    [purchase] = history.body["data"]
    assert json.loads(blocks("json")[2]).items() <= purchase.items()
    assert has_access(shop, ticket, "user_1")
    assert not has_access(shop, ticket, "user_2")
    assert shop.aws.item("OffersTable", ticket["id"])["status"] == "sold"


def test_the_shopper_returns_to_the_tickets_page(shop: Shop, ticket: dict[str, Any]):
    create(shop)

    [session] = shop.stripe.sessions()
    page = f"{ORIGIN}/tickets/{id_of(ticket)}"
    assert session["success_url"].startswith(f"{page}?session_id=")


def test_its_buyer_sees_a_ticket_as_the_page_says(shop: Shop, ticket: dict[str, Any]):
    answer = look(shop, ticket)

    assert (answer.status, answer.body) == (200, json.loads(blocks("json")[1]))
    assert look(shop, ticket, buyer="user_2").status == 404


def test_its_buyer_reads_why_a_ticket_cannot_be_bought(
    shop: Shop, ticket: dict[str, Any]
):
    create(shop)
    assert look(shop, ticket).body["buyable"] is True
    pay(shop)

    body = look(shop, ticket).body

    refused = create(shop).body
    assert (body["buyable"], body["status"]) == (False, "sold")
    assert body["reason"] == {name: refused[name] for name in ("code", "error")}


def test_a_ticket_is_the_business_of_one_person(shop: Shop, ticket: dict[str, Any]):
    assert look(shop, ticket, buyer=None).status == 404


def test_anybody_sees_what_a_new_kind_makes_public(
    shop: Shop, ticket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    _, model = kinds.model_of("ticket")
    monkeypatch.setattr(model, "PUBLIC", ("title", "price", "seat", "status"))
    described = Contract(document())
    monkeypatch.setattr("tests.shop.contract", lambda: described)

    shown = {"kind": "ticket", "id": "A-17", "title": "Winter gala, front row"}
    shown |= {"price_cents": 8200, "currency": "eur", "seat": "A 17"}
    assert look(shop, ticket, buyer=None).body == shown | {"status": "held"}
    create(shop)
    pay(shop)
    assert look(shop, ticket, buyer=None).body == shown | {"status": "sold"}
    shop.change_offer(ticket["id"], status="released")
    assert look(shop, ticket, buyer=None).status == 404


def test_a_ticket_is_sold_once(shop: Shop, ticket: dict[str, Any]):  # noqa: ARG001
    create(shop)
    pay(shop)

    again = create(shop)

    assert (again.status, again.body["code"]) == (409, "already_purchased")


def test_a_refunded_ticket_is_returned_and_may_be_held_again(
    shop: Shop, ticket: dict[str, Any]
):
    create(shop)
    pay(shop)

    assert refund(shop).status == 200

    assert not has_access(shop, ticket, "user_1")
    assert shop.aws.item("OffersTable", ticket["id"])["status"] == "returned"
    assert create(shop).body["code"] == "not_purchasable"
    shop.change_offer(ticket["id"], status="held")
    assert create(shop).status == 200


def test_a_ticket_that_is_released_while_its_buyer_pays_is_refunded(
    shop: Shop, ticket: dict[str, Any]
):
    create(shop)
    shop.change_offer(ticket["id"], status="released")

    pay(shop)

    [purchase] = shop.purchases()
    assert purchase["status"] == "refunded"
    assert shop.aws.item("OffersTable", ticket["id"])["status"] == "released"


def test_a_ticket_held_for_somebody_else_does_not_exist(
    shop: Shop,
    ticket: dict[str, Any],  # noqa: ARG001
):
    answer = create(shop, buyer="user_2")

    assert (answer.status, answer.body["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"status": "released"}, 400, "not_purchasable"),
        ({"price": None}, 400, "not_purchasable"),
        ({"price": {"amount": 8200, "currency": "xyz"}}, 400, "not_purchasable"),
        ({"price": {"amount": 49, "currency": "eur"}}, 400, "not_purchasable"),
        ({"seat": 17}, 400, "not_purchasable"),
        ({"gate": "3"}, 400, "not_purchasable"),
        ({"title": None}, 400, "not_purchasable"),
        ({"status": ["held"]}, 400, "not_purchasable"),
        ({"held_for": ["user_1"]}, 404, "not_found"),
        ({"status": "sold"}, 409, "already_purchased"),
    ],
)
def test_a_ticket_that_cannot_be_sold_is_refused(
    shop: Shop, ticket: dict[str, Any], changes: dict[str, Any], status: int, code: str
):
    shop.change_offer(ticket["id"], **changes)

    answer = create(shop)

    assert (answer.status, answer.body["code"]) == (status, code)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"seat": None}, ["seat"]),
        ({"status": "Held"}, ["status"]),
        ({"gate": 0}, ["gate"]),
        ({"gate": 41}, ["gate"]),
    ],
)
def test_the_command_line_checks_the_fields_that_the_module_lists(
    ticket: dict[str, Any], changes: dict[str, Any], fields: list[str]
):
    from cli.offer_file import problems_of  # noqa: PLC0415 - once the environment is set

    problems = problems_of([ticket | changes])

    assert [problem.field for problem in problems] == fields


def test_a_field_that_the_request_does_not_have_is_refused(
    shop: Shop,
    ticket: dict[str, Any],  # noqa: ARG001
):
    answer = create(shop, price=1)

    assert answer.status == 400
    assert [field["field"] for field in answer.body["fields"]] == ["price"]


@pytest.fixture(scope="module")
def with_the_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of a reader who has written the page's files."""
    return newcomer.copy(tmp_path_factory.mktemp("newcomer"))


def test_the_command_adds_the_kind_to_the_document_and_the_tables(
    with_the_file: Path,
) -> None:
    newcomer.run(with_the_file, newcomer.block_with("make openapi"))

    document = json.loads(
        (with_the_file / "functions/openapi/openapi.json").read_text()
    )
    OpenAPIV31SpecValidator(document).validate()
    assert {
        "/api/checkout/ticket",
        "/api/offers/ticket/{id}",
        "/api/offers/ticket",
    } <= set(document["paths"])
    schemas = document["components"]["schemas"]
    gate = schemas["TicketOffer"]["properties"]["gate"]
    assert (gate["minimum"], gate["maximum"]) == (1, 40)
    assert gate["description"] == "The entrance that is next to the seat."
    assert schemas["StoredTicket"]["properties"]["status"]["enum"] == [
        *("held", "released", "sold", "returned")
    ]
    assert {"ticketId", "seat", "gate"} <= set(schemas["Purchase"]["properties"])
    tables = (with_the_file / "docs/api.md").read_text()
    assert "#### `ticket`\n" in tables
    assert "| `gate` | whole number, 1 to 40 | Required." in tables


def test_the_sample_of_the_page_is_found_valid(with_the_file: Path) -> None:
    [command, _] = newcomer.block_with("offers validate").splitlines()

    assert newcomer.run(with_the_file, command) == "1 offer, no problems.\n"


def test_the_file_is_as_short_as_the_page_says() -> None:
    [source] = blocks("python")

    assert len([line for line in source.splitlines() if line.strip()]) <= MOST_LINES


def test_the_example_leaves_nothing_behind():
    folder = Path(kinds.__path__[0])

    assert not (folder / "ticket.py").exists()
    assert "checkout.kinds.ticket" not in sys.modules

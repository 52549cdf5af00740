"""A change of the code is seen in the running stack, and its data stays."""

import json
from pathlib import Path

import pytest

from tests.stack.conftest import started
from tests.stack.http_shop import HttpShop, buy, eventually
from tests.working_copy import copy_repository, link_environments

OFFERS = "functions/offers/app.py"
REFUSED = "layers/common/checkout/flows/show_buyable.py"


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy of the working tree, which a test may change."""
    copied = copy_repository(tmp_path_factory.mktemp("live") / "repository")
    link_environments(copied)
    return copied


@pytest.fixture(scope="module")
def stack(repository):
    stack_file = repository / ".local/stack.json"
    with started(repository, stack_file, logs=repository, env={}) as stack:
        yield stack


@pytest.fixture
def shop(stack):
    return HttpShop(stack)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def answer(shop):
    return shop.call("GET", "/api/offers/bid/none", None).json()["error"]


def said(repository):
    return (repository / "output.log").read_text()


def test_before_any_change_the_built_code_runs(repository, shop):
    assert answer(shop) == "There is no such offer."
    assert not (repository / ".local/live").exists()
    [layer] = (repository / ".local/tmp/layers").iterdir()
    built = repository / ".local/build/CommonLayer/python/checkout"
    for path in built.rglob("*.pyc"):
        unpacked = layer / "python/checkout" / path.relative_to(built)
        assert unpacked.read_bytes() == path.read_bytes()


def test_a_change_is_live_without_a_restart_and_the_tables_stay(
    repository, shop, buyer
):
    offer, _ = buy(shop, buyer)
    [purchase] = eventually(lambda: shop.purchases_of(offer))

    replace(repository / REFUSED, "There is no such offer.", "Changed in the package.")
    assert eventually(lambda: answer(shop) == "Changed in the package.")

    replace(
        repository / OFFERS,
        "def get_offer(request: Request) -> dict[str, Any]:",
        "def get_offer(request: Request) -> dict[str, Any]:\n"
        '    raise NotFoundError("Changed in the function.")\n',
    )
    assert eventually(lambda: answer(shop) == "Changed in the function.")

    assert eventually(lambda: "offers is live: " in said(repository))
    assert "layers/common/checkout is live: " in said(repository)
    [listed] = shop.get("/api/purchases", buyer)["data"]
    assert listed["id"] == purchase["id"]


def test_a_syntax_error_is_shown_and_the_old_code_keeps_running(repository, shop):
    before = answer(shop)

    with (repository / OFFERS).open("a") as file:
        file.write("def broken(:\n")

    assert eventually(lambda: f"{OFFERS}:" in said(repository))
    assert answer(shop) == before


def test_a_change_of_the_template_says_what_to_do(repository):
    with (repository / "template.yaml").open("a") as file:
        file.write("# changed\n")

    assert eventually(lambda: "template.yaml has changed" in said(repository))
    assert json.loads((repository / ".local/stack.json").read_text())

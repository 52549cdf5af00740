"""
What docs/adding-an-offer-kind.md has a newcomer type, typed on a stack with the kind.

The stack starts from a copy of the repository that has the page's file, so that the
layer is built with it.
"""

import json

import pytest

from tests import newcomer
from tests.stack.conftest import started
from tests.stack.http_shop import HttpShop, eventually


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return newcomer.copy(tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="module")
def stack(repository):
    """The stack of the reader; `make run` without its check of what is installed."""
    stack_file = repository / ".local/stack.json"
    with started(repository, stack_file, logs=repository, env={}) as stack:
        yield stack


def test_the_page_is_typed_as_it_is(repository, stack):
    blocks = newcomer.blocks("sh")
    assert [block for block in blocks if "make" in block] == [
        "make openapi\n",
        "make run\n",
    ]
    validate, log_in, look, buy, access, write = (b for b in blocks if "make" not in b)
    _, buyable, purchased = map(json.loads, newcomer.blocks("json"))
    shop = HttpShop(stack)

    def typed(*commands):
        return newcomer.run(repository, "".join(commands))

    assert "1 offer, no problems." in typed(validate)

    assert json.loads(typed(log_in, look)) == buyable

    bought = json.loads(typed(log_in, buy))
    assert set(bought) == {"checkout_url", "payment_session_id"}
    page = bought["checkout_url"].partition("#")[0]
    shop.stripe.pay(page.rpartition("/")[2])
    assert eventually(lambda: json.loads(typed(log_in, access))["hasAccess"])

    purchase = shop.call("GET", "/api/purchases", "user_1").json()["data"][0]
    assert purchased.items() <= purchase.items()

    answers = typed(log_in, write).replace("}{", "}\n{").splitlines()
    put, withdrawn = (json.loads(answer) for answer in answers)
    assert (put["status"], put["version"]) == ("held", 1)
    assert (withdrawn["status"], withdrawn["open_sessions"]) == ("released", False)

"""The command line that pipx installs works on a stack as ./checkout does."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.cli_package import install, typed
from tests.stack.http_shop import HttpShop, buy, eventually


def test_the_installed_command_shows_and_refunds_a_payment(
    stack: Any, shop: HttpShop, buyer: str, tmp_path: Path
) -> None:
    command = install(tmp_path)
    described = tmp_path / "stack.json"
    described.write_text(json.dumps(asdict(stack)))
    offer, session_id = buy(shop, buyer)
    [purchase] = eventually(lambda: shop.purchases_of(offer))

    def answer(*arguments: str) -> Any:
        result = typed(
            command, "--local", *arguments, "--json", CHECKOUT_STACK_JSON=str(described)
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    for given in (buyer, purchase["stripe_payment_intent_id"]):
        assert [each["id"] for each in answer("show", given)["found"]] == [session_id]
    refunded = answer("refund", buyer, "--yes")["purchase"]
    assert refunded["status"] == "refunded"

"""A host application's own function, as docs/api.md has it, writes offers."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.template_yaml import Loader
from tests import template_file
from tests.shop import Shop
from tests.template_file import ROOT

OFFER = {
    "status": "active",
    "title": "A lamp",
    "price": {"amount": 500, "currency": "usd"},
}
# Those of the embedded AWS of the tests, and of Python itself.
OUTSIDE = ("AWS_", "MOTO_", "HOME", "PATH", "TZ")


def block(language: str) -> str:
    page = (ROOT / "docs/api.md").read_text()
    section = page.split("### Write offers from another Lambda")[1].split("\n## ")[0]
    [found] = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return found


def described() -> dict[str, Any]:
    function = yaml.load(block("yaml"), Loader=Loader)["WriteOffers"]  # noqa: S506
    properties: dict[str, Any] = function["Properties"]
    return properties


def granted(statements: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return each action with the name of its resource, however that is referred to."""
    return {
        (action, target_of(resource))
        for statement in statements
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def target_of(resource: Any) -> str:
    text = resource.get("Fn::Sub") or f"${{{resource['Fn::GetAtt'][0]}.Arn}}"
    [name] = re.findall(
        r"\$\{(\w+?)(?:\.Arn|Name)?\}", re.sub(r"\$\{AWS::\w+\}", "", text)
    )
    [index] = re.findall(r"/index/.*", text) or [""]
    return name + index


def test_the_function_may_do_what_our_own_may() -> None:
    [policy] = described()["Policies"]
    ours = template_file.statements_of("WriteOffersFunction")

    assert granted(policy["Statement"]) == granted(ours)


def test_the_layer_is_an_output() -> None:
    [layer] = described()["Layers"]

    assert template_file.template()["Outputs"][layer["Ref"]]["Value"] == {
        "Ref": "CommonLayer"
    }


def test_the_variables_are_enough(tmp_path: Path) -> None:
    """In a process of its own, which has no other variables."""
    (tmp_path / "app.py").write_text(block("python"))
    variables = described()["Environment"]["Variables"]
    texts = {n: v if isinstance(v, str) else v["Ref"] for n, v in variables.items()}
    subprocess.run(
        [sys.executable, "-c", "import app; app.writer.put"],
        check=True,
        env=texts | {"PYTHONPATH": f"{tmp_path}:{ROOT / 'layers/common'}"},
    )


def test_its_code_writes_and_refuses_offers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = template_file.functions()["WriteOffersFunction"]
    values = template_file.environment_of(variables, shop.values)
    for name in [n for n in os.environ if not n.startswith(OUTSIDE)]:
        monkeypatch.delenv(name)
    for name in described()["Environment"]["Variables"]:
        monkeypatch.setenv(name, values[name])
    module: dict[str, Any] = {}
    exec(block("python"), module)  # noqa: S102 - what the page says

    def call(offer: Any) -> Any:
        answer = module["lambda_handler"]({"id": "lamp", "offer": offer}, None)
        return json.loads(json.dumps(answer))

    assert call(OFFER) == {"version": 1, "is_new": True}
    assert call(OFFER) == {"version": 2, "is_new": False}
    assert "title" in call({**OFFER, "title": ""})["problems"]
    withdrawn = module["writer"].withdraw("product", "lamp")
    assert withdrawn["status"] == "inactive"
    bought = shop.create("product", product_id="lamp")
    assert bought.status == 404

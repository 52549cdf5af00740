"""template.yaml, with CloudFormation's short forms as their long ones."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their long ones."""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case yaml.MappingNode():
            return {name: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"nothing is known of {node}")


Loader.add_multi_constructor("!", _short_form)


@cache
def template() -> dict[str, Any]:
    text = (ROOT / "template.yaml").read_text()
    return yaml.load(text, Loader=Loader)  # type: ignore[no-any-return]  # noqa: S506

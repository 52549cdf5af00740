"""Reads CloudFormation's templates, with its short forms as their long ones."""

from pathlib import Path
from typing import Any

import yaml


class Loader(yaml.SafeLoader):
    """Reads `!Ref x` as `{Ref: x}`."""


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
    raise ValueError(f"The template has an unknown kind of node: {node}")


Loader.add_multi_constructor("!", _short_form)


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(file.read_text(), Loader=Loader)  # noqa: S506
    return found

"""
Writes the template's variants for regions that lack a service: `make variants`.

CloudFormation refuses a template with a type of resource that the region does not know,
even if a condition leaves the resource out. So these are templates of their own, made
from template.yaml each time: what a region lacks is taken out, with all that refers to
it. They are written beside template.yaml, since their paths are its own, and are not
kept in the repository, where they would grow old.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import yaml

from local import template_yaml
from local.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

type Json = Any
type Template = dict[str, Any]

# Stripe's endpoint then has the API's address; any of the four routes would do.
WEBHOOK_PATH = "/webhooks/stripe"
REFERENCE = re.compile(r"\$\{([\w:]+)[^}]*\}")


def without_function_urls(template: Template) -> Template:
    """Take out the webhook's Lambda URL: Stripe's events come through the API."""
    changed = copy.deepcopy(template)
    for name, resource in changed["Resources"].items():
        if resource["Properties"].pop("FunctionUrlConfig", None):
            changed = _without_url(changed, f"{name}Url")
    return _checked(changed, template)


def without_cognito(template: Template) -> Template:
    """Take out the user pool: the tokens are another issuer's."""
    changed = assume(copy.deepcopy(template), {"OwnUserPool": False})
    for name in ("JwtIssuer", "JwtAudience"):
        parameter = changed["Parameters"][name]
        del parameter["Default"]
        parameter["MinLength"] = 1
        parameter["Description"] = parameter["Description"].partition(" Leave empty")[0]
    return _checked(changed, template)


def without_snapstart(template: Template) -> Template:
    """Take out SnapStart: none of the regions that lack the others has it."""
    changed = assume(copy.deepcopy(template), {"UseSnapStart": False})
    line = re.compile(r"^SnapStart \$\{SnapStart\}\n", re.MULTILINE)
    return _checked(_replaced(changed, None, None, line), template)


VARIANTS: dict[str, tuple[Callable[[Template], Template], ...]] = {
    "without-function-urls": (without_snapstart, without_function_urls),
    "without-cognito": (without_snapstart, without_cognito),
    "without-both": (without_snapstart, without_function_urls, without_cognito),
}


def variant(name: str) -> Template:
    template = template_yaml.read(ROOT / "template.yaml")
    for change in VARIANTS[name]:
        template = change(template)
    return template


def file_of(name: str) -> Path:
    return ROOT / f"template-{name}.yaml"


def text_of(name: str) -> str:
    # Without aliases, which CloudFormation does not read.
    dumper = yaml.SafeDumper
    dumper.ignore_aliases = lambda self, data: True  # type: ignore[method-assign] # noqa: ARG005
    body = yaml.dump(variant(name), Dumper=dumper, sort_keys=False, width=100)
    return f"# Made from template.yaml by `make variants`: change that file.\n{body}"


# ---------------------------------------------------------------- conditions


def assume(template: Template, known: dict[str, bool]) -> Template:
    """Return the template for the case that the conditions *known* are so."""
    known = dict(known)
    conditions = {n: c for n, c in template["Conditions"].items() if n not in known}
    while True:
        folded = {name: _folded(c, known) for name, c in conditions.items()}
        decided = {name: c for name, c in folded.items() if isinstance(c, bool)}
        conditions = {n: c for n, c in folded.items() if n not in decided}
        if not decided:
            break
        known |= decided
    changed: Template = _chosen(template | {"Conditions": conditions}, known)
    for section in ("Resources", "Outputs"):
        changed[section] = {
            name: {k: v for k, v in each.items() if k != "Condition" or v not in known}
            for name, each in changed[section].items()
            if known.get(each.get("Condition", ""), True)
        }
    return changed


def _folded(condition: Json, known: dict[str, bool]) -> Json:
    """Return what is left of a condition: True, False, or a smaller condition."""
    match condition:
        case {"Condition": name} if name in known:
            return known[name]
        case {"Fn::Not": [inner]}:
            rest = _folded(inner, known)
            return (not rest) if isinstance(rest, bool) else {"Fn::Not": [rest]}
        case {"Fn::And": parts}:
            return _joined("Fn::And", [_folded(part, known) for part in parts])
        case {"Fn::Or": parts}:
            return _joined("Fn::Or", [_folded(part, known) for part in parts])
    return condition


def _joined(name: str, parts: list[Json]) -> Json:
    deciding = name == "Fn::Or"
    if any(part is deciding for part in parts):
        return deciding
    rest = [part for part in parts if not isinstance(part, bool)]
    if len(rest) > 1:
        return {name: rest}
    return rest[0] if rest else not deciding


def _chosen(value: Json, known: dict[str, bool]) -> Json:
    """Replace each `Fn::If` on a known condition by the branch that holds."""
    match value:
        case {"Fn::If": [name, then, otherwise]} if name in known:
            return _chosen(then if known[name] else otherwise, known)
        case dict():
            return {key: _chosen(inner, known) for key, inner in value.items()}
        case list():
            return [_chosen(inner, known) for inner in value]
    return value


# ---------------------------------------------------------------- references


def _without_url(template: Template, url: str) -> Template:
    """Replace the URL by the API's address, and leave it out of lists of addresses."""
    api = template["Outputs"]["ApiUrl"]["Value"]
    changed: Template = _replaced(
        template,
        {"Fn::GetAtt": [url, "FunctionUrl"]},
        {"Fn::Sub": [f"${{Api}}{WEBHOOK_PATH}", {"Api": api}]},
        re.compile(rf"\$\{{{url}\.FunctionUrl\}},?\s*"),
    )
    return changed


def _replaced(value: Json, old: Json, new: Json, in_texts: re.Pattern[str]) -> Json:
    match value:
        case _ if value == old:
            return copy.deepcopy(new)
        case dict():
            return {k: _replaced(v, old, new, in_texts) for k, v in value.items()}
        case list():
            return [_replaced(inner, old, new, in_texts) for inner in value]
        case str():
            return in_texts.sub("", value)
    return value


def _checked(changed: Template, before: Template) -> Template:
    """
    Drop conditions, rules and parameters of what is gone.

    Raises ValueError if something still refers to what is gone.
    """
    used = used_by_resources(changed)
    unused = used_by_resources(before) - used
    for section in ("Conditions", "Parameters"):
        for name in unused & changed[section].keys():
            del changed[section][name]
    for name, rule in [*changed["Rules"].items()]:
        if unused & {*references(rule)}:
            del changed["Rules"][name]
    interface = changed["Metadata"]["AWS::CloudFormation::Interface"]
    for group in interface["ParameterGroups"]:
        group["Parameters"] = [
            name for name in group["Parameters"] if name in changed["Parameters"]
        ]
    interface["ParameterGroups"] = [
        group for group in interface["ParameterGroups"] if group["Parameters"]
    ]
    gone = before["Resources"].keys() - changed["Resources"].keys()
    gone |= before["Conditions"].keys() - changed["Conditions"].keys()
    gone |= {
        f"{name}Url"
        for name, resource in before["Resources"].items()
        if "FunctionUrlConfig" in resource["Properties"]
        and "FunctionUrlConfig" not in changed["Resources"][name]["Properties"]
    }
    if missed := gone & {*references(changed)}:
        raise ValueError(f"The template still refers to: {', '.join(sorted(missed))}.")
    return changed


def used_by_resources(template: Template) -> set[str]:
    """Return every name that resources and outputs need, conditions included."""
    parts = ("Globals", "Resources", "Outputs")
    used = {*references([template[part] for part in parts])}
    while True:
        conditions = [c for n, c in template["Conditions"].items() if n in used]
        if used >= (more := {*references(conditions)}):
            return used
        used |= more


def references(value: Json) -> Iterator[str]:
    """Yield every name that a part of a template refers to."""
    match value:
        case {"Ref": str(name)} | {"Condition": str(name)} | {"Fn::If": [name, *_]}:
            yield name.partition(".")[0]
        case {"Fn::GetAtt": [name, *_]}:
            yield name
    match value:
        case dict():
            for key, inner in value.items():
                if key == "DependsOn":
                    yield from [inner] if isinstance(inner, str) else inner
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)
        case str():
            yield from REFERENCE.findall(value)


def main() -> None:
    for name in VARIANTS:
        file_of(name).write_text(text_of(name))
        print(f"wrote {file_of(name).name}")  # noqa: T201 - the program's output


if __name__ == "__main__":
    main()

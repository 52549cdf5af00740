"""Each template is right in the regions for which it is meant."""

import copy
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import template_yaml, variants
from tests.template.transformed import SAM_PYTHON
from tests.template_file import ROOT, functions, template

BROKEN = "broken.yaml"
REGIONS = {
    "template.yaml": ["us-east-1", "eu-central-1"],
    "stacks/edge.yaml": ["us-east-1"],
    "template-without-function-urls.yaml": ["us-gov-west-1"],
    "template-without-cognito.yaml": ["cn-north-1"],
    "template-without-both.yaml": ["cn-northwest-1"],
    # template.yaml, where something is lacking: a test of the test.
    BROKEN: ["us-gov-west-1", "cn-north-1"],
}


def what_cfn_lint_says(folder: Path) -> dict[str, list[str]]:
    """Return what cfn-lint says of the templates after SAM's transform."""
    if not SAM_PYTHON.exists():
        pytest.skip("needs the SAM CLI: `make .venvs/sam/ready` installs it")
    (folder / "stacks").mkdir()
    for name in ("template.yaml", "stacks/edge.yaml"):
        (folder / name).write_text((ROOT / name).read_text())
    (folder / BROKEN).write_text((ROOT / "template.yaml").read_text())
    for name in variants.VARIANTS:
        (folder / variants.file_of(name).name).write_text(variants.text_of(name))
    printed = subprocess.run(
        [SAM_PYTHON, ROOT / "tests/template/lint.py"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        input=json.dumps(REGIONS),
    ).stdout
    found: dict[str, list[str]] = json.loads(printed)
    return found


@pytest.mark.slow
def test_cfn_lint_finds_only_what_a_region_lacks(tmp_path: Path) -> None:
    """One test: cfn-lint takes half a minute to read CloudFormation's schemas."""
    said = what_cfn_lint_says(tmp_path)

    broken = "\n".join(said.pop(BROKEN))
    assert "AWS::Lambda::Url" in broken
    assert "AWS::Cognito::UserPool" in broken
    assert said == {file: [] for file in REGIONS if file != BROKEN}


def test_every_variant_is_checked_for_a_region() -> None:
    files = {variants.file_of(name).name for name in variants.VARIANTS}

    assert files <= REGIONS.keys()


# ---------------------------------------------------------------- the variants


def without(name: str) -> dict[str, Any]:
    return variants.variant(name)


def test_without_function_urls_stripe_calls_the_api() -> None:
    changed = without("without-function-urls")

    assert "FunctionUrl" not in json.dumps(changed)
    value = changed["Outputs"]["WebhookUrl"]["Value"]
    assert value == {
        "Fn::Sub": [
            "${Api}/webhooks/stripe",
            {"Api": template()["Outputs"]["ApiUrl"]["Value"]},
        ]
    }
    variables = changed["Resources"]["ReconcileFunction"]["Properties"]["Environment"]
    addresses, _ = variables["Variables"]["WEBHOOK_URLS"]["Fn::Sub"]
    hooks = functions()["StripeWebhookFunction"]["Events"].values()
    assert addresses.split(", ") == [
        *(f"https://${{ApiHost}}{hook['Properties']['Path']}" for hook in hooks),
        "${OtherWebhookUrls}",
    ]


def test_without_cognito_an_issuer_is_asked_for() -> None:
    changed = without("without-cognito")

    assert "AWS::Cognito" not in json.dumps(changed)
    assert "OwnUserPool" not in json.dumps(changed)
    for name in ("JwtIssuer", "JwtAudience"):
        parameter = changed["Parameters"][name]
        assert "Default" not in parameter
        assert parameter["MinLength"] == 1
    authorizer = changed["Resources"]["HttpApi"]["Properties"]["Auth"]["Authorizers"]
    assert authorizer["Buyer"]["JwtConfiguration"] == {
        "issuer": {"Ref": "JwtIssuer"},
        "audience": [{"Ref": "JwtAudience"}],
    }


@pytest.mark.parametrize("name", variants.VARIANTS)
def test_a_variant_is_the_template_in_all_else(name: str) -> None:
    changed = without(name)
    lacking = re.compile("Cognito") if "cognito" in name or "both" in name else None
    kept = {
        resource
        for resource, each in template()["Resources"].items()
        if not (lacking and lacking.search(each["Type"]))
    }

    assert changed["Resources"].keys() == kept
    gone = template()["Parameters"].keys() - changed["Parameters"].keys()
    assert changed["Rules"] == {
        rule: each
        for rule, each in template()["Rules"].items()
        if not gone & {*variants.references(each)}
    }
    function = template()["Globals"]["Function"]
    without_snapstart = function | {"SnapStart": {"Ref": "AWS::NoValue"}}
    assert changed["Globals"] == {"Function": without_snapstart}


@pytest.mark.parametrize("name", variants.VARIANTS)
def test_the_console_shows_every_parameter_of_a_variant(name: str) -> None:
    changed = without(name)
    groups = changed["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [each for group in groups for each in group["Parameters"]]

    assert sorted(grouped) == sorted(changed["Parameters"])


@pytest.mark.parametrize("name", variants.VARIANTS)
def test_what_is_written_is_what_was_made(name: str, tmp_path: Path) -> None:
    file = tmp_path / "variant.yaml"
    file.write_text(variants.text_of(name))

    assert template_yaml.read(file) == without(name)


def test_a_variant_is_never_committed() -> None:
    """It would grow old beside the template."""
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert "/template-without-*.yaml" in ignored
    for name in variants.VARIANTS:
        assert variants.file_of(name).match("template-without-*.yaml")


def test_what_still_refers_to_something_gone_is_found() -> None:
    broken = copy.deepcopy(template())
    broken["Outputs"]["Another"] = {
        "Value": {"Fn::Sub": "${StripeWebhookFunctionUrl.AuthType}"}
    }
    with pytest.raises(ValueError, match="StripeWebhookFunctionUrl"):
        variants.without_function_urls(broken)

    broken["Outputs"]["Another"] = {"Value": {"Ref": "UserPool"}}
    with pytest.raises(ValueError, match="UserPool"):
        variants.without_cognito(broken)


def test_a_parameter_of_what_is_gone_goes_too() -> None:
    more = copy.deepcopy(template())
    more["Parameters"]["PoolName"] = {"Type": "String", "Default": "buyers"}
    more["Resources"]["UserPool"]["Properties"]["UserPoolName"] = {"Ref": "PoolName"}

    assert "PoolName" not in variants.without_cognito(more)["Parameters"]


def test_a_condition_is_folded_into_those_that_are_made_of_it() -> None:
    small = {
        "Conditions": {
            "A": {"Fn::Equals": [{"Ref": "X"}, ""]},
            "B": {"Fn::Equals": [{"Ref": "Y"}, ""]},
            "NotA": {"Fn::Not": [{"Condition": "A"}]},
            "AandB": {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]},
            "NotAandB": {"Fn::And": [{"Condition": "NotA"}, {"Condition": "B"}]},
            "AorB": {"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]},
            "NotAorB": {"Fn::Or": [{"Condition": "NotA"}, {"Condition": "B"}]},
        },
        "Resources": {
            "One": {"Condition": "AandB", "Properties": {}},
            "Two": {
                "Condition": "NotA",
                "Properties": {"P": {"Fn::If": ["A", "then", "otherwise"]}},
            },
            "Three": {"Condition": "NotAandB", "Properties": {}},
        },
        "Outputs": {"Four": {"Condition": "A", "Value": ""}},
    }

    assumed = variants.assume(small, {"A": False})

    assert assumed["Conditions"] == {
        "B": {"Fn::Equals": [{"Ref": "Y"}, ""]},
        "NotAandB": {"Condition": "B"},
        "AorB": {"Condition": "B"},
    }
    assert assumed["Resources"] == {
        "Two": {"Properties": {"P": "otherwise"}},
        "Three": {"Condition": "NotAandB", "Properties": {}},
    }
    assert assumed["Outputs"] == {}

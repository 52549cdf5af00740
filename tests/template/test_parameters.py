"""What the parameters take: a mistake is found before anything is deployed."""

import re
import tomllib
from typing import Any

import pytest

from tests.template_file import ROOT, template

PARAMETERS: dict[str, dict[str, Any]] = template()["Parameters"]

ORIGINS = ["FrontendUrl", "AllowedOrigins"]
ADDRESSES = [*ORIGINS, "JwtIssuer", "StripeApiBase", "SegmentApiBase"]


def takes(name: str, value: str) -> bool:
    """Whether CloudFormation accepts one value; its patterns match the whole text."""
    parameter = PARAMETERS[name]
    if "AllowedValues" in parameter:
        return value in map(str, parameter["AllowedValues"])
    return re.fullmatch(parameter["AllowedPattern"], value) is not None


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_is_described(name: str) -> None:
    description = PARAMETERS[name]["Description"]

    assert description.endswith(".")
    assert len(description) > len(name) + 10


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_it_takes(name: str) -> None:
    parameter = PARAMETERS[name]
    if parameter["Type"] == "Number" and "AllowedValues" not in parameter:
        assert {"MinValue", "MaxValue"} <= parameter.keys()
    else:
        says = {"AllowedValues", "AllowedPattern"} & parameter.keys()
        assert len(says) == 1


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_pattern_is_for_the_whole_value(name: str) -> None:
    """CloudFormation matches all of it; other readers of the template might not."""
    pattern = PARAMETERS[name].get("AllowedPattern", "^$")

    assert pattern.startswith("^")
    assert pattern.endswith("$")
    # Not `^a|b$`, whose ends belong to one of the two only.
    assert "|" not in re.sub(r"\((?:[^()]|\([^()]*\))*\)", "", pattern)


@pytest.mark.parametrize(
    "name", [name for name, each in PARAMETERS.items() if "Default" in each]
)
def test_a_default_is_taken(name: str) -> None:
    parameter = PARAMETERS[name]
    if "MinValue" in parameter:
        smallest, largest = parameter["MinValue"], parameter["MaxValue"]
        assert smallest <= float(parameter["Default"]) <= largest
    else:
        assert takes(name, str(parameter["Default"]))


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_what_an_environment_gives_is_taken(environment: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    given = config[environment]["deploy"]["parameters"]["parameter_overrides"]
    for override in given:
        name, _, value = override.partition("=")
        if PARAMETERS[name]["Type"] == "CommaDelimitedList":
            assert all(takes(name, each) for each in value.split(",")), override
        elif "MinValue" not in PARAMETERS[name]:
            assert takes(name, value), override


# ---------------------------------------------------------------- https


@pytest.mark.parametrize("name", ADDRESSES)
def test_plain_http_never_leaves_the_machine(name: str) -> None:
    """
    Rules of CloudFormation cannot look into a text, so the pattern is for both modes.

    In live mode, no buyer is sent to http on this machine either (domain/redirects.py).
    """
    assert takes(name, "https://shop.example.com")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert takes(name, f"http://{host}:3000")
    for url in (
        "http://shop.example.com",
        "http://localhost.example.com",
        "http://localhost@example.com",
        "http://127.0.0.1.example.com",
        "ftp://shop.example.com",
        "shop.example.com",
        "https://",
    ):
        assert not takes(name, url), url


@pytest.mark.parametrize("name", ORIGINS)
def test_an_origin_has_no_path(name: str) -> None:
    """A browser sends none: `https://shop.example.com/` would match no request."""
    assert not takes(name, "https://shop.example.com/")
    assert not takes(name, "*")


def test_the_shoppers_own_machine_is_a_shop_in_test_mode_only() -> None:
    rule = template()["Rules"]["LoopbackOriginsAreForTests"]
    [only] = rule["Assertions"]

    assert rule["RuleCondition"] == {
        "Fn::Equals": [{"Ref": "AllowLoopbackOrigins"}, "on"]
    }
    assert only["Assert"] == {"Fn::Equals": [{"Ref": "StripeMode"}, "test"]}
    assert PARAMETERS["AllowLoopbackOrigins"]["Default"] == "off"


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "https://tenant.eu.auth0.com/",
        "https://clerk.example.com",
        "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12",
        "http://127.0.0.1:9400",
    ],
)
def test_an_issuer_may_end_with_a_slash_as_its_tokens_do(issuer: str) -> None:
    assert takes("JwtIssuer", issuer)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("DomainName", "pay.example.com", ["https://pay.example.com", "pay", "a..b"]),
        (
            "CertificateArn",
            "arn:aws:acm:eu-central-1:111122223333:certificate/0d6b-1f9e",
            ["arn:aws:iam::111122223333:server-certificate/x", "0d6b"],
        ),
        ("HostedZoneId", "Z0123456789ABCDEF", ["/hostedzone/Z01", "example.com"]),
        (
            "KmsKeyArn",
            "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/0d6b-1f9e",
            ["alias/payments", "arn:aws:kms:eu-central-1:111122223333:alias/payments"],
        ),
        (
            "PermissionsBoundaryArn",
            "arn:aws-cn:iam::111122223333:policy/team/boundary",
            ["boundary", "arn:aws:iam::111122223333:role/boundary"],
        ),
        (
            "AlarmTopicArn",
            "arn:aws:sns:eu-central-1:111122223333:payments",
            ["payments", "arn:aws:sqs:eu-central-1:111122223333:payments"],
        ),
        (
            "OtherWebhookUrls",
            "https://a.example.com/hook, https://b.example.com/hook",
            ["http://a.example.com", "https://a.example.com,", "a.example.com"],
        ),
        ("StripeSecretKeyName", "prod/stripe/secret-key", ["", "*", "a b"]),
        ("SegmentWriteKeyName", "segment/key", ["*", "a b"]),
        ("JwtAudience", "4f0c2b", ["a b"]),
        ("OperatorClaim", "https://example.com/groups", ["", "a b"]),
        ("WriterScope", "offers/write", ["a b"]),
    ],
)
def test_what_a_parameter_takes(name: str, right: str, wrong: list[str]) -> None:
    assert takes(name, right)
    assert [each for each in wrong if takes(name, each)] == []


# ---------------------------------------------------------------- the domain


def test_a_domain_is_made_only_if_it_is_asked_for() -> None:
    for name, resource in template()["Resources"].items():
        if name.startswith("ApiDomain"):
            assert resource["Condition"] in {"HasDomain", "HasZone"}, name


def test_with_a_domain_the_api_has_no_other_address() -> None:
    api = template()["Resources"]["HttpApi"]["Properties"]

    assert api["DisableExecuteApiEndpoint"] == {"Fn::If": ["HasDomain", True, False]}
    condition, own, aws = template()["Outputs"]["ApiUrl"]["Value"]["Fn::If"]
    assert (condition, own) == ("HasDomain", {"Fn::Sub": "https://${DomainName}"})
    assert "execute-api" in str(aws)

"""CloudFront in front of the API: what it sends on, and what it keeps back."""

from typing import Any

from checkout.api import edge
from local import template_yaml
from tests.template_file import ROOT, resources, template

EDGE: dict[str, Any] = template_yaml.read(ROOT / "stacks/edge.yaml")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = EDGE["Resources"][name]["Properties"]
    return found


def distribution() -> dict[str, Any]:
    found: dict[str, Any] = properties("Distribution")["DistributionConfig"]
    return found


def test_nothing_is_cached_and_the_token_is_sent_on_without_the_host() -> None:
    behaviour = distribution()["DefaultCacheBehavior"]

    assert behaviour["CachePolicyId"] == CACHING_DISABLED
    assert behaviour["OriginRequestPolicyId"] == ALL_BUT_HOST
    assert "CacheBehaviors" not in distribution()


def test_every_method_of_the_api_passes() -> None:
    cors = resources("AWS::Serverless::HttpApi")["HttpApi"]["CorsConfiguration"]
    passed = distribution()["DefaultCacheBehavior"]["AllowedMethods"]

    assert {*cors["AllowMethods"]} <= {*passed}
    assert "HEAD" in passed


def test_plain_http_is_refused_on_both_sides() -> None:
    [origin] = distribution()["Origins"]

    assert (
        distribution()["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    )
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_it_waits_longer_than_the_api_does() -> None:
    [origin] = distribution()["Origins"]

    assert origin["CustomOriginConfig"]["OriginReadTimeout"] > 30


def test_the_api_knows_it_by_a_secret_that_no_template_has() -> None:
    [origin] = distribution()["Origins"]
    [header] = origin["OriginCustomHeaders"]

    assert header["HeaderName"] == edge.SECRET
    assert header["HeaderValue"] == {
        "Fn::Sub": "{{resolve:secretsmanager:${OriginSecretName}:SecretString}}"
    }
    both = [each["Parameters"] for each in (EDGE, template())]
    assert (
        both[0]["OriginSecretName"]["Default"] == both[1]["EdgeSecretName"]["Default"]
    )


def test_a_change_of_the_secret_can_be_deployed() -> None:
    """CloudFormation reads it again only if the resource has another change."""
    assert "${OriginSecretRevision}" in distribution()["Comment"]["Fn::Sub"]


def test_the_shoppers_address_is_written_over_what_the_shopper_says() -> None:
    [used] = distribution()["DefaultCacheBehavior"]["FunctionAssociations"]
    function = properties("ViewerAddress")

    assert used["EventType"] == "viewer-request"
    assert used["FunctionARN"] == {"Fn::GetAtt": ["ViewerAddress", "FunctionARN"]}
    line = f'event.request.headers["{edge.ADDRESS}"] = {{ value: event.viewer.ip }};'
    assert line in function["FunctionCode"]
    assert function["AutoPublish"] is True


def test_cloudfront_allows_both_headers() -> None:
    """It refuses these beginnings in headers that one adds."""
    for name in (edge.ADDRESS, edge.SECRET):
        assert not name.startswith(("x-amz-", "x-edge-", "cloudfront-"))


def test_the_firewall_is_in_front() -> None:
    assert distribution()["WebACLId"] == {"Fn::GetAtt": ["Firewall", "Arn"]}
    assert properties("Firewall")["Scope"] == "CLOUDFRONT"


def rules() -> dict[str, Any]:
    return {
        (
            group["Name"]
            if (group := rule["Statement"].get("ManagedRuleGroupStatement"))
            else "rate"
        ): rule
        for rule in properties("Firewall")["Rules"]
    }


def test_it_limits_an_address_and_has_awss_rules() -> None:
    assert rules().keys() == {
        "rate",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
    }
    assert (
        rules()["rate"]["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"
    )
    priorities = [rule["Priority"] for rule in rules().values()]
    assert len({*priorities}) == len(priorities)


def test_a_long_body_is_no_attack() -> None:
    """Events of Stripe, and offers, may have more than AWS's rule allows."""
    group = rules()["AWSManagedRulesCommonRuleSet"]["Statement"]
    [override] = group["ManagedRuleGroupStatement"]["RuleActionOverrides"]

    assert override == {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}


def test_its_log_has_no_token() -> None:
    redacted = properties("FirewallLogging")["RedactedFields"]

    assert redacted == [{"SingleHeader": {"Name": "authorization"}}]
    for name in ("FirewallLog", "FirewallLogging"):
        assert EDGE["Resources"][name]["Condition"] == "LogsRequests"


def test_it_can_be_deployed_only_where_its_firewall_can_be() -> None:
    [region] = EDGE["Rules"]["TheFirewallIsInItsRegion"]["Assertions"]

    assert region["Assert"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}


def test_the_console_shows_every_parameter_in_one_group() -> None:
    interface = EDGE["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [n for group in interface["ParameterGroups"] for n in group["Parameters"]]

    assert sorted(grouped) == sorted(EDGE["Parameters"])


def test_a_parameter_is_described_and_says_what_it_takes() -> None:
    for name, parameter in EDGE["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & parameter.keys(), name


def test_the_common_parameters_take_the_same() -> None:
    for name in ("DomainName", "HostedZoneId", "LogRetentionDays"):
        for key in ("AllowedPattern", "AllowedValues"):
            both = [each["Parameters"][name].get(key) for each in (EDGE, template())]
            assert both[0] == both[1], name

"""The stack's own user pool: what its parameters make of it, and its safe defaults."""

import re
from typing import Any

import pytest

from local.http_api import Deployed
from tests.template_file import template

GIVEN = {
    "FrontendUrl": "https://shop.example.test",
    "AllowedOrigins": "https://shop.example.test",
    "AWS::NoValue": None,
    "UserPool": "eu-west-1_abc",
    "UserPoolClient": "client",
}


def cognito() -> dict[str, dict[str, Any]]:
    return {
        name: resource
        for name, resource in template()["Resources"].items()
        if resource["Type"].startswith("AWS::Cognito::")
    }


def deployed(**parameters: str) -> Deployed:
    defaults = {
        name: str(parameter["Default"])
        for name, parameter in template()["Parameters"].items()
        if "Default" in parameter
    }
    return Deployed(defaults | GIVEN | parameters, template()["Conditions"])


def made(**parameters: str) -> dict[str, dict[str, Any]]:
    """Return the properties of Cognito's resources that a deployment would create."""
    stack = deployed(**parameters)
    found = {}
    for name, resource in cognito().items():
        if stack.holds(resource["Condition"]):
            properties = dict(resource["Properties"])
            domain = properties.get("Domain", {}).get("Fn::If")
            if domain and not stack.holds(domain[0]):
                properties["Domain"] = "login-of-this-stack"  # its parts have a test
            resolved = stack.resolve(properties)
            found[name] = {k: v for k, v in resolved.items() if v is not None}
    return found


def test_with_an_issuer_of_your_own_nothing_of_cognito_is_made():
    assert made(JwtIssuer="https://id.example.test/") == {}
    of_the_pool = {
        name
        for name, output in template()["Outputs"].items()
        if any(resource in str(output["Value"]) for resource in cognito())
    }
    assert of_the_pool == {"UserPoolId", "UserPoolClientId", "LoginUrl"}
    for name in of_the_pool:
        assert template()["Outputs"][name]["Condition"] == "OwnUserPool"


def test_the_defaults_are_cheap_and_need_nothing_beforehand():
    pool = made()["UserPool"]
    assert pool["UserPoolTier"] == "LITE"
    assert "UserPoolAddOns" not in pool
    assert pool["EmailConfiguration"] == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": False}
    assert made()["UserPoolDomain"]["ManagedLoginVersion"] == 1
    assert "ManagedLoginStyle" not in made()


def test_an_account_is_as_safe_as_its_password_and_its_address():
    pool = made()["UserPool"]
    password = pool["Policies"]["PasswordPolicy"]
    assert int(password["MinimumLength"]) >= 12
    assert not any(value for name, value in password.items() if "Require" in name)
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["UserAttributeUpdateSettings"] == {
        "AttributesRequireVerificationBeforeUpdate": ["email"]
    }
    assert pool["AccountRecoverySetting"] == {
        "RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]
    }


@pytest.mark.parametrize("mfa", ["OPTIONAL", "ON"])
def test_a_second_factor_is_an_authenticator_app(mfa: str):
    pool = made(MultiFactorLogin=mfa)["UserPool"]
    assert pool["MfaConfiguration"] == mfa
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_without_a_second_factor_none_is_enabled():
    """CloudFormation refuses factors beside OFF."""
    pool = made(MultiFactorLogin="OFF")["UserPool"]
    assert pool["MfaConfiguration"] == "OFF"
    assert "EnabledMfas" not in pool


@pytest.mark.parametrize("tier", ["ESSENTIALS", "PLUS"])
def test_a_tier_with_managed_login_has_it_with_a_style(tier: str):
    found = made(UserPoolTier=tier)
    assert found["UserPoolDomain"]["ManagedLoginVersion"] == 2
    assert found["ManagedLoginStyle"] == {
        "UserPoolId": "eu-west-1_abc",
        "ClientId": "client",
        "UseCognitoProvidedValues": True,
    }


@pytest.mark.parametrize(("tier", "has_it"), [("ESSENTIALS", False), ("PLUS", True)])
def test_threat_protection_is_there_in_the_tier_that_has_it(tier: str, has_it: bool):
    pool = made(UserPoolTier=tier, ThreatProtection="ENFORCED")["UserPool"]
    add_ons = {"AdvancedSecurityMode": "ENFORCED"} if has_it else None
    assert pool.get("UserPoolAddOns") == add_ons


def test_e_mail_goes_through_ses_where_an_identity_is_given():
    arn = "arn:aws:ses:eu-west-1:123456789012:identity/shop.example.test"
    pool = made(EmailSourceArn=arn, EmailFrom="login@shop.example.test")["UserPool"]
    assert pool["EmailConfiguration"] == {
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": arn,
        "From": "login@shop.example.test",
    }


def test_only_an_administrator_creates_users_where_sign_up_is_off():
    pool = made(SelfSignUp="off")["UserPool"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_a_frontend_logs_in_by_a_code_and_without_a_secret():
    client = made()["UserPoolClient"]
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "email", "profile"]
    assert client["AllowedOAuthFlowsUserPoolClient"] is True
    # A password in a request without AWS credentials would invite guessing.
    assert "ALLOW_USER_PASSWORD_AUTH" not in client["ExplicitAuthFlows"]


@pytest.mark.parametrize("urls", ["CallbackURLs", "LogoutURLs"])
def test_the_login_returns_to_the_frontend_and_where_else_it_may(urls: str):
    shop = ["https://shop.example.test", "https://shop.example.test/"]
    more = "https://shop.example.test/done,http://localhost:3000"
    assert made()["UserPoolClient"][urls] == shop
    assert made(MoreLoginUrls=more)["UserPoolClient"][urls] == [
        *shop,
        "https://shop.example.test/done",
        "http://localhost:3000",
    ]


def test_operators_and_writers_have_their_groups():
    found = made(OperatorGroup="refunders", WriterGroup="editors")
    groups = {
        properties["GroupName"]
        for name, properties in found.items()
        if cognito()[name]["Type"] == "AWS::Cognito::UserPoolGroup"
    }
    assert groups == {"refunders", "editors"}


def test_one_group_for_both_is_made_once():
    found = made(OperatorGroup="staff", WriterGroup="staff")
    names = [p["GroupName"] for p in found.values() if "GroupName" in p]
    assert names == ["staff"]


def test_the_address_of_the_login_page_is_of_this_stack_unless_it_is_chosen():
    """A prefix is unique in a region, among all accounts."""
    _, _, derived = cognito()["UserPoolDomain"]["Properties"]["Domain"]["Fn::If"]
    last_part = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert derived == {"Fn::Sub": ["login-${Id}", {"Id": last_part}]}
    chosen = made(LoginDomainPrefix="my-shop")["UserPoolDomain"]
    assert chosen["Domain"] == "my-shop"


@pytest.mark.parametrize(
    ("parameter", "value", "is_right"),
    [
        ("EmailFrom", "Shop <login@shop.example.com>", True),
        ("EmailFrom", "login@shop.example.com", True),
        ("EmailFrom", "Shop", False),
        ("EmailSourceArn", "arn:aws:ses:eu-west-1:123456789012:identity/a.test", True),
        ("EmailSourceArn", "shop.example.com", False),
        ("LoginDomainPrefix", "my-shop-2", True),
        ("LoginDomainPrefix", "My.Shop", False),
        ("LoginDomainPrefix", "shop-", False),
        ("MoreLoginUrls", "https://a.test/x,http://localhost:3000", True),
        ("MoreLoginUrls", "https://a.test, https://b.test", False),
        ("MoreLoginUrls", "a.test", False),
    ],
)
def test_a_parameter_is_checked_before_anything_is_made(
    parameter: str, value: str, is_right: bool
):
    pattern = template()["Parameters"][parameter]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) == is_right
    assert re.fullmatch(pattern, template()["Parameters"][parameter]["Default"])


def test_an_identity_that_sends_needs_an_address():
    rule = template()["Rules"]["EmailSenderIsWhole"]
    assert rule["RuleCondition"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "EmailSourceArn"}, ""]}]
    }
    [assertion] = rule["Assertions"]
    assert assertion["Assert"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "EmailFrom"}, ""]}]
    }

"""The local identity provider is an OIDC issuer like any other."""

import jwt
import pytest
import requests

from local.identity import AUDIENCE, create_app


@pytest.fixture
def issuer(serve):
    return serve(create_app)


def log_in(issuer, **form):
    return requests.post(f"{issuer}/token", data=form, timeout=10)


def claims_of(issuer, **form):
    """Verify a token as an API's authorizer does: by what the issuer publishes."""
    discovery = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10)
    token = log_in(issuer, **form).json()["access_token"]
    keys = jwt.PyJWKClient(discovery.json()["jwks_uri"])
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        audience=AUDIENCE,
        issuer=discovery.json()["issuer"],
    )


def test_a_token_verifies_by_the_published_keys(issuer):
    claims = claims_of(issuer, sub="user_1")

    assert claims["sub"] == "user_1"
    assert claims["iss"] == issuer
    assert "email" not in claims
    assert "cognito:groups" not in claims


def test_an_email_and_groups_are_signed_where_cognito_puts_them(issuer):
    claims = claims_of(
        issuer, sub="op", email="op@example.com", groups=["payments-admin", "support"]
    )

    assert claims["email"] == "op@example.com"
    assert claims["cognito:groups"] == ["payments-admin", "support"]


def test_groups_may_be_separated_by_commas(issuer):
    claims = claims_of(issuer, sub="op", groups="payments-admin, support")

    assert claims["cognito:groups"] == ["payments-admin", "support"]


def test_a_token_without_a_subject_is_refused(issuer):
    answer = log_in(issuer, email="op@example.com")

    assert answer.status_code == 400
    assert "sub" in answer.json()["error"]


def test_the_storefront_may_ask_from_its_own_origin(issuer):
    answer = requests.post(
        f"{issuer}/token",
        data={"sub": "user_1"},
        headers={"Origin": "http://localhost:3000"},
        timeout=10,
    )

    assert answer.headers["Access-Control-Allow-Origin"] == "*"

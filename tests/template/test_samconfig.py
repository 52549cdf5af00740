"""Each environment deploys with settings that the template knows, and no secret."""

import tomllib

import pytest

from tests.template_file import ROOT, template

ENVIRONMENTS = tomllib.loads((ROOT / "samconfig.toml").read_text())


def parameters(environment: str) -> dict[str, str]:
    overrides = ENVIRONMENTS[environment]["deploy"]["parameters"]["parameter_overrides"]
    return dict(override.split("=", 1) for override in overrides)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_an_environment_gives_every_parameter_that_has_no_default(environment: str):
    known = template()["Parameters"]
    needed = {name for name, p in known.items() if "Default" not in p}
    assert needed <= parameters(environment).keys() <= known.keys()


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_an_environment_has_a_stack_and_secrets_of_its_own(environment: str):
    deploy = ENVIRONMENTS[environment]["deploy"]["parameters"]
    assert deploy["stack_name"] == f"checkout-{environment}"
    for name, value in parameters(environment).items():
        if "Secret" in name:
            assert value.startswith(f"{environment}/")


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_an_environment_deploys_without_a_question_and_without_a_change(
    environment: str,
) -> None:
    """A workflow has nobody to answer, and may deploy what is deployed already."""
    deploy = ENVIRONMENTS[environment]["deploy"]["parameters"]
    assert deploy["confirm_changeset"] is False
    assert deploy["fail_on_empty_changeset"] is False
    assert deploy["capabilities"] == "CAPABILITY_IAM"
    assert deploy["resolve_s3"] is True
    assert f"stage={environment}" in deploy["tags"].split()


def test_only_production_takes_real_money() -> None:
    modes = {name: parameters(name)["StripeMode"] for name in ("dev", "staging")}
    assert modes == {"dev": "test", "staging": "test"}
    assert parameters("prod")["StripeMode"] == "live"


def test_only_the_tables_of_development_can_be_deleted():
    given = {
        name: parameters(name).get("DeletionProtection")
        for name in ("dev", "staging", "prod")
    }
    assert given == {"dev": "off", "staging": None, "prod": None}
    assert template()["Parameters"]["DeletionProtection"]["Default"] == "on"

"""A deployment may give some parameters of a stage another value, once."""

import tomllib

import pytest

from local.settings import ROOT, StackError
from local.stage import with_parameters

SAMCONFIG = (ROOT / "samconfig.toml").read_text()


def test_the_given_values_replace_the_stages_own_and_the_others_stay() -> None:
    given = ["DeploymentStrategy=off", "Release=1.2.3", "EmailFrom=Shop <a@b.example>"]

    written = tomllib.loads(with_parameters(SAMCONFIG, "prod", given))

    before = tomllib.loads(SAMCONFIG)["prod"]["deploy"]["parameters"]
    after = written["prod"]["deploy"]["parameters"]
    replaced = {"DeploymentStrategy"}
    kept = [
        each
        for each in before.pop("parameter_overrides")
        if each.partition("=")[0] not in replaced
    ]
    assert sorted(after.pop("parameter_overrides")) == sorted(kept + given)
    assert after == before


@pytest.mark.parametrize("given", ["Strategy=off", "Release"])
def test_what_is_no_parameter_with_a_value_is_refused(given: str) -> None:
    with pytest.raises(StackError, match="gives no parameter of template"):
        with_parameters(SAMCONFIG, "prod", [given])

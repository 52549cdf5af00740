"""The environment: what the template gives a function is what it reads."""

import importlib
from dataclasses import is_dataclass

import pytest

from checkout import config
from tests import template_file

# Powertools and botocore read their own.
OF_LIBRARIES = ("POWERTOOLS_", "AWS_")

FUNCTIONS = template_file.functions()


def config_of(function: str) -> type[config.Config]:
    """Return the class named like the function: CreateSessionFunction's, for one."""
    found: type[config.Config] = getattr(
        config, function.removesuffix("Function") + "Config"
    )
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_template_gives_a_function_what_it_reads_and_nothing_more(
    function: str,
) -> None:
    values = dict.fromkeys(_references(), "x")
    given = template_file.environment_of(FUNCTIONS[function], values)

    read = {
        name.upper()
        for each in (config.TelemetryConfig, config_of(function))
        for name in each.fields()
    }

    assert {name for name in given if not name.startswith(OF_LIBRARIES)} == read


def _references() -> set[str]:
    template = template_file.template()
    pseudo = {"AWS::StackId", "AWS::StackName"}
    return {*template["Parameters"], *template["Resources"], *pseudo}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_reads_the_config_of_its_name(function: str) -> None:
    module = importlib.import_module(template_file.module_of(FUNCTIONS[function]))

    assert config_of(function).__name__ in vars(module)


def test_every_config_belongs_to_a_function() -> None:
    classes = {
        name
        for name, each in vars(config).items()
        if isinstance(each, type) and issubclass(each, config.Config)
    }

    of_functions = {config_of(function).__name__ for function in FUNCTIONS}
    shared = {"Config", "RefundsConfig", "TelemetryConfig"}
    assert of_functions == classes - shared


def test_a_config_is_read_from_the_variables_of_its_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFERS_TABLE", "offers")
    monkeypatch.setenv("PURCHASES_TABLE", "purchases")

    read = config.PurchasesConfig()

    assert (read.offers_table, read.purchases_table) == ("offers", "purchases")


def test_a_config_reads_what_it_inherits() -> None:
    variables = {name.upper(): name for name in config.ReconcileConfig.fields()}

    read = config.ReconcileConfig(variables)

    assert read.reconcile_calls_per_second == "reconcile_calls_per_second"
    assert read.disputed_access == "disputed_access"


def test_a_variable_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OFFERS_TABLE", raising=False)

    with pytest.raises(KeyError, match="OFFERS_TABLE"):
        config.PurchasesConfig()


def test_no_dataclass_is_made_at_a_cold_start() -> None:
    """Thirteen of them cost each function 57 million instructions."""
    made = [name for name, each in vars(config).items() if is_dataclass(each)]

    assert made == []

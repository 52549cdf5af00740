"""The environment: what the template gives a function is what it reads."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from decimal import Decimal
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import pytest

from checkout import config
from checkout.config import Config, TelemetryConfig
from tests import template_file

# Powertools and botocore read their own.
OF_LIBRARIES = ("POWERTOOLS_", "AWS_")
# It is there to change with every parameter: then a version is published.
READ_BY_NOBODY = {"CONFIGURATION_VERSION"}

FUNCTIONS = template_file.functions()


def configs_of(function: str) -> list[type[Config]]:
    """Return the classes that a function reads: its own, and every function's."""
    module = importlib.import_module(template_file.module_of(FUNCTIONS[function]))
    return [TelemetryConfig, *configs_in(module)]


def configs_in(module: ModuleType) -> list[type[Config]]:
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Config) and each is not Config
    ]


def parameters() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield each setting that a parameter holds, its annotation and the parameter."""
    all_parameters = template_file.template()["Parameters"]
    for name, function in FUNCTIONS.items():
        variables = template_file.variables_of(function)
        for each in configs_of(name):
            for setting, kind in each.fields().items():
                match variables[setting.upper()]:
                    case {"Ref": parameter} | {"Fn::Join": [_, {"Ref": parameter}]}:
                        # A text may also be the name of a resource.
                        if kind is not str or parameter in all_parameters:
                            yield setting, kind, all_parameters[parameter]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_template_gives_a_function_what_it_reads_and_nothing_more(
    function: str,
) -> None:
    values = dict.fromkeys(template_file.references(), "x")
    given = template_file.environment_of(FUNCTIONS[function], values)

    read = {name.upper() for each in configs_of(function) for name in each.fields()}

    ours = {name for name in given if not name.startswith(OF_LIBRARIES)}
    assert ours - READ_BY_NOBODY == read


def test_every_config_is_read_by_a_function() -> None:
    read = {each for function in FUNCTIONS for each in configs_of(function)}

    assert read == set(configs_in(config))


def test_a_config_extends_no_other() -> None:
    """The settings of a class that it extended would not be read."""
    assert {each.__base__ for each in configs_in(config)} == {Config}


def test_a_parameter_allows_what_its_setting_may_be() -> None:
    for setting, kind, parameter in parameters():
        if get_origin(kind) is Literal:
            assert parameter["AllowedValues"] == list(get_args(kind)), setting
        elif kind is float:
            assert parameter["Type"] == "Number", setting
            assert parameter["MinValue"] > 0, setting
        elif kind is int:
            allowed = re.compile(parameter["AllowedPattern"])
            assert allowed.search("1"), setting
            assert not any(map(allowed.search, ["", "0", "-1", "2.5", "x"])), setting
        elif kind == dict[str, Decimal]:
            allowed = re.compile(parameter["AllowedPattern"])
            assert all(map(allowed.search, RATES)), setting
            assert not any(map(allowed.search, NO_RATES)), setting
        elif kind is str:
            assert parameter["Type"] == "String", setting
            assert "AllowedValues" not in parameter, setting
        else:
            assert (kind, parameter["Type"]) == (
                tuple[str, ...],
                "CommaDelimitedList",
            ), setting


def test_a_config_is_read_from_the_variables_of_its_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFERS_TABLE", "offers")
    monkeypatch.setenv("PAYMENT_SESSIONS_TABLE", "sessions")
    monkeypatch.setenv("PURCHASES_TABLE", "purchases")
    monkeypatch.setenv("FRONTEND_URL", "https://shop.example.test")

    read = config.OffersConfig()

    assert (read.offers_table, read.purchases_table) == ("offers", "purchases")


RATES = ["", "eur=1.08", "eur=1.08,jpy=0.0067", "kwd=3,eur=010.0"]
NO_RATES = [
    *("eur", "eur=", "eur=0", "eur=0.0", "eur=0.000,jpy=1", "eur=-1", "eur=1.", "=1"),
    *("EUR=1", "euro=1", "eur=1,", ",eur=1", "eur=1,,jpy=1", "eur=1;jpy=2", "eur=1e3"),
    *("eur=.5", "eur=1 ", "eur=1.2.3", "eur=1jpy=2"),
]


class EveryKindConfig(Config):
    text: str
    whole: int
    number: float
    word: Literal["on", "off"]
    list: tuple[str, ...]
    numbers: dict[str, Decimal]


NO_WORDS = "must be different words with numbers: a=1,b=2."
EVERY_KIND = {
    "TEXT": " as it is ",
    "WHOLE": "10",
    "NUMBER": "2.5",
    "WORD": "off",
    "LIST": "https://a.test, https://b.test,,",
    "NUMBERS": "eur=1.08, jpy=0.0067",
}


def test_a_setting_has_the_type_of_its_annotation() -> None:
    read = EveryKindConfig(EVERY_KIND)

    assert read.text == " as it is "
    assert (read.whole, read.number) == (10, 2.5)
    assert isinstance(read.whole, int)
    assert read.word == "off"
    assert read.list == ("https://a.test", "https://b.test")
    assert read.numbers == {"eur": Decimal("1.08"), "jpy": Decimal("0.0067")}


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("WHOLE", "", "WHOLE must be a positive whole number."),
        ("WHOLE", "0", "WHOLE must be a positive whole number."),
        ("WHOLE", "2.5", "WHOLE must be a positive whole number."),
        ("WHOLE", " 5", "WHOLE must be a positive whole number."),
        ("WHOLE", "+5", "WHOLE must be a positive whole number."),
        ("WHOLE", "1_0", "WHOLE must be a positive whole number."),
        ("WHOLE", "\u0663", "WHOLE must be a positive whole number."),
        ("NUMBER", "1e3", "NUMBER must be a positive number."),
        ("NUMBER", "1.2.3", "NUMBER must be a positive number."),
        ("NUMBER", "fast", "NUMBER must be a positive number."),
        ("NUMBER", "-1", "NUMBER must be a positive number."),
        ("NUMBER", "nan", "NUMBER must be a positive number."),
        ("NUMBER", "inf", "NUMBER must be a positive number."),
        ("NUMBERS", "eur=0", "NUMBERS must be a positive number."),
        ("NUMBERS", "eur=1e3", "NUMBERS must be a positive number."),
        ("NUMBERS", "eur", "NUMBERS must be a positive number."),
        ("NUMBERS", "1.08", f"NUMBERS {NO_WORDS}"),
        ("NUMBERS", "EUR=1.08", f"NUMBERS {NO_WORDS}"),
        ("NUMBERS", "eur=1,eur=2", f"NUMBERS {NO_WORDS}"),
        ("WORD", "", "WORD must be one of: on, off."),
        ("WORD", "OFF", "WORD must be one of: on, off."),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    variable: str, value: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        EveryKindConfig(EVERY_KIND | {variable: value})


def test_the_words_of_two_parameters_are_questions_to_the_code() -> None:
    refunds = dict.fromkeys(map(str.upper, config.RefundsConfig.fields()), "x")

    assert config.StripeModeConfig({"STRIPE_MODE": "live"}).livemode
    assert not config.StripeModeConfig({"STRIPE_MODE": "test"}).livemode
    assert config.RefundsConfig(
        refunds | {"DISPUTED_ACCESS": "suspended"}
    ).suspends_disputed
    assert not config.RefundsConfig(
        refunds | {"DISPUTED_ACCESS": "kept"}
    ).suspends_disputed


def test_a_variable_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OFFERS_TABLE", raising=False)

    with pytest.raises(KeyError, match="OFFERS_TABLE"):
        config.OffersConfig()


def test_no_dataclass_is_made_at_a_cold_start() -> None:
    """Thirteen of them cost each function 57 million instructions."""
    made = [name for name, each in vars(config).items() if is_dataclass(each)]

    assert made == []

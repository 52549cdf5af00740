"""Pins are raised to what uv finds to go together, and nothing else changes."""

import pytest

from local.raise_pins import as_in, raised
from local.settings import StackError

PYPROJECT = """\
[project]
version = "0.1.0"

[dependency-groups]
runtime = [
  "pydantic==2.0",
  "stripe==16.1.0", # held: the shop speaks its API version
]
dev = [
  { include-group = "runtime" },
  "pytest==9.0", # runs the tests
  "stubs[dynamodb,sqs]==1.0.1",
]
aws = ["boto3", "ministack==1.5"]
"""


class Uv:
    """Answers with the newest of what is asked for."""

    def __init__(self, newest):
        self.newest = newest
        self.asked = []

    def __call__(self, requirements):
        self.asked.append(requirements)
        return "".join(f"{name}=={version}\n" for name, version in self.newest.items())


@pytest.fixture
def uv():
    return Uv(
        {
            "pydantic": "2.14.3",
            "pytest": "10.0",
            "stubs": "1.2",
            "stripe": "16.1.0",
            "ministack": "1.6 ; sys_platform == 'linux'",
        }
    )


def test_a_pin_becomes_what_uv_resolves_and_the_rest_stays(uv):
    text = raised(PYPROJECT, uv)

    assert text == (
        PYPROJECT.replace("pydantic==2.0", "pydantic==2.14.3")
        .replace("pytest==9.0", "pytest==10.0")
        .replace("sqs]==1.0.1", "sqs]==1.2")
        .replace("ministack==1.5", "ministack==1.6")
    )


def test_what_is_installed_together_is_resolved_together(uv):
    raised(PYPROJECT, uv)

    assert uv.asked == [
        [
            "pydantic>=2.0",
            "stripe==16.1.0",
            "pytest>=9.0",
            "stubs[dynamodb,sqs]>=1.0.1",
        ],
        ["boto3", "ministack>=1.5"],
    ]


def test_a_pin_that_is_held_stays_though_a_newer_one_is_there(uv):
    uv.newest["stripe"] = "17.0.0"

    assert '"stripe==16.1.0", # held:' in raised(PYPROJECT, uv)


def test_one_name_cannot_have_two_newest_versions(uv):
    twice = PYPROJECT.replace('"boto3"', '"pytest==9.0"')
    versions = iter(["10.0", "10.1"])

    def resolve(requirements):
        uv.newest["pytest"] = next(versions)
        return uv(requirements)

    with pytest.raises(StackError, match="pytest is pinned in two groups"):
        raised(twice, resolve)


def test_the_package_of_the_command_line_gets_the_same_pins():
    package = """
dependencies = ["pydantic==2.0", "stripe==16.1.0"]
requires = ["hatchling==1.0"]
"""

    assert as_in(PYPROJECT.replace("==2.0", "==2.14.3"), package) == (
        package.replace("pydantic==2.0", "pydantic==2.14.3")
    )

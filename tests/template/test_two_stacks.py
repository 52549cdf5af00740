"""Two stacks of this template stand side by side in one account and region."""

from typing import Any

import pytest

from tests.template.transformed import transformed
from tests.template_file import own_alarms, template

OF_THE_STACK = {"AWS::StackName", "AWS::StackId"}
# Its name is one of its function's, and other functions have it too.
NAMED_WITHIN = {"AWS::Lambda::Alias"}
# A domain leads to one stack; its operator names it, and there is none by default.
NAMED_BY_THE_OPERATOR = ["ApiDomain: DomainName"]


@pytest.fixture(scope="module", name="transformed")
def transformed_template() -> dict[str, Any]:
    return transformed()


def differs_between_stacks(value: Any, of_the_stack: set[str]) -> bool:
    """Whether *value* refers to the stack, or to a resource that is the stack's own."""
    match value:
        case {"Ref": name}:
            return name in of_the_stack
        case {"Fn::GetAtt": [name, *_]}:
            return name in of_the_stack
        case {"Fn::Sub": str(text)}:
            return any(f"${{{name}}}" in text for name in of_the_stack)
        case {"Fn::If": [_, *branches]}:
            return all(differs_between_stacks(one, of_the_stack) for one in branches)
        case {"Fn::Join": [_, list(parts)]} | {"Fn::Sub": [*parts]}:
            return any(differs_between_stacks(one, of_the_stack) for one in parts)
    return False


def fixed_names(found: dict[str, Any]) -> list[str]:
    """Name every resource that a second stack could not have, or would share."""
    own = {*found["resources"], *OF_THE_STACK}
    return [
        f"{name}: {', '.join(identifier)}"
        for name, resource in found["resources"].items()
        if resource["Type"] not in NAMED_WITHIN
        for identifier in found["identifiers"][resource["Type"]]
        for given in [resource.get("Properties", {})]
        # CloudFormation makes up what is absent, and no two stacks get the same.
        if all(
            part in given and not differs_between_stacks(given[part], own)
            for part in identifier
        )
    ]


def test_no_resource_has_a_name_that_a_second_stack_would_give_it_too(
    transformed: dict[str, Any],
) -> None:
    """Invariant 15: stages share an account and a region, dev and prod for one."""
    assert fixed_names(transformed) == NAMED_BY_THE_OPERATOR


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SQS::Queue", {"QueueName": "events"}),
        ("AWS::Scheduler::Schedule", {"Name": {"Ref": "StripeMode"}}),
        ("AWS::Logs::LogGroup", {"LogGroupName": {"Fn::Sub": "/${StripeMode}/logs"}}),
        (
            "AWS::Lambda::LayerVersion",
            {"LayerName": {"Fn::If": ["Notify", {"Ref": "AWS::StackName"}, "common"]}},
        ),
    ],
)
def test_a_fixed_name_would_be_found(
    transformed: dict[str, Any], kind: str, properties: dict[str, Any]
) -> None:
    more = {"Another": {"Type": kind, "Properties": properties}}

    assert len(fixed_names(transformed | {"resources": more})) == 1


def test_no_output_is_exported_under_a_fixed_name(transformed: dict[str, Any]) -> None:
    """A region has each export's name once."""
    for name, output in transformed["outputs"].items():
        if "Export" in output:
            own = {*transformed["resources"], *OF_THE_STACK}
            assert differs_between_stacks(output["Export"]["Name"], own), name


def test_a_stack_has_metrics_of_its_own() -> None:
    """A dispute in staging is no alarm of production's."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    namespace = variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert differs_between_stacks(namespace, OF_THE_STACK)
    for name, alarm in own_alarms().items():
        assert alarm["Namespace"] == namespace, name

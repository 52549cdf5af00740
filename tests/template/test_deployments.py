"""A new version gets its requests step by step, and an alarm takes them back."""

import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from tests import template_file
from tests.template.transformed import transformed
from tests.template_file import (
    ROOT,
    environment_of,
    functions,
    module_of,
    references,
    referred_to,
    resources,
    template,
)

STRATEGIES = template()["Parameters"]["DeploymentStrategy"]["AllowedValues"]
CANARY = "DeploymentStrategy=Canary10Percent5Minutes"
# What belongs to a function itself; everything else calls it.
PARTS_OF_A_FUNCTION = {
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::CloudWatch::Alarm",  # the dimension FunctionName counts all versions
    "AWS::CloudWatch::Dashboard",
}
CALLERS = {
    "AWS::ApiGatewayV2::Api",
    "AWS::Events::Rule",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Scheduler::Schedule",
}
# What only bad code causes, or a failure of everything that the code needs. Alarms on
# single payments, as disputes and refused refunds, say nothing about a deployment.
TELLS_OF_THE_CODE = {"Errors", "5xx", "payments.events.not_enqueued"}
# Too few invocations in a few minutes, or nobody waits for them: all at once.
NOT_GRADUAL = {
    "ReconcileFunction",
    "OpenApiFunction",
    "PublishEventsFunction",
    "SegmentFunction",
}

type Json = dict[str, Any]


def of_type(kind: str, found: Json) -> dict[str, Json]:
    """Return the properties of all transformed resources of one type."""
    return {
        name: resource["Properties"]
        for name, resource in found["resources"].items()
        if resource["Type"] == kind
    }


def published(found: Json) -> set[str]:
    """Return the logical ids of the versions; another id is another version."""
    return set(of_type("AWS::Lambda::Version", found))


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Transform the template with one text replaced by another."""

    def transform(before: str, after: str) -> Json:
        text = (ROOT / "template.yaml").read_text()
        assert text.count(before) == 1
        path = tmp_path / "template.yaml"
        path.write_text(text.replace(before, after))
        return transformed(path=path)

    return transform


# ---------------------------------------------------------------- the alias


@pytest.mark.parametrize("overrides", [(), (CANARY,)], ids=["off", "canary"])
def test_nothing_calls_a_function_but_by_its_alias(overrides: tuple[str]) -> None:
    found = transformed(*overrides, "SegmentWriteKeyName=segment")
    unqualified = {
        name: called
        for name, resource in found["resources"].items()
        if resource["Type"] not in PARTS_OF_A_FUNCTION
        if (called := functions().keys() & set(referred_to(resource["Properties"])))
    }
    assert unqualified == {}


def test_every_event_source_calls_an_alias() -> None:
    """One whose function is written in another way would be missed above."""
    found = transformed("SegmentWriteKeyName=segment")
    aliases = of_type("AWS::Lambda::Alias", found)
    calling = {
        name: resource["Type"]
        for name, resource in found["resources"].items()
        if aliases.keys() & set(referred_to(resource["Properties"]))
    }

    # The schedule's role may call the alias, and so may an operator.
    allowed = {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
    assert set(calling.values()) == CALLERS | allowed
    for kind in CALLERS:
        assert {n for n, each in calling.items() if each == kind} == set(
            of_type(kind, found)
        ), kind
    [api] = of_type("AWS::ApiGatewayV2::Api", found).values()
    behind_the_api = set(template_file.routes().values())
    assert len(aliases.keys() & set(referred_to(api))) == len(behind_the_api)
    for config in of_type("AWS::Lambda::EventInvokeConfig", found).values():
        assert config["Qualifier"] == "current"


def test_every_function_has_an_alias() -> None:
    aliases = of_type("AWS::Lambda::Alias", transformed()).values()

    assert {alias["FunctionName"]["Ref"] for alias in aliases} == functions().keys()
    assert {alias["Name"] for alias in aliases} == {"current"}


# ---------------------------------------------------------------- what publishes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("MemorySize: 1024", "MemorySize: 2048", id="property"),
        pytest.param("METRICS_FORMAT: !Ref", "METRICS: !Ref", id="variable"),
        # As by another content: its place in S3 is a property of the layer, too.
        pytest.param("Description: The `checkout`", "Description: A", id="layer"),
    ],
)
def test_a_change_publishes_a_version_of_every_function(
    changed: Any, before: str, after: str
) -> None:
    assert published(changed(before, after)) & published(transformed()) == set()


@pytest.mark.parametrize("function", sorted(functions()))
def test_another_value_of_a_parameter_publishes_a_version(function: str) -> None:
    """
    SAM does not compare values; CloudFormation replaces what they are written in.

    Then a variable of the function changes, without which Lambda publishes nothing,
    and the description of the version, without which CloudFormation does not ask it to.
    """
    found = transformed("SegmentWriteKeyName=segment")
    properties = found["resources"][function]["Properties"]
    [version] = [
        each
        for each in of_type("AWS::Lambda::Version", found).values()
        if each["FunctionName"] == {"Ref": function}
    ]
    [configuration] = resources("AWS::AppConfig::HostedConfigurationVersion").values()

    variables = properties["Environment"]["Variables"]
    assert variables["CONFIGURATION_VERSION"] == {"Ref": "Configuration"}
    assert "Configuration" in set(referred_to(version["Description"]))
    assert configured_by(properties) <= set(referred_to(configuration["Content"]))


def configured_by(properties: Json) -> set[str]:
    """Return whatever decides what a version of a function is configured with."""
    # A reservation is the function's, not the version's.
    versioned = {
        name: value
        for name, value in properties.items()
        if name not in {"Code", "Layers", "Role", "ReservedConcurrentExecutions"}
    }
    found = set(referred_to(versioned))
    conditions = found & template()["Conditions"].keys()
    found |= {
        p for name in conditions for p in referred_to(template()["Conditions"][name])
    }
    # The addresses of the webhook come from the aliases, so a reference to them would
    # be circular. They do not change while their resources exist.
    fixed = {"Configuration", "StripeWebhookFunctionUrl", "HttpApi"}
    return {name for name in found - conditions - fixed if not name.startswith("AWS::")}


def test_a_release_can_be_named_to_publish_it_again() -> None:
    [configuration] = resources("AWS::AppConfig::HostedConfigurationVersion").values()
    assert "Release" in set(referred_to(configuration["Content"]))


def test_old_versions_are_kept_of_functions_and_of_the_layer() -> None:
    found = transformed()["resources"].values()
    kept = [
        each
        for each in found
        if each["Type"] in {"AWS::Lambda::Version", "AWS::Lambda::LayerVersion"}
    ]
    assert len(kept) == len(functions()) + 1
    assert {each["DeletionPolicy"] for each in kept} == {"Retain"}


# ---------------------------------------------------------------- step by step


def test_without_a_strategy_nothing_of_codedeploy_is_made() -> None:
    """Nor in another stack: the embedded AWS has no CodeDeploy."""
    assert template()["Parameters"]["DeploymentStrategy"]["Default"] == "off"
    found = transformed()
    assert "CodeDeploy" not in str({r["Type"] for r in found["resources"].values()})
    assert not [r for r in found["resources"].values() if "UpdatePolicy" in r]


def test_with_a_strategy_codedeploy_moves_the_requests() -> None:
    groups = of_type("AWS::CodeDeploy::DeploymentGroup", transformed(CANARY))

    assert groups.keys() == {
        f"{name}DeploymentGroup" for name in functions().keys() - NOT_GRADUAL
    }
    for group in groups.values():
        assert group["DeploymentConfigName"] == {
            "Fn::Sub": [
                "CodeDeployDefault.Lambda${ConfigName}",
                {"ConfigName": "Canary10Percent5Minutes"},
            ]
        }
        rolled_back_on = group["AutoRollbackConfiguration"]["Events"]
        assert "DEPLOYMENT_STOP_ON_ALARM" in rolled_back_on
        assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["DeploymentRole", "Arn"]}


def test_the_strategies_are_codedeploys_own() -> None:
    """But for the one that moves all requests at once, which is `off`."""
    known = set(transformed()["strategies"]) - {"AllAtOnce"}
    assert set(STRATEGIES) == known | {"off"}


def test_a_strategy_without_an_entry_would_not_be_found() -> None:
    assert template()["Mappings"]["DeploymentStrategies"].keys() == set(STRATEGIES)


def test_the_alarms_that_roll_back_are_those_that_tell_of_the_code() -> None:
    found = transformed(CANARY)
    alarms = of_type("AWS::CloudWatch::Alarm", found)
    by_name = {
        str(alarm.get("AlarmName", {"Ref": n})): n for n, alarm in alarms.items()
    }
    for name, group in of_type("AWS::CodeDeploy::DeploymentGroup", found).items():
        watched = alarms_in(group["AlarmConfiguration"])
        assert watched, name
        for each in watched:
            alarm = alarms[by_name[str(each)]]
            assert alarm["MetricName"] in TELLS_OF_THE_CODE, name
            # A canary of five minutes has to see it.
            needed = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
            assert alarm["Period"] * needed <= 3 * 60


def test_a_group_watches_no_alarm_that_does_not_exist() -> None:
    """With Datadog's metrics the alarms on the stack's own do not."""
    found = transformed(CANARY)
    for group in of_type("AWS::CodeDeploy::DeploymentGroup", found).values():
        configuration = group["AlarmConfiguration"]
        match configuration:
            case {"Fn::If": ["CloudWatchMetrics", _, otherwise]}:
                configuration = otherwise
        for each in alarms_in(configuration):
            if alarm := found["resources"].get(each.get("Ref")):
                assert "Condition" not in alarm


def alarms_in(configuration: Json) -> list[Json]:
    match configuration:
        case {"Fn::If": [_, then, otherwise]}:
            return alarms_in(then) + alarms_in(otherwise)
        case {"Enabled": True, "Alarms": alarms}:
            return [alarm["Name"] for alarm in alarms]
    return []


def test_no_resource_waits_for_itself() -> None:
    """An alarm on the API waits for the API, which waits for the aliases."""
    found = transformed(CANARY, "SegmentWriteKeyName=segment")["resources"]
    waits_for = {
        name: found.keys()
        & {
            *referred_to(resource.get("Properties", {})),
            *referred_to(resource.get("UpdatePolicy", {})),
            *resource.get("DependsOn", []),
        }
        for name, resource in found.items()
    }

    TopologicalSorter(waits_for).prepare()  # raises CycleError


# ---------------------------------------------------------------- SnapStart


def test_snapstart_is_off_unless_it_is_asked_for() -> None:
    assert template()["Parameters"]["SnapStart"]["Default"] == "off"
    for function in of_type("AWS::Lambda::Function", transformed()).values():
        condition, then, otherwise = function["SnapStart"]["Fn::If"]
        assert condition == "UseSnapStart"
        assert (then, otherwise) == (
            {"ApplyOn": "PublishedVersions"},
            {"Ref": "AWS::NoValue"},
        )


# Runs in a process of its own, because imports happen once.
ONLY_IMPORT = """
import sys, uuid
def refuse(*_): raise AssertionError("an id would be the same in every environment")
uuid.uuid4 = refuse
opened = []
sys.addaudithook(lambda event, _: event == "socket.connect" and opened.append(event))
import {module}
from checkout.clients import aws, credentials
assert not credentials._kept, "a secret would never become older"
assert not aws._cached_client.cache_info().currsize
assert not opened, opened
"""


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_snapshot_has_no_connection_no_secret_and_no_id(function: str) -> None:
    """Each environment begins with the memory of a function that was only imported."""
    properties = functions()[function]
    values = dict.fromkeys(references(), "INFO") | {
        "MetricsFormat": "cloudwatch",
        "AWS::StackName": "shop",
    }
    subprocess.run(
        [sys.executable, "-c", ONLY_IMPORT.format(module=module_of(properties))],
        check=True,
        cwd=ROOT,
        env=environment_of(properties, values)
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common'}"},
    )

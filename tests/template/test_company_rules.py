"""What a company may demand of a stack: tracing, a boundary, a key of its own."""

from typing import Any

from tests.template.transformed import transformed
from tests.template_file import functions, resources, template

KEY = {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}


def of_kind(kind: str, *parameters: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in transformed(*parameters)["resources"].items()
        if resource["Type"] == kind
    }


def test_nothing_is_traced_and_no_permission_for_it_is_given_unless_asked() -> None:
    for name, function in of_kind("AWS::Lambda::Function").items():
        assert "TracingConfig" not in function, name
    assert template()["Conditions"]["IsTraced"] == {
        "Fn::Equals": [{"Ref": "Tracing"}, "Active"]
    }
    traces = [
        statement
        for policy in of_kind("AWS::IAM::ManagedPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "xray:" in str(statement)
    ]
    assert [each["Fn::If"][0] for each in traces] == ["IsTraced"]
    assert "policy/AWSX" not in str(of_kind("AWS::IAM::Role"))


def test_every_function_is_traced_when_asked() -> None:
    traced = of_kind("AWS::Lambda::Function", "Tracing=Active")

    assert traced.keys() == functions().keys()
    for name, function in traced.items():
        assert function["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}, name


def test_every_role_has_the_boundary() -> None:
    """Without it a company's account refuses to create the role."""
    boundary = ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}]
    for name, role in of_kind("AWS::IAM::Role").items():
        assert role["PermissionsBoundary"] == {
            "Fn::If": [*boundary, {"Ref": "AWS::NoValue"}]
        }, name


def test_the_key_encrypts_every_table_queue_and_log() -> None:
    for name, table in resources("AWS::DynamoDB::Table").items():
        assert table["SSESpecification"]["KMSMasterKeyId"] == KEY, name
    for name, group in resources("AWS::Logs::LogGroup").items():
        assert group["KmsKeyId"] == KEY, name
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["KmsMasterKeyId"] == KEY, name


def test_a_queue_without_the_key_is_encrypted_by_sqs() -> None:
    """Both at once are refused."""
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] == {
            "Fn::If": ["HasKey", {"Ref": "AWS::NoValue"}, True]
        }, name


def test_every_function_may_use_the_key() -> None:
    """Every function's role has this policy (test_template.py)."""
    policy = template()["Resources"]["EveryFunctionPolicy"]["Properties"]
    [use] = [
        statement["Fn::If"][1]
        for statement in policy["PolicyDocument"]["Statement"]
        if "Fn::If" in statement and statement["Fn::If"][0] == "HasKey"
    ]

    assert use["Resource"] == {"Ref": "KmsKeyArn"}
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= {*use["Action"]}

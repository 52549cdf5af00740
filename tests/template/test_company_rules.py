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
    for name, role in of_kind("AWS::IAM::Role").items():
        assert "policy/AWSX" not in str(role), name


def test_every_function_is_traced_when_asked() -> None:
    traced = of_kind("AWS::Lambda::Function", "Tracing=Active")
    roles = of_kind("AWS::IAM::Role", "Tracing=Active")

    assert traced.keys() == functions().keys()
    for name, function in traced.items():
        assert function["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}, name
        assert "policy/AWSX" in str(roles[f"{name}Role"]), name


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
    policy = template()["Resources"]["UseOfTheKey"]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]

    assert policy["Condition"] == "HasKey"
    assert statement["Resource"] == {"Ref": "KmsKeyArn"}
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= {*statement["Action"]}
    for name in functions():
        assert f"'{name}Role'" in str(policy["Properties"]["Roles"]), name


def test_a_function_that_may_not_exist_is_asked_for_only_if_it_does() -> None:
    roles = template()["Resources"]["UseOfTheKey"]["Properties"]["Roles"]
    conditions = {
        name: resource["Condition"]
        for name, resource in template()["Resources"].items()
        if name in functions() and "Condition" in resource
    }

    assert conditions
    for name, condition in conditions.items():
        role = {"Ref": f"{name}Role"}
        assert {"Fn::If": [condition, role, {"Ref": "AWS::NoValue"}]} in roles

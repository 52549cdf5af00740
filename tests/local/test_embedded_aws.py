"""A function in the embedded AWS has what it brings along and its layer, as in AWS."""

import io
import json
import subprocess
import zipfile
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws
from local.processes import Processes
from local.settings import ROOT, Settings
from tests.stack.http_shop import eventually

FREE = dict.fromkeys(["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0")
PYTHON_OF_THE_AWS = ROOT / ".venvs/embedded-aws/bin/python"

TRY_TO_IMPORT = """
import importlib

def lambda_handler(names, context):
    return [name for name in names if is_there(name)]

def is_there(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
"""
# What the environment of the AWS holds, by the names that code imports it by.
INSTALLED = """
import importlib.metadata, json
print(json.dumps(sorted(importlib.metadata.packages_distributions())))
"""


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    if not PYTHON_OF_THE_AWS.exists():
        pytest.skip("The embedded AWS is not installed: make .venvs/embedded-aws/ready")
    settings = replace(Settings.from_env(FREE), folder=tmp_path_factory.mktemp("aws"))
    embedded = EmbeddedAws.of(settings)
    with Processes(settings.folder / "logs") as processes:
        embedded.start(processes)
        processes.wait_until_answers(f"{embedded.url}/_ministack/health")
        yield embedded


@pytest.fixture(scope="module")
def what_is_there(aws):
    """Ask a function which of some modules it can import."""
    client = aws.client("lambda")
    role = aws.client("iam").create_role(
        RoleName="asker",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                },
            }
        ),
    )
    layer = client.publish_layer_version(
        LayerName="layer",
        Content={"ZipFile": zipped({"python/in_the_layer.py": ""})},
    )
    client.create_function(
        FunctionName="asker",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.lambda_handler",
        Code={"ZipFile": zipped({"app.py": TRY_TO_IMPORT})},
        Layers=[layer["LayerVersionArn"]],
        Timeout=60,
    )

    def ask(names):
        answer = client.invoke(FunctionName="asker", Payload=json.dumps(names))
        return json.loads(answer["Payload"].read())

    return ask


def test_a_function_finds_its_layer_and_the_standard_library(what_is_there):
    names = ["app", "in_the_layer", "json", "sqlite3"]

    assert what_is_there(names) == names


def test_a_function_finds_nothing_that_the_layer_forgot(what_is_there):
    """Pydantic and botocore are in MiniStack's environment, for MiniStack."""
    done = subprocess.run(
        [PYTHON_OF_THE_AWS, "-c", INSTALLED], capture_output=True, text=True, check=True
    )
    names = json.loads(done.stdout)
    assert {"botocore", "ministack", "pydantic", "samtranslator"} <= set(names)

    assert what_is_there(names) == []


@pytest.fixture
def sqs_that_may(aws):
    """Make clients of SQS whose user has these permissions, and no others."""

    def make(*actions):
        iam = aws.client("iam")
        user = {"UserName": "-".join(actions)}
        iam.create_user(**user)
        allowed = {"Effect": "Allow", "Action": [f"sqs:{a}" for a in actions]}
        policy = {"Version": "2012-10-17", "Statement": [allowed | {"Resource": "*"}]}
        iam.put_user_policy(**user, PolicyName="sqs", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(**user)["AccessKey"]
        return boto3.client(
            "sqs",
            endpoint_url=aws.url,
            region_name=aws.client("sqs").meta.region_name,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    return make


def test_a_batch_needs_the_permission_of_a_single_message(aws, sqs_that_may):
    """As at AWS, where `sqs:SendMessageBatch` is no permission."""
    queue = aws.client("sqs").create_queue(QueueName="batches")
    url = {"QueueUrl": queue["QueueUrl"]}
    sent = {"Entries": [{"Id": "0", "MessageBody": "x"}]}
    assert sqs_that_may("SendMessage").send_message_batch(**url, **sent)["Successful"]

    [message] = aws.client("sqs").receive_message(**url)["Messages"]
    entry = {"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}
    hidden = {"Entries": [entry | {"VisibilityTimeout": 60}]}
    worker = sqs_that_may("ChangeMessageVisibility")
    assert worker.change_message_visibility_batch(**url, **hidden)["Successful"]
    with pytest.raises(ClientError, match="AccessDenied"):
        worker.delete_message_batch(**url, Entries=[entry])
    with pytest.raises(ClientError, match="AccessDenied"):
        worker.send_message_batch(**url, **sent)


A_QUEUE_AND_ITS_FUNCTION = {
    "Parameters": {"Most": {"Type": "Number", "Default": 2}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Statement": []}},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.lambda_handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def lambda_handler(event, context): pass"},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "Function"},
                "ScalingConfig": {"MaximumConcurrency": {"Ref": "Most"}},
            },
        },
    },
    "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
}


def test_a_parameter_may_limit_how_many_messages_are_worked_on(aws):
    """As at AWS, where a parameter of the type Number is text as well."""
    cloudformation, sqs = aws.client("cloudformation"), aws.client("sqs")
    body = json.dumps(A_QUEUE_AND_ITS_FUNCTION)
    cloudformation.create_stack(
        StackName="limited", TemplateBody=body, Capabilities=["CAPABILITY_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="limited", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    [stack] = cloudformation.describe_stacks(StackName="limited")["Stacks"]
    url = stack["Outputs"][0]["OutputValue"]

    sqs.send_message(QueueUrl=url, MessageBody="x")

    assert eventually(lambda: is_empty(sqs, url))


def is_empty(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return not any(int(found[name]) for name in names)

"""What the local stack does in MiniStack: save, restore, replace processes."""

import json
import subprocess
import urllib.error
from dataclasses import replace

import pytest

from local.embedded_aws import EmbeddedAws
from local.processes import Processes
from local.settings import ROOT, Settings
from tests.hostile import ask
from tests.local.test_embedded_aws import zipped

FREE = dict.fromkeys(["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0")
PYTHON_OF_THE_AWS = ROOT / ".venvs/embedded-aws/bin/python"
MISSING = "from local.aws_state import missing_names; print(*missing_names())"
TRUSTED = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}
ANSWER = """
import in_the_layer

def lambda_handler(event, context):
    return [{answer!r}, in_the_layer.__file__]
"""

pytestmark = pytest.mark.skipif(
    not PYTHON_OF_THE_AWS.exists(),
    reason="The embedded AWS is not installed: make .venvs/embedded-aws/ready",
)


def test_ministack_has_the_private_names_that_are_used():
    """Adapt `local/aws_state.py` and `local/aws_workers.py` to what this one prints."""
    done = subprocess.run(
        [PYTHON_OF_THE_AWS, "-c", MISSING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []


@pytest.fixture
def settings(tmp_path):
    return replace(Settings.from_env(FREE), folder=tmp_path)


@pytest.fixture
def start(settings):
    """Start the AWS, once more if it runs, with a deployment to restore."""
    embedded = EmbeddedAws.of(settings)
    running = []

    def start(deployment=None):
        for each in running:
            each.__exit__()
        running[:] = [Processes(settings.folder / "logs")]
        running[0].__enter__()
        embedded.start(running[0], deployment)
        running[0].wait_until_answers(f"{embedded.url}/_ministack/health")
        return embedded

    yield start
    for each in running:
        each.__exit__()


def create_function(aws, answer="the old code"):
    lambda_client = aws.client("lambda")
    role = aws.client("iam").create_role(
        RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUSTED)
    )
    layer = lambda_client.publish_layer_version(
        LayerName="layer", Content={"ZipFile": zipped({"python/in_the_layer.py": ""})}
    )
    lambda_client.create_function(
        FunctionName="function",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.lambda_handler",
        Code={"ZipFile": zipped({"app.py": ANSWER.format(answer=answer)})},
        Layers=[layer["LayerVersionArn"]],
        Timeout=60,
    )


def call(aws):
    answer = aws.client("lambda").invoke(FunctionName="function")
    return json.loads(answer["Payload"].read())


def test_what_was_saved_is_there_after_a_restart(start, settings):
    aws = start()
    create_function(aws)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="template", Body=b"Resources: {}")
    aws.ask("save-deployment")
    s3.put_object(Bucket="bucket", Key="later", Body=b"not saved")

    aws = start(settings.folder / "deployed.new")

    assert call(aws)[0] == "the old code"
    s3 = aws.client("s3")
    found = s3.list_objects_v2(Bucket="bucket")["Contents"]
    assert [each["Key"] for each in found] == ["template"]
    body = s3.get_object(Bucket="bucket", Key="template")["Body"].read()
    assert body == b"Resources: {}"


def test_nothing_is_restored_of_what_cannot_be_restored_whole(start, settings):
    aws = start()
    aws.client("sqs").create_queue(QueueName="queue")
    aws.ask("save-deployment")
    (settings.folder / "deployed.new/lambda.json").write_text("{")

    aws = start(settings.folder / "deployed.new")

    assert not aws.client("sqs").list_queues().get("QueueUrls")


def test_all_processes_of_functions_share_one_copy_of_a_layer(start, settings):
    aws = start()
    create_function(aws)

    _, path = call(aws)
    assert aws.ask("replace-workers", ["function"]) == {"function": ""}

    assert path.startswith(str(settings.folder / "tmp/layers"))
    assert call(aws)[1] == path
    assert len(list((settings.folder / "tmp/layers").iterdir())) == 1


@pytest.mark.parametrize("action", ["save-deployment", "replace-workers", "put-data"])
def test_no_web_page_reaches_the_control(start, action):
    port = start().port

    for headers in ({"Origin": "http://localhost:3000"}, {"Sec-Fetch-Site": "none"}):
        answer = ask(port, "POST", f"/_local/{action}", headers, "[]")
        assert answer.status == 403


def test_the_control_has_no_other_actions(start):
    aws = start()

    with pytest.raises(urllib.error.HTTPError, match="404"):
        aws.ask("delete-everything")

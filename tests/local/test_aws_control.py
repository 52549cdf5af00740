"""What the local stack does in MiniStack: save, restore, replace processes."""

import json
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from local.embedded_aws import EmbeddedAws
from local.processes import Processes
from local.settings import ROOT, Settings
from tests.hostile import ask
from tests.local.test_embedded_aws import zipped

FREE = dict.fromkeys(["AWS_PORT", "STRIPE_PORT", "ISSUER_PORT", "STOREFRONT_PORT"], "0")
PYTHON_OF_THE_AWS = ROOT / ".venvs/embedded-aws/bin/python"
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

OLD = ANSWER.format(answer="the old code")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON_OF_THE_AWS.exists(),
        reason="The embedded AWS is not installed: make .venvs/embedded-aws/ready",
    ),
]


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


def create_function(aws, code=None, name="function"):
    lambda_client = aws.client("lambda")
    role = aws.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUSTED)
    )
    layer = lambda_client.publish_layer_version(
        LayerName="layer", Content={"ZipFile": zipped({"python/in_the_layer.py": ""})}
    )
    lambda_client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.lambda_handler",
        Code={"ZipFile": zipped({"app.py": code or OLD})},
        Layers=[layer["LayerVersionArn"]],
        Timeout=60,
    )


def call(aws, name="function"):
    answer = aws.client("lambda").invoke(FunctionName=name)
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
    assert aws.ask("replace-workers", ["function"]) == ""

    assert path.startswith(str(settings.folder / "tmp/layers"))
    assert call(aws)[1] == path
    assert len(list((settings.folder / "tmp/layers").iterdir())) == 1


def put_live(settings, code, *names):
    """Let new processes of the functions take this code, as local/live.py does."""
    version = settings.folder / "live/1"
    for name in names or ["function"]:
        (version / "functions" / name).mkdir(parents=True)
        (version / "functions" / name / "app.py").write_text(code)
    (version.parent / "current").symlink_to(version)


def test_new_processes_take_the_code_that_is_live(start, settings):
    aws = start()
    create_function(aws)
    assert call(aws)[0] == "the old code"
    put_live(settings, ANSWER.format(answer="the new code"))
    assert call(aws)[0] == "the old code"

    assert aws.ask("replace-workers", ["function"]) == ""

    assert call(aws)[0] == "the new code"


def test_a_function_without_a_process_gets_none(start, settings):
    aws = start()
    create_function(aws)
    put_live(settings, ANSWER.format(answer="the new code"))

    assert aws.ask("replace-workers", ["function", "another"]) == ""

    assert call(aws)[0] == "the new code"


def test_the_old_code_keeps_running_when_the_new_one_does_not_start(start, settings):
    aws = start()
    create_function(aws)
    call(aws)
    put_live(settings, "import nothing_like_this")

    problem = aws.ask("replace-workers", ["function"])

    assert problem.startswith("function: ")
    assert "nothing_like_this" in problem
    assert call(aws)[0] == "the old code"


@pytest.fixture
def two(start):
    """Two functions that have answered, one after the other."""
    aws = start()
    for name in ("first", "second"):
        create_function(aws, name=name)
        assert call(aws, name)[0] == "the old code"
    return aws


def test_no_function_answers_with_the_old_code_afterwards(two, settings):
    put_live(settings, ANSWER.format(answer="the new code"), "first", "second")

    assert two.ask("replace-workers", ["first", "second"]) == ""

    assert call(two, "first")[0] == "the new code"
    assert call(two, "second")[0] == "the new code"


def test_no_function_is_replaced_when_the_one_that_was_used_last_does_not_start(
    two, settings
):
    put_live(settings, "import nothing_like_this", "first", "second")

    problem = two.ask("replace-workers", ["first", "second"])

    assert problem.startswith("second: ")
    assert call(two, "first")[0] == call(two, "second")[0] == "the old code"


WAIT_FOR_A_FILE = """
import pathlib, time

def lambda_handler(event, context):
    folder = pathlib.Path({folder!r})
    (folder / "began").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)
    return ["the old code"]
"""


def test_a_request_in_flight_ends_in_its_old_process(start, settings, tmp_path):
    aws = start()
    create_function(aws, code=WAIT_FOR_A_FILE.format(folder=str(tmp_path)))
    with ThreadPoolExecutor() as pool:
        in_flight = pool.submit(call, aws)
        while not (tmp_path / "began").exists():
            assert not in_flight.done()
        put_live(settings, ANSWER.format(answer="the new code"))

        assert aws.ask("replace-workers", ["function"]) == ""
        assert call(aws)[0] == "the new code"
        (tmp_path / "go").touch()

        assert in_flight.result() == ["the old code"]


def create_table_and_queue(aws, name):
    aws.client("dynamodb").create_table(
        TableName=f"table-{name}",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    queue = aws.client("sqs").create_queue(QueueName=f"queue-{name}")["QueueUrl"]
    return {f"table-{name}": "Table", f"queue-{name}": "Queue"}, queue


def test_data_go_to_the_table_and_queue_of_the_same_name_in_the_template(start):
    aws = start()
    names, queue = create_table_and_queue(aws, "first")
    item = {"id": {"S": "pur_1"}, "amount": {"N": "2500"}, "raw": {"B": b"\x00\xff"}}
    aws.client("dynamodb").put_item(TableName="table-first", Item=item)
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="an event")
    # Somebody is at work on it when the stack stops.
    aws.client("sqs").receive_message(QueueUrl=queue, VisibilityTimeout=600)
    aws.ask("keep-data", names)

    aws = start()
    names, queue = create_table_and_queue(aws, "second")
    aws.ask("put-data", names)

    dynamodb = aws.client("dynamodb")
    assert dynamodb.scan(TableName="table-second")["Items"] == [item]
    [message] = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "an event"
    assert records_of_the_stream(aws, "table-second") == []


def records_of_the_stream(aws, table):
    streams = aws.client("dynamodbstreams")
    [stream] = streams.list_streams(TableName=table)["Streams"]
    described = streams.describe_stream(StreamArn=stream["StreamArn"])
    [shard] = described["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"],
        ShardId=shard["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )
    return streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]


def test_what_was_written_last_is_kept_too(start, settings):
    aws = start()
    names, _ = create_table_and_queue(aws, "first")
    aws.ask("keep-data", names)
    aws.client("dynamodb").put_item(TableName="table-first", Item={"id": {"S": "last"}})

    start()

    kept = json.loads((settings.folder / "kept/data.json").read_text())
    assert "last" in json.dumps(kept["tables"]["Table"])


def test_no_data_are_kept_unless_asked(start, settings):
    aws = start()
    create_table_and_queue(aws, "first")

    start()

    assert not (settings.folder / "kept").exists()


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

"""AWS as a test sees it: the template's tables, a queue, secrets."""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import batched
from typing import Any, Self
from uuid import uuid4

import boto3
import pytest

from tests import template_file

REGION = "eu-west-1"

# DynamoDB is in memory; a test that says this runs on moto's as well, which is slow.
on_moto_too = pytest.mark.parametrize(
    "on_moto",
    [
        pytest.param(False, id="in memory"),
        pytest.param(True, id="on moto", marks=pytest.mark.slow),
    ],
)

type Item = dict[str, Any]
# What every table holds, by the table's logical id.
type Snapshot = dict[str, list[Item]]


@cache
def aws_client(service: str) -> Any:
    """Return a client that all tests share: each of them has an AWS of its own."""
    return boto3.client(service)


class Aws:
    """
    The tables by their logical ids in the template, read and written past the code.

    Items are plain here, as the code reads them. A table of another name, and what
    nothing here does, is asked of `dynamodb`, `sqs` and `secrets`: boto3's clients.
    """

    def __init__(
        self, client: Callable[[str], Any], tables: Mapping[str, str], queue_url: str
    ) -> None:
        self.dynamodb = client("dynamodb")
        self.sqs = client("sqs")
        self.secrets = client("secretsmanager")
        self.tables = tables
        self.queue_url = queue_url

    @classmethod
    def from_template(
        cls,
        client: Callable[[str], Any] = aws_client,
        tables: Mapping[str, str] | None = None,
    ) -> Self:
        """Make a queue for events, and the template's tables unless they are given."""
        tables = tables or {
            name: _create_table(client("dynamodb"), properties)
            for name, properties in _tables_of_template().items()
        }
        queue = client("sqs").create_queue(QueueName=f"events-{uuid4().hex}")
        return cls(client, tables, queue["QueueUrl"])

    # ------------------------------------------------------------ items

    def items(self, table: str) -> list[Item]:
        from checkout.tables.item import from_item  # noqa: PLC0415 - once the environment is set

        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.tables[table]
        )
        items = [item for page in pages for item in page["Items"]]
        # DynamoDB refuses an item that gives an index's attribute another type.
        for key in _tables_of_template()[table]["AttributeDefinitions"]:
            name, kind = key["AttributeName"], key["AttributeType"]
            assert all(kind in item[name] for item in items if name in item), name
        return [from_item(item) for item in items]

    def item(self, table: str, item_id: str) -> Item:
        [found] = [i for i in self.items(table) if i["id"] == item_id]
        return found

    def put(self, table: str, *items: Item) -> None:
        from checkout.tables.item import to_item  # noqa: PLC0415 - as above

        name = self.tables[table]
        for some in batched(items, 25, strict=False):  # as many as DynamoDB takes
            puts = [{"PutRequest": {"Item": to_item(item)}} for item in some]
            answer = self.dynamodb.batch_write_item(RequestItems={name: puts})
            assert not answer["UnprocessedItems"]

    def change(self, table: str, item_id: str, **attributes: Any) -> None:
        """Set attributes of an item, and take away those that are to be None."""
        from checkout.tables.item import to_item  # noqa: PLC0415 - as above

        values = to_item({f":{name}": value for name, value in attributes.items()})
        put = [f"#{name} = :{name}" for name in attributes if f":{name}" in values]
        gone = [f"#{name}" for name in attributes if f":{name}" not in values]
        parts = [("SET", put), ("REMOVE", gone)]
        self.dynamodb.update_item(
            TableName=self.tables[table],
            Key=to_item({"id": item_id}),
            UpdateExpression=" ".join(f"{v} {', '.join(p)}" for v, p in parts if p),
            ConditionExpression="attribute_exists(id)",
            ExpressionAttributeNames={f"#{name}": name for name in attributes},
            **({"ExpressionAttributeValues": values} if values else {}),
        )

    def delete(self, table: str, item: Item) -> None:
        from checkout.tables.item import to_item  # noqa: PLC0415 - as above

        keys = [k["AttributeName"] for k in _tables_of_template()[table]["KeySchema"]]
        self.dynamodb.delete_item(
            TableName=self.tables[table],
            Key=to_item({name: item[name] for name in keys}),
        )

    # ------------------------------------------------------------ all of it

    def snapshot(self) -> Snapshot:
        return {table: self.items(table) for table in _tables_of_template()}

    def restore(self, snapshot: Snapshot) -> None:
        """Put every table back to what it held when *snapshot* was taken."""
        for table, items in snapshot.items():
            current = self.items(table)
            for item in (i for i in current if i not in items):
                self.delete(table, item)
            self.put(table, *(i for i in items if i not in current))

    # ------------------------------------------------------------ secrets and queue

    def set_secret(self, name: str, value: str) -> None:
        try:
            self.secrets.put_secret_value(SecretId=name, SecretString=value)
        except self.secrets.exceptions.ResourceNotFoundException:
            self.secrets.create_secret(Name=name, SecretString=value)

    def messages(self) -> list[dict[str, Any]]:
        """Take everything off the queue."""
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in batch:
                self.sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
            found += batch
        return found


def _tables_of_template() -> dict[str, dict[str, Any]]:
    return template_file.resources("AWS::DynamoDB::Table")


def _create_table(dynamodb: Any, properties: dict[str, Any]) -> str:
    name = f"table-{uuid4().hex}"
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema")
    indexes = properties.get("GlobalSecondaryIndexes")
    dynamodb.create_table(
        TableName=name,
        **{part: properties[part] for part in wanted},
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    )
    return name

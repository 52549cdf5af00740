"""Moto's AWS for one test after the other, with what is dear to make kept."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.models import botocore_stubber

from tests.aws import REGION, Aws, aws_client


class MotoForTests:
    """
    Answers botocore's clients while a test runs, and forgets all of it afterwards.

    `moto.mock_aws` also patches `requests`, with thousands of patterns; nobody here
    calls AWS by that. And DynamoDB's tables are made once: the next test finds them
    empty, under the same names.
    """

    def __init__(self) -> None:
        self._free: list[Mapping[str, str]] = []
        self._in_use: list[Mapping[str, str]] = []
        # Kept here, since any other user of moto may reset moto between two tests.
        self._made: dict[str, Any] = {}

    @contextmanager
    def answering(self) -> Iterator[None]:
        with patch.object(botocore_stubber, "enabled", new=True):
            _tables_of_moto().update(self._made)
            try:
                yield
            finally:
                self._forget()

    def aws(self) -> Aws:
        """Return tables that are empty, and a queue of their own."""
        made = self._free.pop() if self._free else None
        aws = Aws.from_template(aws_client, made)
        self._in_use.append(aws.tables)
        return aws

    def _forget(self) -> None:
        tables = _tables_of_moto()
        for name in (name for each in self._in_use for name in each.values()):
            self._made[name] = tables[name] if name in tables else self._made[name]
            self._made[name].items.clear()
        self._free += self._in_use
        self._in_use = []
        BackendDict.reset()
        reset_model_data()


def _tables_of_moto() -> dict[str, Any]:
    backends: Any = get_backend("dynamodb")
    tables: dict[str, Any] = backends[DEFAULT_ACCOUNT_ID][REGION].tables
    return tables

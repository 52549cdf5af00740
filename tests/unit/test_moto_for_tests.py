"""One test leaves nothing behind for the next, though it leaves its tables."""

import pytest
from moto import mock_aws

from tests.moto_for_tests import MotoForTests


@pytest.mark.usefixtures("dynamodb_in_memory")
def test_the_next_test_finds_the_same_tables_and_nothing_in_them() -> None:
    moto = MotoForTests()
    with moto.answering():
        first = moto.aws()
        first.put("OffersTable", {"id": "x"})
        first.put("AuditLogTable", {"payment_session_id": "x", "entry_id": "y"})
        first.set_secret("a secret", "its value")
        first.sqs.send_message(QueueUrl=first.queue_url, MessageBody="a message")

    with moto.answering():
        pass  # a test that asks for no table
    with moto.answering():
        second = moto.aws()

        assert second.tables == first.tables
        assert set(map(len, second.snapshot().values())) == {0}
        assert second.messages() == []
        not_found = second.secrets.exceptions.ResourceNotFoundException
        with pytest.raises(not_found):
            second.secrets.get_secret_value(SecretId="a secret")


@pytest.mark.usefixtures("dynamodb_in_memory")
def test_two_shops_of_one_test_share_no_table() -> None:
    moto = MotoForTests()
    with moto.answering():
        first, second = moto.aws(), moto.aws()

        assert not {*first.tables.values()} & {*second.tables.values()}


@pytest.mark.usefixtures("dynamodb_in_memory")
def test_the_tables_survive_another_user_of_moto() -> None:
    moto = MotoForTests()
    with moto.answering():
        first = moto.aws()
    with mock_aws():
        pass  # it resets moto

    with moto.answering():
        second = moto.aws()
        second.put("OffersTable", {"id": "x"})

        assert second.tables == first.tables
        assert second.item("OffersTable", "x") == {"id": "x"}

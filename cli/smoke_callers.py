"""Who `smoke` is to the API: a buyer and a writer, with their tokens."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import urllib3

from checkout.clients import aws
from cli.console import CommandError
from cli.stack import Stack

# The environment variables of the tokens, for stacks whose issuer is not ours.
BUYER, WRITER = "SMOKE_TOKEN", "SMOKE_WRITER_TOKEN"


@dataclass(frozen=True, slots=True)
class Callers:
    """Tokens, and the users that were made to get them; an operator's only if ours."""

    buyer: str
    writer: str
    operator: str | None = None
    users: tuple[str, ...] = ()

    @property
    def buyer_id(self) -> str:
        """The `sub` of the buyer's token; the API checks the token, not this."""
        try:
            encoded = self.buyer.split(".")[1]
            payload = json.loads(base64.urlsafe_b64decode(encoded + "=="))
            return str(payload["sub"])
        except (IndexError, KeyError, TypeError, ValueError):
            raise CommandError(f"The token in {BUYER} is not a JWT.") from None


@contextmanager
def callers_of(stack: Stack, buyer: str, writer: str) -> Iterator[Callers]:
    """Provide tokens: the given ones, the local stack's, or those of new users."""
    with ExitStack() as at_exit:
        if buyer and writer:
            yield Callers(buyer, writer)
        elif stack.issuer_url:
            issuer, (writers, operators) = stack.issuer_url, groups_of(stack)
            yield Callers(
                local_token(issuer),
                local_token(issuer, writers),
                local_token(issuer, operators),
            )
        elif stack.parameter("JwtIssuer"):
            raise CommandError(
                f"The stack's issuer is not its own user pool: set {BUYER} to a token "
                f"of a buyer, and {WRITER} to one of somebody who may write offers."
            )
        else:
            pool = OwnPool(
                aws.client("cognito-idp"),
                stack.output("UserPoolId"),
                stack.output("UserPoolClientId"),
            )
            yield at_exit.enter_context(pool.callers(*groups_of(stack)))


def groups_of(stack: Stack) -> tuple[str, str]:
    """Return the names of the groups of writers and of operators."""
    return stack.parameter("WriterGroup"), stack.parameter("OperatorGroup")


def local_token(issuer_url: str, group: str = "") -> str:
    """Return a token of the local identity provider, which asks for no password."""
    form = urlencode({"sub": f"smoke-{uuid4().hex}", "groups": group})
    answer = urllib3.request(
        "POST",
        f"{issuer_url}/token",
        body=form,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    if answer.status != HTTPStatus.OK:
        raise CommandError(f"The local identity provider answered {answer.status}.")
    return str(answer.json()["access_token"])


class OwnPool:
    """The user pool that the stack has created, used by an administrator."""

    def __init__(self, cognito: Any, pool_id: str, client_id: str) -> None:  # noqa: ANN401 - botocore's client
        self.cognito = cognito
        self.pool_id = pool_id
        self.client_id = client_id

    @contextmanager
    def callers(self, writers: str, operators: str) -> Iterator[Callers]:
        """Create a buyer, and one user in each group, for the block."""
        with (
            self._user() as buyer,
            self._user(writers) as writer,
            self._user(operators) as operator,
        ):
            yield Callers(
                self._token(*buyer),
                self._token(*writer),
                self._token(*operator),
                (buyer[0], writer[0], operator[0]),
            )

    @contextmanager
    def _user(self, group: str | None = None) -> Iterator[tuple[str, str]]:
        """Create a user for the duration of the block; yield its name and password."""
        # No e-mail is sent, and nobody owns the address (RFC 2606).
        name = f"smoke-{uuid4().hex}@example.com"
        # With a character of each sort, whatever the pool's policy.
        password = f"aA1!{secrets.token_urlsafe(72)}"[:99]
        self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=name,
            MessageAction="SUPPRESS",
            TemporaryPassword=password,
            UserAttributes=[
                {"Name": "email", "Value": name},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        try:
            self.cognito.admin_set_user_password(
                UserPoolId=self.pool_id,
                Username=name,
                Password=password,
                Permanent=True,
            )
            if group:
                self.cognito.admin_add_user_to_group(
                    UserPoolId=self.pool_id, Username=name, GroupName=group
                )
            yield name, password
        finally:
            self.cognito.admin_delete_user(UserPoolId=self.pool_id, Username=name)

    def _token(self, name: str, password: str) -> str:
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        if challenge := answer.get("ChallengeName"):
            raise CommandError(
                f"Cognito asks a new user for {challenge}, as if MultiFactorLogin is "
                f"ON: set {BUYER} and {WRITER} to tokens of users of your own."
            )
        return str(answer["AuthenticationResult"]["AccessToken"])

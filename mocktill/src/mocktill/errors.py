"""Errors in the form of Stripe's API."""

from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """
    An answer with a status other than 2xx.

    `saved` says whether an idempotency key saves the answer. Stripe saves an answer
    once the call has begun to execute. It does not save the refusal of invalid
    parameters.
    """

    def __init__(  # noqa: PLR0913 - the fields of Stripe's error object
        self,
        status: HTTPStatus,
        message: str,
        *,
        type: str = "invalid_request_error",  # noqa: A002 - Stripe's name
        code: str | None = None,
        param: str | None = None,
        saved: bool = True,
        **extra: Any,  # noqa: ANN401 - decline_code, payment_intent and the like
    ) -> None:
        super().__init__(message)
        self.status = status
        self.saved = saved
        self.headers: dict[str, str] = {}
        self.error: dict[str, Any] = {"type": type, "message": message, **extra}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = (
                f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
            )
        if param:
            self.error["param"] = param


def invalid(param: str | None, message: str, code: str | None = None) -> ApiError:
    """Refuse parameters before anything is executed."""
    return ApiError(
        HTTPStatus.BAD_REQUEST, message, code=code, param=param, saved=False
    )


def unknown(names: list[str]) -> ApiError:
    noun = "parameter" if len(names) == 1 else "parameters"
    return invalid(
        names[0], f"Received unknown {noun}: {', '.join(names)}", "parameter_unknown"
    )


def missing(param: str) -> ApiError:
    return invalid(param, f"Missing required param: {param}.", "parameter_missing")


def unsupported(param: str) -> ApiError:
    """Refuse a parameter that Stripe accepts and mocktill does not imitate."""
    return invalid(param, f"mocktill does not implement `{param}`.")


def refuse_unsupported(params: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if name in params:
            raise unsupported(name)


def no_such(kind: str, object_id: str, param: str) -> ApiError:
    return ApiError(
        HTTPStatus.NOT_FOUND,
        f"No such {kind}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def conflict_of_state(message: str, code: str | None = None) -> ApiError:
    """Refuse a valid request because of the state of the object."""
    return ApiError(HTTPStatus.BAD_REQUEST, message, code=code)

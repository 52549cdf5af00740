"""What follows from Stripe's refusal: another attempt, or a sentence for the caller."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checkout.clock import from_iso
from checkout.domain.payment_session import PaymentSession
from checkout.domain.stripe_refusal import MOST_KEPT, keep, next_terms
from checkout.domain.terms import Terms
from checkout.errors import NotPurchasableError
from tests.unit.test_terms import STACK, line, terms

PRODUCT = "line_items[0][price_data][product_data]"
WHOLE = terms(
    replace(line(description="Row 5", image_url="https://a.test/1"), email="a@b.de")
)


def refused(code: str, param: str, terms: Terms = WHOLE) -> PaymentSession:
    session = terms.prepare(1, **STACK)
    return replace(session, refusal_code=code, refusal_param=param)


def next_after(session: PaymentSession, age: timedelta = timedelta(0)) -> Terms:
    return next_terms(session, WHOLE, from_iso(session.created_at) + age)


@pytest.mark.parametrize(
    ("code", "param", "left_out"),
    [
        ("email_invalid", "customer_email", "customer_email"),
        ("email_invalid", "", "customer_email"),
        ("", "customer_email", "customer_email"),
        ("url_invalid", f"{PRODUCT}[images][0]", "images"),
        ("", f"{PRODUCT}[images]", "images"),
        ("parameter_invalid_empty", f"{PRODUCT}[description]", "description"),
    ],
)
def test_a_refused_decoration_is_left_out(code: str, param: str, left_out: str) -> None:
    session = refused(code, param)

    following = next_after(session)

    assert following.left_out == {left_out}
    assert following.digest == session.terms_digest


def test_several_decorations_are_left_out_one_after_the_other() -> None:
    following = next_after(refused("email_invalid", "customer_email"))
    session = refused("", f"{PRODUCT}[images][0]", following)
    last = next_terms(session, following, from_iso(session.created_at))

    assert last.left_out == {"customer_email", "images"}


def test_a_refusal_from_before_a_decoration_was_left_out_does_not_count_again() -> None:
    session = refused("email_invalid", "customer_email")
    following = next_after(session)

    assert next_terms(session, following, from_iso(session.created_at)) == following


@pytest.mark.parametrize(
    ("code", "param", "said"),
    [
        ("amount_too_small", "", "so small an amount"),
        ("amount_too_small", "line_items[0][amount]", "so small an amount"),
        ("amount_too_large", "", "so much"),
        ("", "line_items[0][price_data][currency]", "its currency"),
        ("", "line_items[0][price_data][unit_amount]", "its price"),
        ("", f"{PRODUCT}[name]", "its title"),
        ("", "line_items[0][quantity]", "its quantity"),
        ("url_invalid", "success_url", "the page to return to"),
        ("", "metadata", "its details"),
        ("", "line_items", "its lines"),
        ("parameter_unknown", "colour", "this offer"),
        ("", "", "this offer"),
    ],
)
def test_any_other_refusal_is_a_sentence(code: str, param: str, said: str) -> None:
    with pytest.raises(NotPurchasableError, match=f"does not accept {said}."):
        next_after(refused(code, param))


@pytest.mark.parametrize(
    ("param", "age", "stands"),
    [
        ("line_items", timedelta(minutes=10), True),
        ("line_items", timedelta(minutes=10, seconds=1), False),
        ("expires_at", timedelta(seconds=30), True),
        ("expires_at", timedelta(seconds=31), False),
    ],
)
def test_a_refusal_stands_for_a_time(param: str, age: timedelta, stands: bool) -> None:
    """The end of a session that was prepared long ago may be too near by now."""
    session = refused("", param)

    if stands:
        with pytest.raises(NotPurchasableError):
            next_after(session, age)
    else:
        assert next_after(session, age) == WHOLE


def test_few_refused_sessions_are_kept_the_newest() -> None:
    kept: dict[str, PaymentSession] = {}
    session = refused("amount_too_small", "")
    for number in [*range(MOST_KEPT), 0, *range(MOST_KEPT, MOST_KEPT + 5)]:
        keep(kept, replace(session, terms_digest=f"{number}"))

    assert len(kept) == MOST_KEPT
    # It was refused again, later than its neighbours.
    assert "0" in kept
    assert not {"1", "5"} & set(kept)
    assert "6" in kept

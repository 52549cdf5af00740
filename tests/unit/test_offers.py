"""The kinds of offer are found by name, and only they."""

import pytest

from checkout.domain.money import Money
from checkout.domain.offer import LineItem, Offer, has_price, price_of, revenue_split
from checkout.errors import NotFoundError, NotPurchasableError
from checkout.kinds import Kind, kind_named, model_of

KINDS = ["bid", "auction", "order", "product", "content", "quote"]


def offer(*lines: LineItem) -> Offer:
    return Offer(id="1", sale_key=None, title="One", lines=lines, metadata={})


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_found_by_its_name(name: str) -> None:
    kind = kind_named(name)

    defined = {
        *Kind.__annotations__,
        *(n for n in vars(Kind) if n.isalpha() or "_" in n),
    }
    assert {n for n in defined if not n.startswith("_")} <= {*vars(kind)}


@pytest.mark.parametrize("name", ["", "_", "__init__", "__pycache__", "sys", "b.id"])
def test_any_other_name_is_not_found(name: str) -> None:
    with pytest.raises(NotFoundError):
        kind_named(name)


def test_what_is_sold_once_is_bought_without_a_login_only_by_its_secret_id() -> None:
    """Else anybody could keep others from paying: each session ends the one before."""
    anonymous = [name for name in KINDS if kind_named(name).ANONYMOUS]

    assert anonymous == ["product", "quote"]
    assert model_of("product")[1].STATUSES.sold is None
    assert model_of("quote")[1].id_problem("1")


def test_a_total_adds_up_all_lines() -> None:
    two = LineItem(title="Two", price=Money(150, "usd"), quantity=2)
    one = LineItem(title="One", price=Money(99, "usd"))

    assert offer(two, one).total == Money(399, "usd")


def test_a_total_that_cannot_be_charged_is_not_purchasable() -> None:
    many = LineItem(title="Many", price=Money(99_999_999, "usd"), quantity=2)
    euro = LineItem(title="Euro", price=Money(1, "eur"))
    dollar = LineItem(title="Dollar", price=Money(1, "usd"))

    for wrong in (offer(many), offer(euro, dollar)):
        with pytest.raises(NotPurchasableError):
            assert wrong.total


def test_a_price_is_read_as_money() -> None:
    item = {"price": {"amount": 5, "currency": "usd"}}

    assert price_of(item, "Free.") == Money(5, "usd")


@pytest.mark.parametrize("price", [None, {}, {"amount": 0, "currency": "usd"}])
def test_without_a_price_the_kinds_own_sentence_refuses(price: object) -> None:
    with pytest.raises(NotPurchasableError, match="Free as air"):
        price_of({"price": price}, "Free as air.")


def test_the_terms_of_sale_leave_out_what_the_offer_does_not_say() -> None:
    item = {"creator_id": "c", "organization_fee_bps": 5, "title": "t"}

    assert revenue_split(item) == {"creator_id": "c", "organization_fee_bps": 5}


@pytest.mark.parametrize(
    "fees", [(10_001, 0), (5_000, 5_001), (-1, 0), (0, -1), ("100", 0), (True, 0)]
)
def test_fees_that_no_payment_could_be_split_by_are_refused_before_it(fees):
    """Invariant 5: found out at fulfillment, the money would already be here."""
    platform, organization = fees
    item = {"platform_fee_bps": platform, "organization_fee_bps": organization}
    with pytest.raises(NotPurchasableError):
        revenue_split(item)


@pytest.mark.parametrize("creator_id", ["", "x" * 256, 7, True, ["c"], {}])
def test_a_creator_who_could_be_no_ones_sub_is_refused_before_the_payment(creator_id):
    """Its purchases could not be written: the id is a key of an index."""
    with pytest.raises(NotPurchasableError):
        revenue_split({"creator_id": creator_id})


@pytest.mark.parametrize("creator_id", ["c", "x" * 255, "é#ü", None])
def test_a_creator_may_be_anybody_or_nobody(creator_id):
    assert revenue_split({"creator_id": creator_id}) == {"creator_id": creator_id}


@pytest.mark.parametrize(
    ("price", "costs"),
    [
        ({"amount": 1, "currency": "usd"}, True),
        ({"amount": 0, "currency": "usd"}, False),
        ({"amount": -5, "currency": "usd"}, False),
        ({"amount": "0", "currency": "usd"}, False),
        ({"amount": "999", "currency": "usd"}, False),
        ({"amount": True}, False),
        ({"amount": None}, False),
        ({}, False),
        ("999", False),
        (None, False),
    ],
)
def test_only_an_amount_above_zero_is_a_price(price: object, costs: bool) -> None:
    assert has_price({"price": price}) is costs

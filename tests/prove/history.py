"""
Nothing is lost: a history with faults ends as the same history without them.

Payment systems go wrong between the messages: an event comes twice, late, in another
order or not at all, and a process dies between two writes. No list of examples covers
that, so here Hypothesis makes up histories. It mixes two kinds of rules:

- what people do: start a purchase, pay, be declined, cancel, give money back, dispute,
  take an offer back, raise a price, wait; and what others do with the same account at
  Stripe. Each of these deeds is done, and written down;
- what goes wrong on the way to us: Stripe's events are delivered in any order, again,
  late, or never; the endpoint is deleted, or not subscribed, for some time; the queue
  hands out its messages in any order and again; shoppers come back to the return page,
  reconcile runs early. Whatever runs may be killed after any of its calls to the
  outside, at any of them somebody else may be quicker, its time may be over, and
  Stripe, DynamoDB and SQS fail in each of their ways (`faults.py`).

When the history is over, reconcile runs twice: then we know what Stripe knows, though
no event has come since. Then everything comes to rest: time passes, the queue is worked
off, and what was still held back arrives at last, in the wrong order. Then a second
world does the same deeds again, but there each event is delivered at once, once, in
order, nobody is killed, and nothing fails. Both must have come to the same state.

For that, both must live the same history: what people may do must not depend on how
well we have heard. So it is decided by what is true at Stripe, and who is refused, or
sent to a page that is closed, comes again once we know everything: `_once_we_know`.

Some outcomes depend, by right, on who comes first. They are kept out of the histories:

- The host takes an offer back only while nobody has paid for it: afterwards it would
  race with the fulfillment. What is unfulfillable, nobody but us refunds or disputes:
  our own refund would race with theirs.
- What has been refunded or disputed is bought again only once we know that it was; and
  a refund does not fail any more, and an appeal is not won, once somebody has begun to
  buy the same again: of two payments for one sale key, the first we hear of stands.
- What is left of a payment after refunds and disputes is refunded through our API only
  once we know of those: what is left is what we know of.
- A buyer cancels only what can still be paid: whether a cancelled payment was over
  already is answered by what we know.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from checkout.domain import stripe_events
from tests.differences import differences
from tests.prove.at_stripe import (
    CODES,
    METHODS,
    OTHERS,
    PARTS,
    WORDS,
    with_unknown_word,
)
from tests.prove.faults import FAULTS
from tests.prove.outside import Trouble
from tests.prove.state import (
    check_answers,
    check_invariants,
    check_known,
    final_state,
)
from tests.prove.world import OFFERS, PRICED, TROUBLES, Setting, World
from tests.shop import ANONYMOUS

# Most functions make a handful of calls; a batch of the worker makes more.
AFTER = st.integers(1, 6) | st.integers(1, 25)
TROUBLE = (
    st.none()
    | st.builds(Trouble, after=AFTER, what=st.sampled_from(TROUBLES))
    # Twice, the SDK's own retry fails as well; all the time, everything does.
    | st.builds(
        Trouble,
        after=AFTER,
        what=st.sampled_from(sorted(FAULTS)),
        times=st.sampled_from([1, 2, 100]),
    )
)
PLACES = st.integers(0, 7)
BATCHES = st.lists(PLACES, min_size=1, max_size=4)
PART = st.sampled_from(PARTS)
PAUSES = st.sampled_from(
    [timedelta(minutes=11), timedelta(hours=1), timedelta(hours=24)]
)
# A part of the ids of offers and buyers: of any script, and with what our keys contain.
NAMES = st.sampled_from(
    ["1", "#", "ø#ß", "名前", "\U0001f600", "a b", "%2F..", "é'\"\\"]
)
SETTINGS = st.builds(
    Setting,
    name=NAMES | st.text(st.characters(codec="utf-8"), min_size=1, max_size=6),
    options=st.booleans(),
    sparse=st.sampled_from([None, "null", "absent"]),
    lag=st.sampled_from([0, 100]),
)
# What the endpoint does not get: everything while it is deleted or disabled.
ENDPOINTS: dict[str, frozenset[str]] = {
    "fine": frozenset(),
    "deleted": stripe_events.FROM_STRIPE,
    "without money": stripe_events.AFTER_PAYMENT,
    "without sessions": stripe_events.OF_SESSIONS,
}
HAVE_WORDS = ("refund.", "charge.dispute.")
# Of what needs nothing to happen, and would otherwise fill the histories.
MOST_OF_A_KIND = 2

type Json = dict[str, Any]


@dataclass(frozen=True)
class Deed:
    """Something that was done, and what came of it."""

    do: Callable[[World], Any]
    result: Any


class History(RuleBasedStateMachine):
    """One history; Hypothesis makes thousands of them."""

    told = 0

    def __init__(self) -> None:
        super().__init__()
        self.world: World | Any = None
        self.deeds: list[Deed] = []
        # Stripe's events that are still on their way to us, and those that got lost.
        self.pending: list[Json] = []
        self.lost: list[Json] = []
        self.unheard: frozenset[str] = frozenset()
        self.happened: Counter[str] = Counter()

    def seldom(self, rule: str) -> bool:
        """Return whether a rule has not been used too often."""
        return self.happened[rule] < MOST_OF_A_KIND

    def done(self, do: Callable[[World], Any]) -> Any:
        """Do something, write it down, and hold back what Stripe says about it."""
        result = do(self.world)
        self.deeds.append(Deed(do, result))
        self._stripe_sends()
        return result

    def _stripe_sends(self) -> None:
        """Let Stripe send what has happened, to an endpoint that may not get it."""
        for event in self.world.at_stripe.happened():
            sent = event["type"] not in self.unheard
            (self.pending if sent else self.lost).append(event)

    def _once_we_know(self, world: World) -> None:
        """Let us hear everything; told well, we have."""
        if world is self.world:
            world.trouble_next(None)
            self._stripe_sends()
            for event in self.pending + self.lost:
                assert world.hear(event)
            self.pending.clear()
            self.lost.clear()
            world.work_off()

    def _payments(self, may: Callable[[str], bool]) -> list[int]:
        """Return the payments of which something is so, by their number."""
        handed_out = enumerate(self.world.handed_out)
        return [number for number, stripe_id in handed_out if may(stripe_id)]

    def handed_out(self) -> list[int]:
        return self._payments(lambda _: True)

    def payable(self) -> list[int]:
        return self._payments(self.world.at_stripe.is_open)

    def cancellable(self) -> list[int]:
        """Return what can be paid, by a buyer who is known."""
        return self._payments(
            lambda i: (
                self.world.at_stripe.is_open(i)
                and "buyer_id" in self.world.session_of(i)
            )
        )

    def processing(self) -> list[int]:
        return self._payments(self.world.at_stripe.is_processing)

    def sold(self) -> list[int]:
        """Return what was paid, not in vain, and not by a code alone."""
        return self._payments(
            lambda i: self.world.is_sold(i) and not self.world.at_stripe.is_free(i)
        )

    def disputed(self) -> list[int]:
        return self._payments(self.world.at_stripe.is_disputed)

    def lost_to_disputes(self) -> list[int]:
        return self._payments(self.world.at_stripe.has_lost)

    def slowly_refunded(self) -> list[int]:
        return self._payments(self.world.at_stripe.has_slow_refunds)

    def refunded(self) -> list[int]:
        """Return what was refunded, if nobody has begun to buy the same again."""
        return self._payments(
            lambda i: (
                self.world.at_stripe.is_latest_of_its_sale_key(i)
                and self.world.at_stripe.has_refund(i)
            )
        )

    def unpaid_offers(self) -> list[str]:
        """Return what the host can take back without a race."""
        return [
            offer
            for offer in OFFERS
            if not self.world.is_being_paid(offer)
            and not self.world.is_withdrawn(offer)
        ]

    def priced_offers(self) -> list[str]:
        return [offer for offer in PRICED if not self.world.is_withdrawn(offer)]

    # ---------------------------------------------------------------- what buyers do

    @initialize(
        setting=SETTINGS,
        offers=st.lists(st.sampled_from(OFFERS), max_size=2),
        endpoint=st.sampled_from(sorted(ENDPOINTS)),
    )
    def some_have_paid(
        self, setting: Setting, offers: list[str], endpoint: str
    ) -> None:
        """Begin a history where it becomes interesting, more often than by chance."""
        self.world = World(setting)
        self.unheard = ENDPOINTS[endpoint]
        for offer in offers:
            self.start(offer, None)
            if self.payable():
                self.pay(0, "card", "")

    @rule(offer=st.sampled_from(OFFERS), trouble=TROUBLE)
    def start(self, offer: str, trouble: Trouble | None) -> None:
        self.world.trouble_next(trouble)
        click = f"the-click-of-number-{len(self.deeds)}"
        self.done(lambda world: self._start(world, offer, click))

    def _start(self, world: World, offer: str, click: str) -> int | None:
        stripe_id, sale_key = None, world.offers[offer].sale_key
        went_back = any(
            world.at_stripe.refunds(earlier) or world.at_stripe.disputes(earlier)
            for earlier in world.at_stripe.of_sale_key(sale_key)
        )
        if not (went_back or world.at_stripe.is_copied(sale_key)):
            stripe_id = world.start(offer, click)
        if stripe_id is None or not world.at_stripe.is_open(stripe_id):
            self._once_we_know(world)
            stripe_id = world.start(offer, click)
        return world.handed_out.index(stripe_id) if stripe_id else None

    @precondition(payable)
    @rule(
        place=PLACES,
        method=st.sampled_from(METHODS),
        code=st.sampled_from(["", "", *CODES]),
    )
    def pay(self, place: int, method: str, code: str) -> None:
        number = _pick(self.payable(), place)
        stripe_id = self.world.handed_out[number]
        if self.world.is_in_vain(stripe_id):
            # The fraud's dispute would race with our own refund.
            method = method.replace("card of a fraud", "card")
        if self.world.at_stripe.facts(stripe_id)["kind"] in ANONYMOUS:
            # An anonymous page offers no methods whose money comes later.
            method = method.replace("bank debit", "card")
        self.done(lambda world: world.pay(world.handed_out[number], method, code))

    @precondition(cancellable)
    @rule(place=PLACES, trouble=TROUBLE)
    def buyer_cancels(self, place: int, trouble: Trouble | None) -> None:
        number = _pick(self.cancellable(), place)
        self.world.trouble_next(trouble)
        self.done(lambda world: world.cancel(world.handed_out[number]))

    @precondition(handed_out)
    @rule(place=PLACES, trouble=TROUBLE)
    def come_back(self, place: int, trouble: Trouble | None) -> None:
        """Let the shopper come back to the return page, which asks what happened."""
        stripe_id = self.world.handed_out[_pick(self.handed_out(), place)]
        self.world.look(stripe_id, trouble)

    # ----------------------------------------------- what banks and the host do

    @precondition(processing)
    @rule(place=PLACES, pays=st.booleans())
    def bank_decides(self, place: int, *, pays: bool) -> None:
        number = _pick(self.processing(), place)
        self.done(
            lambda world: world.at_stripe.decide(world.handed_out[number], pays=pays)
        )

    @precondition(lambda self: self.unpaid_offers() and self.seldom("host_takes_back"))
    @rule(place=PLACES, way=PLACES)
    def host_takes_back(self, place: int, way: int) -> None:
        self.happened["host_takes_back"] += 1
        offer = _pick(self.unpaid_offers(), place)
        self.done(lambda world: world.withdraw(offer, way))

    @precondition(
        lambda self: self.priced_offers() and self.seldom("host_raises_price")
    )
    @rule(place=PLACES)
    def host_raises_price(self, place: int) -> None:
        self.happened["host_raises_price"] += 1
        offer = _pick(self.priced_offers(), place)
        self.done(lambda world: world.change_price(offer))

    @precondition(lambda self: self.seldom("others_sell"))
    @rule(
        what=st.sampled_from(OTHERS),
        place=PLACES,
        then=st.sampled_from(["", "dispute", *PARTS]),
    )
    def others_sell(self, what: str, place: int, then: str) -> None:
        """Let other software sell through the same account at Stripe."""
        self.happened["others_sell"] += 1
        numbers = self.handed_out()
        number = _pick(numbers, place) if numbers else None
        if number is None and what == "a copy":
            what = "no record"
        self.done(
            lambda world: world.at_stripe.other_session(
                what, None if number is None else world.handed_out[number], then
            )
        )

    @rule(pause=PAUSES)
    def time_passes(self, pause: timedelta) -> None:
        self.done(lambda world: world.pass_time(pause))

    # ------------------------------------------------------- what happens to the money

    @precondition(sold)
    @rule(place=PLACES, part=PART)
    def refund_in_dashboard(self, place: int, part: str) -> None:
        number = _pick(self.sold(), place)
        self.done(lambda world: world.at_stripe.refund(world.handed_out[number], part))

    @precondition(sold)
    @rule(place=PLACES, part=PART, trouble=TROUBLE)
    def refund_by_operator(
        self, place: int, part: str, trouble: Trouble | None
    ) -> None:
        number = _pick(self.sold(), place)
        key = f"the-refund-of-number-{len(self.deeds)}"
        self.world.trouble_next(trouble)
        self.done(lambda world: self._refund_by_operator(world, number, part, key))

    def _refund_by_operator(
        self, world: World, number: int, part: str, key: str
    ) -> bool:
        stripe_id = world.handed_out[number]
        went_back = (world.at_stripe.refunds, world.at_stripe.disputes)
        if part == "all" and any(found(stripe_id) for found in went_back):
            self._once_we_know(world)
        if world.refund_by_operator(stripe_id, part, key):
            return True
        self._once_we_know(world)
        return world.refund_by_operator(stripe_id, part, f"{key}-again")

    @precondition(slowly_refunded)
    @rule(place=PLACES)
    def slow_refunds_arrive(self, place: int) -> None:
        number = _pick(self.slowly_refunded(), place)
        self.done(
            lambda world: world.at_stripe.settle_refunds(world.handed_out[number])
        )

    @precondition(refunded)
    @rule(place=PLACES)
    def refund_fails(self, place: int) -> None:
        number = _pick(self.refunded(), place)
        self.done(lambda world: world.at_stripe.fail_refund(world.handed_out[number]))

    @precondition(sold)
    @rule(place=PLACES, part=PART, currency=st.sampled_from(["", "", "", "eur"]))
    def buyer_disputes(self, place: int, part: str, currency: str) -> None:
        number = _pick(self.sold(), place)
        self.done(
            lambda world: world.at_stripe.dispute(
                world.handed_out[number], part, currency
            )
        )

    @precondition(disputed)
    @rule(place=PLACES, status=st.sampled_from(["won", "lost"]))
    def dispute_is_closed(self, place: int, status: str) -> None:
        number = _pick(self.disputed(), place)
        stripe_id = self.world.handed_out[number]
        if self.world.at_stripe.is_appealed(
            stripe_id
        ) and not self.world.at_stripe.is_latest_of_its_sale_key(stripe_id):
            status = "lost"
        self.done(
            lambda world: world.at_stripe.close_dispute(
                world.handed_out[number], status
            )
        )

    @precondition(lost_to_disputes)
    @rule(place=PLACES)
    def shop_appeals(self, place: int) -> None:
        number = _pick(self.lost_to_disputes(), place)
        self.done(lambda world: world.at_stripe.appeal(world.handed_out[number]))

    @precondition(lambda self: self.sold() and self.seldom("bank_warns"))
    @rule(place=PLACES)
    def bank_warns(self, place: int) -> None:
        self.happened["bank_warns"] += 1
        number = _pick(self.sold(), place)
        self.done(lambda world: world.at_stripe.warn_of_fraud(world.handed_out[number]))

    # -------------------------------------------------- what goes wrong on the way

    @precondition(lambda self: self.seldom("endpoint_changes"))
    @rule(endpoint=st.sampled_from(sorted(ENDPOINTS)))
    def endpoint_changes(self, endpoint: str) -> None:
        """Let a person change the endpoint at Stripe, or Stripe disable it."""
        self.happened["endpoint_changes"] += 1
        self.unheard = ENDPOINTS[endpoint]

    @precondition(lambda self: self.pending)
    @rule(places=BATCHES, again=st.booleans(), trouble=TROUBLE)
    def deliver(self, places: list[int], again: bool, trouble: Trouble | None) -> None:
        """Deliver events from anywhere in the line, perhaps not for the last time."""
        for event in _taken(self.pending, places):
            answered = self.world.hear(event, trouble)
            if again or not answered:
                self.pending.append(event)

    @precondition(lambda self: self.pending)
    @rule(places=BATCHES, word=st.sampled_from(WORDS))
    def deliver_unknown_word(self, places: list[int], word: str | None) -> None:
        """Deliver events with a status that we do not know, before what they say."""
        for event in _taken(self.pending, places):
            if event["type"].startswith(HAVE_WORDS):
                self.world.hear(with_unknown_word(event, word))
            self.pending.append(event)

    @precondition(lambda self: self.pending)
    @rule(places=BATCHES)
    def lose(self, places: list[int]) -> None:
        self.lost += _taken(self.pending, places)

    @precondition(lambda self: self.world.queue)
    @rule(places=BATCHES, again=st.booleans(), trouble=TROUBLE)
    def work(self, places: list[int], again: bool, trouble: Trouble | None) -> None:
        """Let the worker have a batch in any order, perhaps not for the last time."""
        batch = _taken(self.world.queue, places)
        if again:
            self.world.queue += batch
        self.world.work_on(batch, trouble)
        self._stripe_sends()

    @rule(trouble=TROUBLE)
    def reconcile(self, trouble: Trouble | None) -> None:
        self.world.reconcile(trouble)
        self._stripe_sends()

    # ------------------------------------------------------------------ the end

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            # Not even a message on the queue has survived.
            self.world.decide()
            self.world.run_twice()
            check_known(self.world)
            self.world.come_to_rest(2)
            self._stripe_sends()
            for event in reversed(self.pending):
                assert self.world.hear(event)
            self.world.work_off()
            check_invariants(self.world)
            check_answers(self.world)
            actual = final_state(self.world)
        finally:
            self.world.close()
        expected = told_well(self.deeds, self.world.setting.well)
        found = differences(actual, expected)
        assert not found, "\n".join(found)
        History.told += 1


def _pick[T](things: list[T], place: int) -> T:
    return things[place % len(things)]


def _taken[T](things: list[T], places: list[int]) -> list[T]:
    """Take some things out of the line, from any places and in any order."""
    return [things.pop(place % len(things)) for place in places if things]


def told_well(deeds: list[Deed], setting: Setting) -> Any:
    """Return the state after the same deeds, had every event come at once and once."""
    world = World(setting)
    try:
        for deed in deeds:
            assert deed.do(world) == deed.result, "the two worlds are not alike"
            _hear_in_order(world)
        world.decide()
        _hear_in_order(world)
        world.come_to_rest(1)
        _hear_in_order(world)
        world.decide()
        _hear_in_order(world)
        check_invariants(world)
        return final_state(world)
    finally:
        world.close()


def _hear_in_order(world: World) -> None:
    world.work_off()
    while events := world.at_stripe.happened():
        for event in events:
            assert world.hear(event)
            world.work_off()

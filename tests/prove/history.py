"""
Nothing is lost: a history with faults ends as the same history without them.

Payment systems go wrong between the messages: an event comes twice, late, in another
order or not at all, and a process dies between two writes. No list of examples covers
that, so here Hypothesis makes up histories. It mixes two kinds of rules:

- what people do: start a purchase, pay, be declined, give money back, dispute, wait.
  Each of these deeds is done, and written down;
- what goes wrong on the way to us: Stripe's events are delivered in any order, again,
  late, or never; the queue hands out its messages in any order and again; shoppers
  come back to the return page, reconcile runs early. Whatever runs may be killed after
  any of its calls to the outside, and at any of them somebody else may be quicker.

When the history is over, everything comes to rest: time passes, reconcile runs, the
queue is worked off, and what was still held back arrives at last, in the wrong order.
Then a second world does the same deeds again, but there each event is delivered at
once, once, in order, and nobody is killed. Both must have come to the same state.

For that, both must live the same history: what people may do must not depend on how
well we have heard. So it is decided by what is true at Stripe, and who is refused, or
sent to a page that is closed, comes again once we know everything: `_once_we_know`.

Some outcomes depend, by right, on who comes first. They are kept out of the histories:

- The host takes an offer back only while nobody has paid for it: afterwards it would
  race with the fulfillment. What is unfulfillable, nobody but us refunds or disputes:
  our own refund would race with theirs.
- What has been refunded or disputed is bought again only once we know that it was; and
  a refund does not fail any more once somebody has begun to buy the same again: of two
  payments for one sale key, the first that we hear of stands.
- What is left of a payment after other refunds is refunded through our API only once we
  know of those: what is left is what we know of.
"""

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

from tests.prove.at_stripe import METHODS
from tests.prove.state import check_invariants, differences, final_state
from tests.prove.world import (
    CLAIMS,
    OFFERS,
    TROUBLES,
    WITHDRAWALS,
    Trouble,
    World,
)

# Most functions make a handful of calls; a batch of the worker makes more.
TROUBLE = st.none() | st.builds(
    Trouble,
    after=st.integers(1, 6) | st.integers(1, 25),
    what=st.sampled_from(TROUBLES),
)
PLACES = st.integers(0, 7)
BATCHES = st.lists(PLACES, min_size=1, max_size=4)
PARTS = st.sampled_from(["all", "some"])
PAUSES = st.sampled_from(
    [timedelta(minutes=11), timedelta(hours=1), timedelta(hours=24)]
)

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
        self.world = World()
        self.deeds: list[Deed] = []
        # Stripe's events that are still on their way to us, and those that got lost.
        self.pending: list[Json] = []
        self.lost: list[Json] = []

    def done(self, do: Callable[[World], Any]) -> Any:
        """Do something, write it down, and hold back what Stripe says about it."""
        result = do(self.world)
        self.deeds.append(Deed(do, result))
        self.pending += self.world.at_stripe.happened()
        return result

    def _once_we_know(self, world: World) -> None:
        """Let us hear everything; told well, we have."""
        if world is self.world:
            world.trouble_next(None)
            for event in self.pending + self.lost + world.at_stripe.happened():
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

    def processing(self) -> list[int]:
        return self._payments(self.world.at_stripe.is_processing)

    def sold(self) -> list[int]:
        """Return what was paid, and not in vain."""
        return self._payments(self.world.is_sold)

    def disputed(self) -> list[int]:
        return self._payments(self.world.at_stripe.is_disputed)

    def slowly_refunded(self) -> list[int]:
        return self._payments(self.world.at_stripe.has_slow_refunds)

    def refunded(self) -> list[int]:
        """Return what was refunded, if nobody has begun to buy the same again."""
        return self._payments(
            lambda i: (
                self.world.at_stripe.is_latest_of_its_claim(i)
                and self.world.at_stripe.has_refund(i)
            )
        )

    def unpaid_offers(self) -> list[str]:
        """Return what the host can take back without a race."""
        return [o for o in sorted(WITHDRAWALS) if not self.world.is_being_paid(o)]

    # ---------------------------------------------------------------- what buyers do

    @initialize(offers=st.lists(st.sampled_from(sorted(OFFERS)), max_size=2))
    def some_have_paid(self, offers: list[str]) -> None:
        """Begin a history where it becomes interesting, more often than by chance."""
        for offer in offers:
            self.start(offer, None)
            if self.payable():
                self.pay(0, "card")

    @rule(offer=st.sampled_from(sorted(OFFERS)), trouble=TROUBLE)
    def start(self, offer: str, trouble: Trouble | None) -> None:
        self.world.trouble_next(trouble)
        self.done(lambda world: self._start(world, offer))

    def _start(self, world: World, offer: str) -> int | None:
        stripe_id = None
        if not any(
            world.at_stripe.refunds(earlier) or world.at_stripe.disputes(earlier)
            for earlier in world.at_stripe.of_sale_key(CLAIMS.get(offer))
        ):
            stripe_id = world.start(offer)
        if stripe_id is None or not world.at_stripe.is_open(stripe_id):
            self._once_we_know(world)
            stripe_id = world.start(offer)
        return world.handed_out.index(stripe_id) if stripe_id else None

    @precondition(payable)
    @rule(place=PLACES, method=st.sampled_from(METHODS))
    def pay(self, place: int, method: str) -> None:
        number = _pick(self.payable(), place)
        if self.world.is_in_vain(self.world.handed_out[number]):
            # The fraud's dispute would race with our own refund.
            method = method.replace("card of a fraud", "card")
        self.done(lambda world: world.at_stripe.pay(method, world.handed_out[number]))

    @precondition(handed_out)
    @rule(place=PLACES, trouble=TROUBLE)
    def come_back(self, place: int, trouble: Trouble | None) -> None:
        """Let the shopper come back to the return page, which asks what happened."""
        stripe_id = self.world.handed_out[_pick(self.handed_out(), place)]
        self.world.look(stripe_id, trouble)

    # ----------------------------------------------- what banks and the host do

    @precondition(processing)
    @rule(place=PLACES, pays=st.booleans())
    def bank_decides(self, place: int, pays: bool) -> None:
        number = _pick(self.processing(), place)
        self.done(
            lambda world: world.at_stripe.decide(world.handed_out[number], pays=pays)
        )

    @precondition(unpaid_offers)
    @rule(place=PLACES)
    def host_takes_back(self, place: int) -> None:
        offer = _pick(self.unpaid_offers(), place)
        self.done(lambda world: world.withdraw(offer))

    @rule(pause=PAUSES)
    def time_passes(self, pause: timedelta) -> None:
        self.done(lambda world: world.pass_time(pause))

    # ------------------------------------------------------- what happens to the money

    @precondition(sold)
    @rule(place=PLACES, part=PARTS)
    def refund_in_dashboard(self, place: int, part: str) -> None:
        number = _pick(self.sold(), place)
        self.done(lambda world: world.at_stripe.refund(world.handed_out[number], part))

    @precondition(sold)
    @rule(place=PLACES, part=PARTS, trouble=TROUBLE)
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
        if part == "all" and world.at_stripe.refunds(stripe_id):
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
    @rule(place=PLACES)
    def buyer_disputes(self, place: int) -> None:
        number = _pick(self.sold(), place)
        self.done(lambda world: world.at_stripe.dispute(world.handed_out[number]))

    @precondition(disputed)
    @rule(place=PLACES, status=st.sampled_from(["won", "lost"]))
    def dispute_is_closed(self, place: int, status: str) -> None:
        number = _pick(self.disputed(), place)
        self.done(
            lambda world: world.at_stripe.close_disputes(
                world.handed_out[number], status
            )
        )

    @precondition(sold)
    @rule(place=PLACES)
    def bank_warns(self, place: int) -> None:
        number = _pick(self.sold(), place)
        self.done(lambda world: world.at_stripe.warn_of_fraud(world.handed_out[number]))

    # -------------------------------------------------- what goes wrong on the way

    @precondition(lambda self: self.pending)
    @rule(places=BATCHES, again=st.booleans(), trouble=TROUBLE)
    def deliver(self, places: list[int], again: bool, trouble: Trouble | None) -> None:
        """Deliver events from anywhere in the line, perhaps not for the last time."""
        for event in _taken(self.pending, places):
            answered = self.world.hear(event, trouble)
            if again or not answered:
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
        self.pending += self.world.at_stripe.happened()

    @rule(trouble=TROUBLE)
    def reconcile(self, trouble: Trouble | None) -> None:
        self.world.reconcile(trouble)
        self.pending += self.world.at_stripe.happened()

    # ------------------------------------------------------------------ the end

    def teardown(self) -> None:
        try:
            self.world.come_to_rest()
            for event in reversed(self.pending + self.world.at_stripe.happened()):
                assert self.world.hear(event)
            self.world.work_off()
            check_invariants(self.world)
            actual = final_state(self.world)
        finally:
            self.world.close()
        found = differences(actual, told_well(self.deeds))
        assert not found, "\n".join(found)
        History.told += 1


def _pick[T](things: list[T], place: int) -> T:
    return things[place % len(things)]


def _taken[T](things: list[T], places: list[int]) -> list[T]:
    """Take some things out of the line, from any places and in any order."""
    return [things.pop(place % len(things)) for place in places if things]


def told_well(deeds: list[Deed]) -> Any:
    """Return the state after the same deeds, had every event come at once and once."""
    world = World()
    try:
        for deed in deeds:
            assert deed.do(world) == deed.result, "the two worlds are not alike"
            _hear_in_order(world)
        world.come_to_rest()
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

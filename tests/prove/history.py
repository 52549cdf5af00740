"""
Nothing is lost: a history told badly ends as the same history told well.

Payment systems go wrong between the messages: an event comes twice, late, in another
order or not at all, and a process dies between two writes. No list of examples covers
that, so here Hypothesis makes up histories. It mixes two kinds of rules:

- what people do: start a purchase, pay, be declined, wait. Each of these is done, and
  written down;
- what goes wrong on the way to us: Stripe's events are delivered in any order, again,
  late, or never; the queue hands out its messages in any order and again; shoppers
  come back to the return page, the sweep runs early; and any of these may be killed
  after any of its calls to the outside.

When the history is over, everybody comes to rest: time passes, the sweep runs, the
queue is worked off, and what was still held back arrives at last, in the wrong order.
Then a second world does again what people did, but there each event is delivered at
once, once, in order, and nobody is killed. Both must have come to the same state.

What people can do must not depend on how well we heard, or the two worlds would not
live the same history. So whether they may is decided by what is true at Stripe.
Where our answer matters, because somebody was refused only since we did not know
better yet, they come again once we do: `_insist`.

What is left to invariants, or left out, because it depends on who comes first by right:

- The host takes an offer back only while nobody has paid for it: afterwards it would
  race with the settlement, and whoever is first wins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule

from tests.prove.state import check_invariants, final_state
from tests.prove.world import METHODS, OFFERS, WITHDRAWALS, World

# Most functions make a dozen calls; a batch of the worker makes more.
DIES_AFTER = st.none() | st.integers(1, 20)
PLACES = st.integers(0, 7)
PAUSES = st.sampled_from(
    [timedelta(minutes=11), timedelta(hours=1), timedelta(hours=24)]
)

type Json = dict[str, Any]


@dataclass(frozen=True)
class Deed:
    """Something that was done, and what came of it: a session, or nothing."""

    do: Callable[[World], Any]
    result: Any


class History(RuleBasedStateMachine):
    """One history; Hypothesis makes thousands of them."""

    told = 0
    payments = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.deeds: list[Deed] = []
        # Stripe's events that are still on their way to us.
        self.pending: list[Json] = []

    def done(self, do: Callable[[World], Any]) -> Any:
        """Do something, write it down, and hold back what Stripe says about it."""
        result = do(self.world)
        self.deeds.append(Deed(do, result))
        self.pending += self.world.happened()
        return result

    # ----------------------------------------------------------- what people do

    @rule(target=payments, offer=st.sampled_from(sorted(OFFERS)), dies_after=DIES_AFTER)
    def start(self, offer: str, dies_after: int | None) -> Any:
        self.world.kill_next(dies_after)
        number = self.done(lambda world: self._insist(world, offer))
        return multiple() if number is None else number

    def _insist(self, world: World, offer: str) -> int | None:
        """Start a purchase; whoever is refused comes again once we know everything."""
        stripe_id = world.start(offer)
        if stripe_id is None or not world.is_open(stripe_id):
            self._catch_up(world)
            stripe_id = world.start(offer)
        return world.handed_out.index(stripe_id) if stripe_id else None

    def _catch_up(self, world: World) -> None:
        if world is self.world:
            self.pending += world.happened()
            for event in self.pending:
                world.hear(event)
            self.pending.clear()
        world.work_off()

    @rule(payment=payments, method=st.sampled_from(sorted(METHODS)))
    def pay(self, payment: int, method: str) -> None:
        if self.world.is_open(self.world.handed_out[payment]):
            self.done(lambda world: world.pay_with(method, world.handed_out[payment]))

    @rule(payment=payments, pays=st.booleans())
    def bank_decides(self, payment: int, pays: bool) -> None:
        if self.world.handed_out[payment] in self.world.undecided():
            self.done(lambda world: world.decide(world.handed_out[payment], pays=pays))

    @rule(offer=st.sampled_from(sorted(WITHDRAWALS)))
    def host_takes_back(self, offer: str) -> None:
        if not self.world.is_paid_for(offer):
            self.done(lambda world: world.withdraw(offer))

    @rule(pause=PAUSES)
    def time_passes(self, pause: timedelta) -> None:
        self.done(lambda world: world.pass_time(pause))

    # -------------------------------------------------- what goes wrong on the way

    @rule(place=PLACES, again=st.booleans(), dies_after=DIES_AFTER)
    def deliver(self, place: int, again: bool, dies_after: int | None) -> None:
        """Deliver an event from anywhere in the line, perhaps not for the last time."""
        if self.pending:
            event = self.pending.pop(place % len(self.pending))
            answered = self.world.hear(event, dies_after)
            if again or not answered:
                self.pending.append(event)

    @rule(place=PLACES)
    def lose(self, place: int) -> None:
        if self.pending:
            self.pending.pop(place % len(self.pending))

    @rule(
        places=st.lists(PLACES, min_size=1, max_size=4),
        again=st.booleans(),
        dies_after=DIES_AFTER,
    )
    def work(self, places: list[int], again: bool, dies_after: int | None) -> None:
        """Let the worker have a batch in any order, perhaps not for the last time."""
        queue = self.world.queue
        batch = [queue.pop(place % len(queue)) for place in places if queue]
        if again:
            queue += batch
        self.world.work_on(batch, dies_after)

    @rule(dies_after=DIES_AFTER)
    def sweep(self, dies_after: int | None) -> None:
        self.world.sweep(dies_after)
        self.pending += self.world.happened()

    @rule(payment=payments, dies_after=DIES_AFTER)
    def come_back(self, payment: int, dies_after: int | None) -> None:
        self.world.look(self.world.handed_out[payment], dies_after)

    # ------------------------------------------------------------------ the end

    def teardown(self) -> None:
        try:
            self.world.come_to_rest()
            for event in reversed(self.pending + self.world.happened()):
                assert self.world.hear(event)
            self.world.work_off()
            check_invariants(self.world)
            actual = final_state(self.world)
        finally:
            self.world.close()
        assert actual == told_well(self.deeds)
        History.told += 1


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
    for event in world.happened():
        assert world.hear(event)
        world.work_off()
    world.work_off()

"""Stripe's signature: what is valid, and where the SDK would say otherwise."""

import hashlib
import hmac
import time

import pytest
import stripe
from hypothesis import assume, given
from hypothesis import strategies as st

from checkout.domain.webhook_signature import TOLERANCE_SECONDS, is_fresh, is_valid

NOW = 1_790_000_000
PAYLOAD = b'{"id": "evt_1"}'
SECRET = "whsec_current"
OLD_SECRET = "whsec_previous"


def digest(payload: bytes, secret: str, timestamp: object = NOW) -> str:
    signed = f"{timestamp}.".encode() + payload
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def header(payload: bytes, secret: str, timestamp: int = NOW) -> str:
    return f"t={timestamp},v1={digest(payload, secret, timestamp)}"


def test_what_the_sdk_signs_is_valid() -> None:
    signed = stripe.WebhookSignature.generate_signature_header(
        PAYLOAD.decode(), SECRET, NOW
    )

    assert is_valid(PAYLOAD, signed, SECRET, NOW)


@pytest.mark.parametrize("age", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_a_signature_is_valid_for_five_minutes_on_both_sides(age: int) -> None:
    assert is_valid(PAYLOAD, header(PAYLOAD, SECRET), SECRET, NOW + age)


@pytest.mark.parametrize("age", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_a_signature_is_invalid_beyond_five_minutes_on_both_sides(age: int) -> None:
    assert not is_valid(PAYLOAD, header(PAYLOAD, SECRET), SECRET, NOW + age)


@pytest.mark.parametrize(
    "secrets",
    [SECRET, f"{OLD_SECRET},{SECRET}", f"{SECRET} {OLD_SECRET}", f",{SECRET}\n"],
)
def test_any_configured_secret_may_have_signed(secrets: str) -> None:
    assert is_valid(PAYLOAD, header(PAYLOAD, SECRET), secrets, NOW)


@pytest.mark.parametrize("secrets", ["", ",", OLD_SECRET, SECRET + "x"])
def test_no_other_secret_may_have_signed(secrets: str) -> None:
    assert not is_valid(PAYLOAD, header(PAYLOAD, SECRET), secrets, NOW)


def test_an_empty_secret_signs_nothing() -> None:
    assert not is_valid(PAYLOAD, header(PAYLOAD, ""), "", NOW)


def test_any_of_several_v1_signatures_may_match() -> None:
    right, wrong = digest(PAYLOAD, SECRET), digest(PAYLOAD, OLD_SECRET)

    assert is_valid(PAYLOAD, f"t={NOW},v1={wrong},v1={right}", SECRET, NOW)
    assert is_valid(PAYLOAD, f"t={NOW},v1={right},v1={wrong}", SECRET, NOW)


@pytest.mark.parametrize(
    "given_header",
    [
        "",
        ",",
        "=",
        f"t={NOW}",
        "v1={right}",
        f"t={NOW},v0={{right}}",
        f"t={NOW},v1=",
        f"t={NOW},v1={{right}}0",
        "t=,v1={right}",
        f"t={NOW}.0,v1={{right}}",
        f"t=-{NOW},v1={{right}}",
        f"t=+{NOW},v1={{right}}",
        "t=1_790_000_000,v1={right}",
        f"t={NOW + 1},v1={{right}}",
        "t=１７９００００００００,v1={right}",  # noqa: RUF001 - digits, but not ASCII's
        "t=²,v1={right}",  # a digit to str.isdigit, and not to int
        "t=" + "9" * 5000 + ",v1={right}",
        f"t={NOW},t={NOW},v1={{right}}",
        f"t={NOW},v1=é",
        f"t={NOW},v1=\udcff",
    ],
)
def test_no_other_header_is_valid(given_header: str) -> None:
    right = digest(PAYLOAD, SECRET)

    assert not is_valid(PAYLOAD, given_header.format(right=right), SECRET, NOW)


@pytest.mark.parametrize(
    ("given_header", "fresh"),
    [
        (f"t={NOW},v1=00", True),
        (f"t={NOW - TOLERANCE_SECONDS},v1=00,v0=11", True),
        (f"t={NOW - TOLERANCE_SECONDS - 1},v1=00", False),
        (f"t={NOW}", False),
        ("t=1,v1=00", False),
        ("v1=00", False),
        ("", False),
    ],
)
def test_only_what_stripe_could_have_signed_just_now_is_fresh(
    given_header: str, fresh: bool
) -> None:
    assert is_fresh(given_header, NOW) is fresh


@given(st.binary(), st.text(), st.text(st.characters(codec="utf-8")))
def test_nothing_that_is_sent_raises(
    payload: bytes, given_header: str, secrets: str
) -> None:
    assert is_valid(payload, given_header, secrets, NOW) is False


@given(st.binary(min_size=1), st.data())
def test_one_altered_bit_is_noticed(payload: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(payload) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    altered = bytearray(payload)
    altered[position] ^= bit

    assert not is_valid(bytes(altered), header(payload, SECRET), SECRET, NOW)


def by_the_sdk(payload: bytes, given_header: str, secret: str) -> bool:
    try:
        return stripe.WebhookSignature.verify_header(
            payload, given_header, secret, TOLERANCE_SECONDS
        )
    except stripe.SignatureVerificationError:
        return False


SIGNED = st.builds(
    lambda payload, secret, age, now: (
        payload,
        header(payload, secret, now - age),
        secret,
    ),
    st.text().map(str.encode),
    st.sampled_from([SECRET, OLD_SECRET]),
    st.sampled_from([0, 1, 200, 298, 302, 400, 86_400]),
    st.just(int(time.time())),
)
# A pair of a header; the SDK splits at every "=", we split at the first.
PAIR = st.sampled_from(["t", "v0", "v1", "x", ""]).flatmap(
    lambda name: st.one_of(
        st.sampled_from([f"{name}={digest(PAYLOAD, SECRET)}", name]),
        st.text("0123456789abcdef", max_size=64).map(lambda value: f"{name}={value}"),
    )
)


@given(SIGNED, st.lists(PAIR, max_size=4), st.data())
def test_the_sdk_agrees_wherever_both_define_an_answer(
    signed: tuple[bytes, str, str], extra: list[str], data: st.DataObject
) -> None:
    """
    They differ on purpose, and the tests below say so, about a timestamp from the
    future and about two timestamps. A part that is no pair, which makes the SDK give
    up, does not take the right signature beside it from us.
    """
    payload, given_header, secret = signed
    assume(all("=" in pair and not pair.startswith("t=") for pair in extra))
    parts = data.draw(st.permutations([*given_header.split(","), *extra]))
    changed = data.draw(st.sampled_from([payload, payload + b" "]))
    configured = data.draw(st.sampled_from([secret, SECRET, OLD_SECRET]))

    ours = is_valid(changed, ",".join(parts), configured, time.time())

    assert ours == by_the_sdk(changed, ",".join(parts), configured)


def test_the_sdk_accepts_the_future_and_we_do_not() -> None:
    tomorrow = int(time.time()) + 86_400
    signed = header(PAYLOAD, SECRET, tomorrow)

    assert by_the_sdk(PAYLOAD, signed, SECRET)
    assert not is_valid(PAYLOAD, signed, SECRET, time.time())


def test_the_sdk_takes_the_first_of_two_timestamps_and_we_take_none() -> None:
    now = int(time.time())
    doubled = f"{header(PAYLOAD, SECRET, now)},t={now - 1}"

    assert by_the_sdk(PAYLOAD, doubled, SECRET)
    assert not is_valid(PAYLOAD, doubled, SECRET, now)


def test_the_sdk_gives_up_at_a_part_that_is_no_pair_and_we_skip_it() -> None:
    now = int(time.time())
    signed = f"{header(PAYLOAD, SECRET, now)},v1"

    assert not by_the_sdk(PAYLOAD, signed, SECRET)
    assert is_valid(PAYLOAD, signed, SECRET, now)


def test_bytes_that_are_not_utf_8_are_signed_like_others() -> None:
    payload = b"\xff\xfe"
    signed = header(payload, SECRET)

    with pytest.raises(UnicodeDecodeError):
        by_the_sdk(payload, signed, SECRET)
    assert is_valid(payload, signed, SECRET, NOW)


def test_a_signature_beyond_ascii_is_refused_where_the_sdk_fails() -> None:
    with pytest.raises(TypeError):
        by_the_sdk(PAYLOAD, f"t={NOW},v1=é", SECRET)
    assert not is_valid(PAYLOAD, f"t={NOW},v1=é", SECRET, NOW)

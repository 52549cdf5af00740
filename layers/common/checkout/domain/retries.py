"""When a message that could not be applied is received again."""

# After this many receives a message is unlikely to be applied by itself.
STUCK_AFTER = 3
# After this many, SQS moves it to the dead-letter queue (maxReceiveCount).
MOST_RECEIVES = 8

# Seconds from each failed receive to the next: the first two are for events that come
# in another order than they happened, the last for an outage of a day. SQS hides a
# message for twelve hours at most (docs/adr/0031-back-off.md).
PAUSES = (30, 120, 15 * 60, 60 * 60, 4 * 60 * 60, 8 * 60 * 60, 11 * 60 * 60)


def pause_after(receive_count: int) -> int:
    """
    Return for how many seconds to hide a message, after it has failed so often.

    After the last receive it is short: SQS moves the message on only then.
    """
    return PAUSES[receive_count - 1] if receive_count <= len(PAUSES) else PAUSES[0]

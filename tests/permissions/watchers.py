"""The tests of the deployed stack that see what a function does."""

PAYMENTS = "tests/stack/test_payments.py"
AFTER = "tests/stack/test_after_payment.py"
CREATORS = "tests/stack/test_creators.py"

WATCHERS: dict[str, tuple[str, ...]] = {
    "CreateSessionFunction": (PAYMENTS,),
    "StripeWebhookFunction": (f"{PAYMENTS}::test_a_payment_becomes_a_purchase",),
    "FulfillmentFunction": (PAYMENTS, AFTER, "tests/stack/test_worker.py"),
    "RefundPurchaseFunction": (AFTER,),
    "ReconcileFunction": (AFTER, "tests/stack/test_write_offers.py", PAYMENTS),
    "SessionStatusFunction": (PAYMENTS,),
    "PurchasesFunction": (PAYMENTS,),
    "CreatorsFunction": (
        f"{CREATORS}::test_a_refund_is_taken_off_the_revenue",
        f"{CREATORS}::test_a_creator_pages_through_what_was_bought",
    ),
    "OffersFunction": (PAYMENTS, "tests/stack/test_read_offers.py"),
    "WriteOffersFunction": ("tests/stack/test_write_offers.py",),
    "PublishEventsFunction": ("tests/stack/test_events_out.py",),
}

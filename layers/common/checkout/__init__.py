"""Take one-off payments through Stripe Checkout and record each purchase once."""

"""The four tables: one module for each, and the transaction that spans them."""

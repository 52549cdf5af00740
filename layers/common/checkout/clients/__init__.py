"""Outside systems: one module for each."""

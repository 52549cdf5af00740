"""The clients: one module for each outside system."""

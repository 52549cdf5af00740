"""What the system does: one module for each thing."""

"""Facts and rules: no module here reads or writes anything."""

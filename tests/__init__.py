"""Every test, by the room it is about."""

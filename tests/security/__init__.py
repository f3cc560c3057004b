"""Access and hardening, tried on every route of the five services."""
